"""This machine: development, and the release that `./ecluse ship` rolls out here under gunicorn with DJANGO_DEBUG=0."""

import sys
from importlib.util import find_spec

from settings.base import *

DEBUG = env.boolean("DJANGO_DEBUG", True)
SECRET_KEY = env.text("DJANGO_SECRET_KEY", "django-insecure-only-for-this-machine")
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", *env.names("DJANGO_ALLOWED_HOSTS")]
SERVE_MEDIA = True
TEST_RUNNER = "tests.runner.PytestRunner"

# runserver answers each request in a thread of its own, which would leave its connection behind.
_database = env.database("DATABASE_URL")
DATABASES = {
    "default": (
        with_connections(_database, persistent=not DEBUG)
        if _database
        else {
            # Announced by the system check website.I001. IMMEDIATE: a transaction locks when it begins, as
            # select_for_update does on PostgreSQL; two at once wait for each other instead of failing.
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": BASE_DIR / "db.sqlite3",
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20},
        }
    )
}

if DEBUG:
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    if find_spec("debug_toolbar") and "test" not in sys.argv:
        INSTALLED_APPS += ["debug_toolbar"]
        MIDDLEWARE.insert(
            MIDDLEWARE.index("csp.middleware.CSPMiddleware") + 1, "debug_toolbar.middleware.DebugToolbarMiddleware"
        )
        INTERNAL_IPS = ["127.0.0.1", "::1"]

env.refuse("settings.local")
