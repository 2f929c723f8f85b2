"""The settings as processes load them: each test starts one, as a person or a server does."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

TOP = Path(__file__).resolve().parents[3]
KEY = "a-key-of-more-than-fifty-characters-0123456789-abcdef"
GOOD = {
    "DJANGO_SETTINGS_MODULE": "settings.production",
    "DJANGO_SECRET_KEY": KEY,
    "DJANGO_ALLOWED_HOSTS": "www.example.com",
    "DATABASE_URL": "postgres://site@127.0.0.1:1/site",
    "EMAIL_URL": "smtp://mail.example",
}
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def manage() -> Run:
    """A function that runs manage.py with *env* and nothing else of this process's environment."""

    def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-W", "error", "manage.py", *arguments],
            env={"PATH": os.environ["PATH"], **env},
            capture_output=True,
            text=True,
            timeout=120,
            cwd=TOP,
        )

    return run


def settings_of(module: str, *names: str, **env: str) -> dict[str, Any]:
    """The settings *names* of *module*, loaded in a process with *env* alone. Without Django: that takes its time."""
    code = "import json, sys; from importlib import import_module; module = import_module(sys.argv[1])\n"
    code += "print(json.dumps({name: getattr(module, name, None) for name in sys.argv[2:]}, default=str))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, module, *names],
        env={"PATH": os.environ["PATH"], **env},
        capture_output=True,
        text=True,
        timeout=120,
        cwd=TOP,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_production_names_missing_and_weak_values_with_remedies(manage, tmp_path):
    done = manage(
        "check",
        DJANGO_SETTINGS_MODULE="settings.production",
        DJANGO_SECRET_KEY="short",
        DJANGO_ALLOWED_HOSTS="*",
        DJANGO_DEBUG="true",
        DATABASE_URL="sqlite:///db.sqlite3",
        SENTRY_DSN_FILE=str(tmp_path / "nowhere"),
    )
    assert done.returncode == 3
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("settings.production: 5 problems, refusing to start\n")
    for told in (
        "DJANGO_SECRET_KEY is weak",
        'export DJANGO_SECRET_KEY=$(python -c "import secrets; print(secrets.token_urlsafe(50))")',
        "DJANGO_DEBUG is on",
        "DJANGO_ALLOWED_HOSTS has *",
        "DATABASE_URL is not PostgreSQL",
        "nowhere cannot be read: No such file or directory",
    ):
        assert told in done.stderr


def test_production_without_anything_names_each_secret(manage):
    done = manage("check", DJANGO_SETTINGS_MODULE="settings.production")
    assert done.returncode == 3
    for name in ("DJANGO_SECRET_KEY", "DJANGO_ALLOWED_HOSTS", "DATABASE_URL"):
        assert f"{name} is not set\n" in done.stderr


def test_production_refuses_the_development_key(manage):
    done = manage("check", **{**GOOD, "DJANGO_SECRET_KEY": f"django-insecure-{KEY}"})
    assert done.returncode == 3
    assert "1 problem, refusing to start" in done.stderr
    assert "is a development key" in done.stderr
    assert KEY not in done.stderr


def test_server_with_broken_settings_stops_at_once():
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "--no-control-socket", "--bind", "127.0.0.1:0", "website.wsgi:application"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{TOP / 'src'}:{TOP}"},
        capture_output=True,
        text=True,
        timeout=120,
        cwd=TOP,
    )
    assert done.returncode == 3
    assert "DJANGO_SECRET_KEY is not set" in done.stderr
    assert done.stderr.count("refusing to start") == 1
    assert "Traceback" not in done.stderr


def test_production_passes_the_deployment_checks(manage):
    done = manage("check", "--deploy", "--fail-level", "WARNING", **GOOD)
    assert (done.returncode, done.stdout) == (0, "System check identified no issues (0 silenced).\n"), done.stderr


def test_production_takes_its_secrets_from_files_and_is_closed(tmp_path):
    for name in ("DJANGO_SECRET_KEY", "DATABASE_URL"):
        (tmp_path / name).write_text(GOOD[name] + "\n")
    found = settings_of(
        "settings.production",
        *("SECRET_KEY", "DEBUG", "DATABASES", "SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS", "SESSION_COOKIE_SECURE"),
        *("CSRF_COOKIE_SECURE", "LOGGING", "TIME_ZONE", "LANGUAGE_CODE", "RELEASE_ID"),
        DJANGO_ALLOWED_HOSTS="www.example.com",
        DJANGO_SECRET_KEY_FILE=str(tmp_path / "DJANGO_SECRET_KEY"),
        DATABASE_URL_FILE=str(tmp_path / "DATABASE_URL"),
        ECLUSE_RELEASE="abc123",
    )
    assert found["SECRET_KEY"] == KEY
    assert found["DATABASES"]["default"].items() >= {"NAME": "site", "CONN_MAX_AGE": 60}.items()
    assert found["DATABASES"]["default"]["CONN_HEALTH_CHECKS"] is True
    assert found["LOGGING"]["handlers"]["console"]["formatter"] == "json"
    assert found["SECURE_HSTS_SECONDS"] == 365 * 24 * 3600
    assert found["SECURE_SSL_REDIRECT"] and found["SESSION_COOKIE_SECURE"] and found["CSRF_COOKIE_SECURE"]
    assert (found["DEBUG"], found["TIME_ZONE"], found["LANGUAGE_CODE"]) == (False, "Europe/Paris", "fr")
    assert found["RELEASE_ID"] == "abc123"


@pytest.mark.parametrize(("declared", "header"), [("", None), ("true", ["HTTP_X_FORWARDED_PROTO", "https"])])
def test_proxy_headers_are_trusted_only_if_declared(declared, header):
    found = settings_of("settings.production", "SECURE_PROXY_SSL_HEADER", **GOOD, DJANGO_BEHIND_PROXY=declared)
    assert found["SECURE_PROXY_SSL_HEADER"] == header


def test_local_needs_nothing_and_announces_its_sqlite(manage):
    done = manage("check")
    assert done.returncode == 0
    assert "(website.I001) The database is SQLite" in done.stderr


def test_local_settings_without_debug_serve_ship():
    found = settings_of(
        "settings.local",
        *("DEBUG", "DATABASES", "STORAGES", "STATIC_ROOT", "INSTALLED_APPS", "ALLOWED_HOSTS", "SECURE_SSL_REDIRECT"),
        DJANGO_DEBUG="0",
        DATABASE_URL="postgres://me@/site?host=/run/pg",
        DJANGO_STATIC_ROOT="/srv/static",
    )
    assert found["DEBUG"] is False
    assert found["DATABASES"]["default"]["HOST"] == "/run/pg"
    assert found["STATIC_ROOT"] == "/srv/static"
    assert found["STORAGES"]["staticfiles"]["BACKEND"].endswith("CompressedManifestStaticFilesStorage")
    assert "debug_toolbar" not in found["INSTALLED_APPS"]
    assert found["ALLOWED_HOSTS"] == ["127.0.0.1", "localhost", "[::1]"]
    assert not found["SECURE_SSL_REDIRECT"]


def test_local_in_development_has_the_debug_toolbar():
    assert "debug_toolbar" in settings_of("settings.local", "INSTALLED_APPS")["INSTALLED_APPS"]


ASK_FOR_THE_MAILER = """
import django
from django.core import mail
mailer = mail.mailers["default"] if django.VERSION >= (6, 1) else mail.get_connection()
print(mailer.host, mailer.port, mailer.username, mailer.password, mailer.use_tls, mailer.timeout)
"""


def test_mail_setting_fits_the_installed_django(manage):
    done = manage("shell", "--no-imports", "-c", ASK_FOR_THE_MAILER, EMAIL_URL="smtp+tls://me:secret@mail.example")
    assert done.stdout == "mail.example 587 me secret True 10\n", done.stderr


def test_travis_without_an_address_takes_travis_own_server():
    database = settings_of("settings.travis", "DATABASES")["DATABASES"]["default"]
    assert database.items() >= {"USER": "postgres", "PASSWORD": "", "HOST": "127.0.0.1"}.items()


def test_manage_py_test_runs_the_tests_of_the_site(manage):
    done = manage(
        "test", "tests/website/health/test_ping.py", "-k", "touches_no_database", DATABASE_URL=GOOD["DATABASE_URL"]
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
