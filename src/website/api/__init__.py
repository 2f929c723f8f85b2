"""What the APIs of the site share: one format of errors, strict parsing, sessions with CSRF, and their description."""
