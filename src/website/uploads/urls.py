from django.urls import path

from website.uploads import views

app_name = "uploads"

urlpatterns = [
    path("upload/", views.Upload.as_view(), name="upload"),
    path("uploads/", views.Uploads.as_view(), name="uploads"),
    path("uploads/<uuid:pk>/", views.OneUpload.as_view(), name="one"),
]
