"""Providers run jobs for others: GitHub Actions, Travis."""
