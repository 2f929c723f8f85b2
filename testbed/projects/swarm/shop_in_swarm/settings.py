"""The shop's settings, with its secret from the swarm."""

import os
from pathlib import Path

SECRET = Path("/run/secrets/django_secret_key")
if SECRET.exists():
    os.environ["DJANGO_SECRET_KEY"] = SECRET.read_text().strip()

from shop.settings import *  # noqa: E402, F401, F403

ROOT_URLCONF = "shop_in_swarm.urls"
ALLOWED_HOSTS = [os.environ.get("DJANGO_ALLOWED_HOSTS", "127.0.0.1")]
