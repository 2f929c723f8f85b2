"""What gunicorn's workers have when they are forked."""

from __future__ import annotations

import os
import subprocess
import sys


def test_what_the_first_request_and_the_first_task_need_is_there_before_any_worker_is():
    """Loaded in each worker it cost the first visitors of each a second."""
    wanted = ("website.uploads.views", "website.uploads.tasks", "rest_framework.views", "kombu.transport.pyamqp")
    asked = f"import sys, website.wsgi; print([name for name in {wanted!r} if name not in sys.modules])"
    environ = {**os.environ, "DJANGO_SETTINGS_MODULE": "settings.travis"}
    # Nothing listens there: loading asks nobody.
    environ.update(DATABASE_URL="postgres://a:b@127.0.0.1:1/none", CELERY_BROKER_URL="amqp://a:b@127.0.0.1:1/")
    done = subprocess.run([sys.executable, "-c", asked], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
