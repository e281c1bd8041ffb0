"""A page for each cause."""

from django.urls import path

from causes.views import CAUSES

urlpatterns = [path(f"{slug}/", view.as_view()) for slug, view in CAUSES.items()]
