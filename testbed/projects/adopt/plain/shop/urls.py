from django.http import HttpResponse
from django.urls import path
from shop.models import Record

urlpatterns = [path("", lambda request: HttpResponse(f"{Record.objects.count()} records"))]
