"""The site's settings, one module per environment: base is what they share, local, travis and production their differences."""
