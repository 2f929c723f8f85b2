"""The site as gunicorn serves it. Where nothing says otherwise, with the settings that take no risk."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings.production")

application = get_wsgi_application()


def load() -> None:
    """Load what Django and Celery would at the first request, and at the first task that is asked for.

    So no worker's first visitors wait for it; in a container, where gunicorn forks its workers after this, they share
    its memory. Nothing here opens a connection, which they would then share, too.
    """
    from website.celery import app

    get_resolver().url_patterns  # the views, and all that they import
    app.loader.import_default_modules()
    app.finalize()
    for part in ("amqp", "backend"):
        getattr(app, part)
    app.connection_for_write().get_transport_cls()


load()
