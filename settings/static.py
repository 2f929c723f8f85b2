"""The settings that collectstatic needs when an image is built, and no more: no secret, no database, none of the site's
own code.

The site's static files are found by their folders, not through its applications. So the layer that holds them is made
from these files and the settings alone, and a change of a view does not gather and compress them again.
"""

from settings.base import *

SECRET_KEY = "django-insecure-signs-nothing"
LOGGING_CONFIG = None
INSTALLED_APPS = [application for application in INSTALLED_APPS if not application.startswith("website")]
STATICFILES_DIRS = sorted((BASE_DIR / "src" / "website").rglob("static"))
