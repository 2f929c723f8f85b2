"""Production and staging: what faces the world. Refuses to start unless everything it needs is there and strong."""

from settings.base import *
from settings.env import NEW_KEY

SECRET_KEY = env.text("DJANGO_SECRET_KEY")
if not env.given("DJANGO_SECRET_KEY"):
    env.problem("DJANGO_SECRET_KEY is not set", f"export DJANGO_SECRET_KEY=$({NEW_KEY})")
elif SECRET_KEY.startswith("django-insecure-"):
    env.problem("DJANGO_SECRET_KEY is a development key", f"export DJANGO_SECRET_KEY=$({NEW_KEY})")
elif SECRET_KEY and (len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 5):  # Django's own measure: security.W009
    env.problem(
        "DJANGO_SECRET_KEY is weak: fewer than 50 characters, or than 5 different ones",
        f"export DJANGO_SECRET_KEY=$({NEW_KEY})",
    )
if env.boolean("DJANGO_DEBUG", False):
    env.problem("DJANGO_DEBUG is on: errors would show settings and source to everyone", "unset DJANGO_DEBUG")

ALLOWED_HOSTS = env.names("DJANGO_ALLOWED_HOSTS")
if not env.given("DJANGO_ALLOWED_HOSTS"):
    env.problem("DJANGO_ALLOWED_HOSTS is not set", "export DJANGO_ALLOWED_HOSTS=www.example.com")
elif "*" in ALLOWED_HOSTS:
    env.problem("DJANGO_ALLOWED_HOSTS has *: any name would be believed", "export DJANGO_ALLOWED_HOSTS=www.example.com")
CSRF_TRUSTED_ORIGINS = env.names("DJANGO_CSRF_TRUSTED_ORIGINS")

_postgresql = "export DATABASE_URL=postgres://USER:PASSWORD@HOST:5432/NAME"
_database = env.database("DATABASE_URL")
if not env.given("DATABASE_URL"):
    env.problem("DATABASE_URL is not set", _postgresql)
elif _database and _database["ENGINE"] != "django.db.backends.postgresql":
    env.problem("DATABASE_URL is not PostgreSQL, the only database of production", _postgresql)
DATABASES = {"default": with_connections(_database, persistent=True)} if _database else {}

# HTTPS alone, and browsers are told so. It cannot be taken back: a first deployment may want a short time.
SECURE_SSL_REDIRECT = True
SECURE_HSTS_SECONDS = env.number("DJANGO_HSTS_SECONDS", 365 * 24 * 3600)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.boolean("DJANGO_HSTS_SUBDOMAINS", True)
SECURE_HSTS_PRELOAD = env.boolean("DJANGO_HSTS_PRELOAD", True)
# Decided on purpose: Django's advice is not given again. (mail.E001, since 6.1: mails are printed, not sent.)
SILENCED_SYSTEM_CHECKS = [
    check
    for check, followed in (
        ("security.W005", SECURE_HSTS_INCLUDE_SUBDOMAINS),
        ("security.W021", SECURE_HSTS_PRELOAD),
        ("mail.E001", env.given("EMAIL_URL")),
    )
    if not followed
]
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
CONTENT_SECURITY_POLICY["DIRECTIVES"]["upgrade-insecure-requests"] = True
# Only a declared proxy, which takes the header away from what clients send, may say that a request came over HTTPS.
if env.boolean("DJANGO_BEHIND_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    REST_FRAMEWORK["NUM_PROXIES"] = 1

LOGGING["handlers"]["console"]["formatter"] = "json"
SENTRY_ENVIRONMENT = env.text("SENTRY_ENVIRONMENT", "production")

env.refuse("settings.production")
