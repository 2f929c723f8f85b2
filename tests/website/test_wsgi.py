"""The modules that gunicorn's workers have loaded before the first visitor."""

from __future__ import annotations

LOADED = (
    "website.uploads.views",
    "website.uploads.tasks",
    "rest_framework.views",
    "django_celery_results.backends.database",
    "kombu.transport.pyamqp",
)


def test_wsgi_loads_modules_before_the_first_request(run_python):
    """Loaded by them it cost the first visitors of each worker a second."""
    code = f"import sys, website.wsgi; print([name for name in {LOADED!r} if name not in sys.modules])"
    # Nothing listens there: loading asks nobody.
    servers = {"DATABASE_URL": "postgres://a:b@127.0.0.1:1/none", "CELERY_BROKER_URL": "amqp://a:b@127.0.0.1:1/"}
    assert run_python(code, **servers).stdout.strip() == "[]"
