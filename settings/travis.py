"""Tests, in Travis, in GitHub Actions and on a laptop: the database is the given one, else Travis's own server."""

from settings.base import *

SECRET_KEY = env.text("DJANGO_SECRET_KEY", "django-insecure-only-for-tests")
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
TEST_RUNNER = "tests.runner.PytestRunner"

_database = env.database("DATABASE_URL", default="postgres://postgres@127.0.0.1:5432/website")
DATABASES = {"default": with_connections(_database, persistent=False)} if _database else {}

# No collectstatic before the tests: files are found where they are.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
# A good hash takes its time on purpose.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Nobody is asked for the weather: what answers is a test's own.
OPEN_METEO_URL = OPEN_METEO_GEOCODING_URL = "http://127.0.0.1:1"
OPEN_METEO_PER_MINUTE = 0

env.refuse("settings.travis")
