import os
from urllib.parse import parse_qs, urlsplit

url = urlsplit(os.environ["DATABASE_URL"])
SECRET_KEY = "only for tests"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.postgres", "library"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
MIGRATION_MODULES = {"library": os.environ.get("LIBRARY_MIGRATIONS", "library.migrations")}
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": url.path[1:],
        "USER": url.username or "",
        "HOST": parse_qs(url.query)["host"][0],
    }
}
