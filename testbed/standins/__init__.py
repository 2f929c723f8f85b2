"""Small servers on this machine that answer as the documentation of a service says."""
