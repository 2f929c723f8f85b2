"""Services that jobs and tests talk to: their kinds, where they come from, and a PostgreSQL without an installation."""
