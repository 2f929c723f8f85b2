"""Adopt a Django project that has no pipeline: ask it by running it, write its pipeline, and prove that it works."""
