"""The common parts of the site's APIs: one format of errors, strict parsing, sessions with CSRF, a description."""
