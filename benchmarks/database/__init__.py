"""Whole pytest processes with one database test: what a person waits for, with each way to get a PostgreSQL."""
