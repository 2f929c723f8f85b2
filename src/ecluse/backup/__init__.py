"""Backups of an environment: its database and its media, in a restic repository, each proved by a restore.

The steps of a backup: save the database, save the media, write the manifest, restore it all into a throwaway
PostgreSQL, write how that ended. A backup without a manifest was interrupted and is none.
"""
