"""Every page of the test project."""

from django.urls import include, path

urlpatterns = [
    path("", include("shop.urls")),
    path("causes/", include("causes.urls")),
    path("plain/", include("plain.urls")),
]
