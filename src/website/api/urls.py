from django.urls import include, path

from website.api import views

urlpatterns = [
    path("api/motos/", include("website.motos.urls")),
    path("api/weather/", include("website.weather.urls")),
    path("", include("website.uploads.urls")),
    path("schema/", views.description, name="schema"),
    path("swagger/", views.swagger, name="swagger"),
    path("redoc/", views.redoc, name="redoc"),
    path("problems/", views.problems, name="problems"),
]
