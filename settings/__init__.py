"""The site's settings: base is what all environments share; local, travis and production are their differences."""
