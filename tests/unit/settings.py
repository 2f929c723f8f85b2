"""Settings for unit tests of the code that runs inside a Django project: no test connects to this database."""

SECRET_KEY = "only for tests"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"]
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "nobody-connects"}}
