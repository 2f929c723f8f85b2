"""A real PostgreSQL for a Django project's tests: a cached, migrated cluster, a clone of it for every worker.

:mod:`ecluse.testing.plugin` is the plugin for pytest (with pytest-django), :mod:`ecluse.testing.runner` the runner for
``manage.py test``. docs/how-to/test-on-postgresql.md says how to use them.
"""
