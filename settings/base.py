"""Settings that every environment shares. They contain no secret, and no fallback for one."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import django
from csp.constants import NONE, SELF

from settings.env import Environment

env = Environment(os.environ)

BASE_DIR = Path(__file__).resolve().parent.parent
RELEASE_ID = env.text("ECLUSE_RELEASE", "development")

DEBUG = False
ROOT_URLCONF = "website.urls"
WSGI_APPLICATION = "website.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "website",
    "website.health",
    "website.store",
    "website.api",
    "website.motos",
    "website.weather",
    "website.uploads",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sitemaps",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django_celery_beat",
    "django_celery_results",
    "rest_framework",
    "rest_framework.authtoken",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "website.health.middleware.ping",
    "website.request_id.middleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "website.throttling.Middleware",
    "website.pages.not_allowed",
    "website.unfit.Middleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# The first backend counts attempts to log in, for every door of the site; the second knows the users.
AUTHENTICATION_BACKENDS = ["website.throttling.Login", "django.contrib.auth.backends.ModelBackend"]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "home"

# Language and time
LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "Français"), ("en", "English")]
TIME_ZONE = "Europe/Paris"
USE_I18N = True
USE_TZ = True

# Files
STATIC_URL = "/static/"
STATIC_ROOT = env.text("DJANGO_STATIC_ROOT", str(BASE_DIR / "staticfiles"))
# For ever in browsers: names that Django or the client's build has put a hash of the content into.
WHITENOISE_IMMUTABLE_FILE_TEST = r"\.[0-9a-f]{12}\.[a-z0-9]+$|^/static/motos/client/.+-[A-Za-z0-9_-]{8}\.(js|css)$"
MEDIA_URL = "/media/"
MEDIA_ROOT = env.text("DJANGO_MEDIA_ROOT", str(BASE_DIR / "media"))
# Whether the site itself serves what was uploaded. In production the front server does.
SERVE_MEDIA = False
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # Hashed names and compressed files: a page of one release never meets the style sheet of another.
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Safety. The site shows nothing of others and runs no inline code, so the policy can be this short.
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "base-uri": [NONE],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "img-src": [SELF, "data:"],
        "manifest-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
    }
}
CSRF_FAILURE_VIEW = "website.views.csrf_failure"
X_FRAME_OPTIONS = "DENY"
# Probes ask over plain HTTP, from inside. (/ping/ is answered before any redirect.)
SECURE_REDIRECT_EXEMPT = [r"^(readiness|healthcheck)/$"]

# The APIs: closed unless a view opens itself.
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["website.api.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
    "DEFAULT_PARSER_CLASSES": ["website.api.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "website.api.handler.from_exception",
    "DEFAULT_METADATA_CLASS": None,
    "URL_FORMAT_OVERRIDE": None,
    # How many proxies before the site may say where a request comes from. Without one nobody may.
    "NUM_PROXIES": 0,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Écluse",
    "DESCRIPTION": "The APIs of the site. Errors are problem details (RFC 9457).",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SCHEMA_PATH_PREFIX": "/api/",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "PREPROCESSING_HOOKS": ["website.api.schema.only_api"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "website.api.schema.add_problems",
    ],
}

# Uploads: to ImageKit where both of its values are set (check website.E006: none or both), under MEDIA_ROOT otherwise.
IMAGEKIT = {"PRIVATE_KEY": env.text("IMAGEKIT_PRIVATE_KEY"), "URL_ENDPOINT": env.web("IMAGEKIT_URL_ENDPOINT")}
# ImageKit's own, unless a test has another.
IMAGEKIT_API_URL = env.text("IMAGEKIT_API_URL")
if IMAGEKIT["URL_ENDPOINT"]:
    CONTENT_SECURITY_POLICY["DIRECTIVES"]["img-src"].append("/".join(IMAGEKIT["URL_ENDPOINT"].split("/")[:3]))
# What they know of uploads is made of what PostgreSQL knows. Without them, it is read there.
MONGODB_URL = env.mongodb("MONGODB_URL")
REDIS_URL = env.redis("REDIS_URL")
# What is kept for a while: in Redis, for all processes; else in each process. A Redis that is away keeps nothing.
CACHES: dict[str, dict[str, Any]] = {
    "default": (
        {
            "BACKEND": "website.cache.ForgivingRedis",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "cache",
            "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
        }
        if REDIS_URL
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    )
}
# Of one file. The front server and ImageKit's plans have limits of their own.
UPLOADS_MAX_BYTES = env.number("UPLOADS_MAX_BYTES", 25 * 1024 * 1024)
# Of all files of one user; 0 for no limit. Anonymous uploads have one together.
UPLOADS_QUOTA_BYTES = env.number("UPLOADS_QUOTA_BYTES", 1024**3)
# From one user, and from one address.
UPLOADS_PER_HOUR = env.number("UPLOADS_PER_HOUR", 100)
UPLOADS_ANONYMOUS = env.boolean("UPLOADS_ANONYMOUS", False)

# Weather: from Open-Meteo, whose limits without a key are 600 calls a minute, 5 000 an hour and 10 000 a day.
OPEN_METEO_URL = env.text("OPEN_METEO_URL", "https://api.open-meteo.com")
OPEN_METEO_GEOCODING_URL = env.text("OPEN_METEO_GEOCODING_URL", "https://geocoding-api.open-meteo.com")
OPEN_METEO_KEY = env.text("OPEN_METEO_KEY")
OPEN_METEO_PER_MINUTE = env.number("OPEN_METEO_PER_MINUTE", 500)
# Hours are kept for so long; what they make of a day stays.
WEATHER_KEPT_DAYS = env.number("WEATHER_KEPT_DAYS", 400)

# Logs
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "website.logs.RequestIdFilter"}},
    "formatters": {
        "readable": {"format": "{asctime} {levelname:<7} {name}: {message}", "style": "{"},
        "json": {"()": "website.logs.JSONFormatter", "release": RELEASE_ID},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "readable", "filters": ["request_id"]},
    },
    "root": {"handlers": ["console"], "level": env.choice("DJANGO_LOG_LEVEL", "INFO", LEVELS)},
    # Django's own handlers are taken off: what they print, the root prints.
    # httpx would write down every address that it asks, with the keys in them.
    "loggers": {"django": {"handlers": [], "level": "INFO", "propagate": True}, "httpx": {"level": "WARNING"}},
}

# Mail: to the log of whoever sends it where EMAIL_URL names no server.
MAILER = env.mail("EMAIL_URL", "consolemail://")
if django.VERSION >= (6, 1):
    MAILERS = {"default": MAILER}
elif MAILER:
    EMAIL_BACKEND = MAILER["BACKEND"]
    for _option, _value in MAILER["OPTIONS"].items():
        _name = {"username": "HOST_USER", "password": "HOST_PASSWORD"}.get(_option, _option.upper())
        vars()[f"EMAIL_{_name}"] = _value
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("DJANGO_FROM_EMAIL", "webmaster@localhost")

# Work in the background: RabbitMQ or Redis by CELERY_BROKER_URL. Without one, as on a fresh machine, in the process.
CELERY_BROKER_URL = env.broker("CELERY_BROKER_URL")
CELERY_TASK_ALWAYS_EAGER = not CELERY_BROKER_URL
# What tasks have done, with state, duration and error, is in the admin: for a week.
CELERY_RESULT_BACKEND = "django-db"
CELERY_RESULT_EXTENDED = True
CELERY_RESULT_EXPIRES = 7 * 24 * 3600
CELERY_TASK_TRACK_STARTED = True
CELERY_TASK_STORE_EAGER_RESULT = True
# A queue for each kind of work (website.celery); what is not named here is in "celery".
CELERY_TASK_ROUTES = {
    "weather.fetch_*": {"queue": "weather"},
    "weather.*": {"queue": "maintenance"},
    "celery.backend_cleanup": {"queue": "maintenance"},
    "website.forget_attempts": {"queue": "maintenance"},
}
# A task is the broker's until it is done: one whose worker is lost runs again. So tasks must bear to be run twice.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Connections to the database are kept from task to task, as from request to request (website.celery).
CELERY_DB_REUSE_MAX = sys.maxsize
# Seconds. Containers are given longer than this to stop (docker-compose.live.yml).
CELERY_TASK_SOFT_TIME_LIMIT = 50
CELERY_TASK_TIME_LIMIT = 60
# A visitor does not wait for a broker that is away: neither to connect nor to publish. A worker does.
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0}
CELERY_BROKER_TRANSPORT_OPTIONS = {
    **CELERY_TASK_PUBLISH_RETRY_POLICY,
    **({"socket_connect_timeout": 2} if CELERY_BROKER_URL.startswith("redis") else {}),
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TIMEZONE = TIME_ZONE
# The logs are Django's, as below or as production has them.
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_BEAT_SCHEDULER = "website.beat.Scheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 30
# What was sent when is written down at once: the next beat goes on from there.
CELERY_BEAT_SYNC_EVERY = 1
# What the schedule begins with, in seconds or as in a crontab: it is in the database, where the admin changes it.
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "fetch-weather": {"task": "weather.fetch_all", "schedule": "4 * * * *"},
    "summarise-weather": {"task": "weather.summarise", "schedule": "20 2 * * *"},
    "clean-weather": {"task": "weather.clean", "schedule": "10 3 * * *"},
    "clean-results": {"task": "celery.backend_cleanup", "schedule": "0 4 * * *"},
    "forget-attempts": {"task": "website.forget_attempts", "schedule": 3600.0},
    # Each queue shows that somebody takes from it. What was asked for while nobody did is dropped.
    **{
        f"heartbeat-{queue}": {
            "task": "website.heartbeat",
            "schedule": 60.0,
            "args": (queue,),
            "options": {"queue": queue, "expire_seconds": 60},
        }
        for queue in ("celery", "weather", "maintenance")
    },
    "confirm-forgotten-bookings": {"task": "store.confirm_forgotten_bookings", "schedule": 300.0},
    "sweep-uploads": {"task": "uploads.sweep_rows", "schedule": 60.0},
    "sweep-upload-storage": {"task": "uploads.sweep_storage", "schedule": 86400.0},
}

# Sentry: started by website.apps where there is a DSN, never imported where there is none.
SENTRY_DSN = env.dsn("SENTRY_DSN")
SENTRY_ENVIRONMENT = env.text("SENTRY_ENVIRONMENT", "development")


def with_connections(database: dict[str, Any], *, persistent: bool) -> dict[str, Any]:
    """*database*, with how its connections are kept: looked at before each use, and never waited for without end."""
    if database["ENGINE"] == "django.db.backends.postgresql":
        database["OPTIONS"] = {"connect_timeout": 5, **database["OPTIONS"]}
        database.setdefault("CONN_MAX_AGE", 60 if persistent else 0)
        database.setdefault("CONN_HEALTH_CHECKS", True)
    return database
