from django.urls import path

from website.motos import client

# The client knows its own addresses: each is its one page.
urlpatterns = [
    path("", client.page, name="motos"),
    path("<path:path>", client.page),
]
