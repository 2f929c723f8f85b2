import os

from django.core.cache import cache
from django.http import HttpResponse
from django.templatetags.static import static
from django.urls import path

MAP_URL = os.environ["MAP_URL"]  # no setting: the settings load without it, and `manage.py check` fails


def page(request):
    cache.set("seen", True)
    return HttpResponse(f"<link href='{static('store.css')}'>")


urlpatterns = [path("shop/", page)]
