from django.urls import path

from website.weather import pages

app_name = "weather"

urlpatterns = [
    path("", pages.index, name="index"),
    path("search/", pages.search, name="search"),
    path("add/", pages.add, name="add"),
    path("<int:pk>/", pages.place, name="place"),
    path("<int:pk>/favourite/", pages.favourite, name="favourite"),
]
