from django.urls import path

from website.motos import client, plain

# The client knows its own addresses: each is its one page.
urlpatterns = [
    path("", client.page, name="motos"),
    path("plain/", plain.index, name="motos_plain"),
    path("plain/<int:pk>/", plain.motorcycle, name="motorcycle_plain"),
    path("<path:path>", client.page),
]
