import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
site = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402 - models are there only now
from chat.consumers import Echo  # noqa: E402
from django.urls import path  # noqa: E402

application = ProtocolTypeRouter({"http": site, "websocket": URLRouter([path("echo/", Echo.as_asgi())])})
