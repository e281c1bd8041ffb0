"""One page for each view: `Counter` is at `/matrix/counter/`."""

from django.urls import path

from matrix import views

PAGES = [
    views.Counter,
    views.Products,
    views.Contact,
    views.Tabs,
    views.Chat,
    views.Model,
    views.Tick,
    views.Push,
    views.Decorators,
    views.Upload,
]

urlpatterns = [path(f"{view.__name__.lower()}/", view.as_view()) for view in PAGES]
