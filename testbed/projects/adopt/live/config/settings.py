"""A site with WebSockets, background tasks, and a task at fixed times; a folder can be its broker."""

import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = "django-insecure-of-a-test-project"
DEBUG = False
ALLOWED_HOSTS = []
INSTALLED_APPS = ["daphne", "channels", "django.contrib.contenttypes", "django.contrib.auth", "chat"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}}
CHANNEL_LAYERS = {
    "default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [("redis.example", 6379)]}}
}
STATIC_URL = "/static/"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL", "redis://redis.example:6379/0")
if CELERY_BROKER_URL.startswith("filesystem"):
    folder = CELERY_BROKER_URL.partition("://")[2]
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": folder,
        "data_folder_out": folder,
        "control_folder": f"{folder}-control",
    }
CELERY_BEAT_SCHEDULE = {"tick": {"task": "chat.tasks.say", "schedule": 1.0, "args": ["tick"]}}
