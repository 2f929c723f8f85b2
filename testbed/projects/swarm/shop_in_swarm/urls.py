"""What the shop answers to, and that it lives."""

from django.http import HttpResponse
from django.urls import path
from shop.urls import urlpatterns as of_shop

urlpatterns = [path("ping/", lambda request: HttpResponse("pong")), *of_shop]
