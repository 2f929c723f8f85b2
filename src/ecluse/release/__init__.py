"""A release as an archive: what is built for it, what is collected, what it holds."""
