from django.urls import path

from website.uploads import pages

app_name = "gallery"

urlpatterns = [
    path("", pages.gallery, name="gallery"),
    path("upload/", pages.FormUpload.as_view(http_method_names=["get", "head", "post"]), name="upload"),
    path("<uuid:pk>/delete/", pages.delete, name="delete"),
]
