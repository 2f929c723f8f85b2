from django.urls import path

from website.store import feeds, views

app_name = "store"

urlpatterns = [
    path("", views.index, name="index"),
    path("albums/", views.albums, name="albums"),
    path("albums/<int:pk>/", views.album, name="album"),
    path("bookings/", views.bookings, name="bookings"),
    path("bookings/<int:pk>/cancel/", views.cancel, name="cancel"),
    path("feed/", feeds.Arrivals(), name="feed"),
    path("search/", views.search, name="search"),
]
