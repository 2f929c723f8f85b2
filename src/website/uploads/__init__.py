"""Uploads: files that people send, kept by a storage (ImageKit, or this machine), remembered in PostgreSQL.

What MongoDB and Redis know of them are projections, made after the fact and at any time anew.
"""
