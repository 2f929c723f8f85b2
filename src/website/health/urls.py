from django.urls import path

from website.health import views

urlpatterns = [
    path("readiness/", views.readiness, name="readiness"),
    path("healthcheck/", views.healthcheck, name="healthcheck"),
]
