"""The shop's addresses, and its sign of life."""

from django.http import HttpResponse
from django.urls import path
from shop.urls import urlpatterns as of_shop

urlpatterns = [path("ping/", lambda request: HttpResponse("pong")), *of_shop]
