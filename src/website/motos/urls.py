from django.urls import path

from website.motos import views

app_name = "motos"

urlpatterns = [
    path("brands/", views.Brands.as_view(), name="brands"),
    path("models/", views.Models.as_view(), name="models"),
    path("motorcycles/", views.Motorcycles.as_view(), name="motorcycles"),
    path("motorcycles/<int:pk>/", views.OneMotorcycle.as_view(), name="motorcycle"),
    path("motorcycles/<int:pk>/pictures/", views.Pictures.as_view(), name="pictures"),
    path("motorcycles/<int:pk>/enquiries/", views.Enquiries.as_view(), name="enquiries"),
    path("pictures/<int:pk>/", views.OnePicture.as_view(), name="picture"),
    path("session/", views.Session.as_view(), name="session"),
]
