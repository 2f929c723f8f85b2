"""The pipeline's own speed, beside tox running the same environments."""
