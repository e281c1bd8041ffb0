"""HTTP without djust."""

from django.urls import path

from . import views

urlpatterns = [
    path("upload/", views.upload),
    path("sse/", views.events),
    path("range/", views.ranged),
    path("download/", views.download),
    path("redirect/", views.redirect),
    path("whoami/", views.request_headers),
]
