from django.urls import path

from website.uploads import views

app_name = "uploads"

urlpatterns = [
    path("upload/", views.Upload.as_view(), name="upload"),
    path("uploads/", views.Uploads.as_view(), name="uploads"),
    path("uploads/titles/", views.Titles.as_view(), name="titles"),
    path("uploads/<uuid:pk>/", views.OneUpload.as_view(), name="one"),
    path("uploads/<uuid:pk>/metadata/", views.OneMetadata.as_view(), name="metadata"),
]
