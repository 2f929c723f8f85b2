from django.urls import path

from website.weather import views

urlpatterns = [
    path("places/", views.Places.as_view()),
    path("places/<int:pk>/", views.OnePlace.as_view()),
    path("places/<int:pk>/favourite/", views.OneFavourite.as_view()),
    path("places/<int:pk>/latest/", views.Latest.as_view()),
    path("places/<int:pk>/history/", views.History.as_view()),
    path("places/<int:pk>/forecast/", views.OneForecast.as_view()),
    path("search/", views.Search.as_view()),
]
