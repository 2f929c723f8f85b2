"""The site as gunicorn serves it. Where nothing says otherwise, with the settings that take no risk."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings.production")

application = get_wsgi_application()
