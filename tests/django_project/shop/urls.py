"""The shop's pages."""

from django.urls import path

from shop.views.counter import CounterView, HistoryView
from shop.views.decorated import DecoratedView
from shop.views.deeds import DeedsView
from shop.views.failing import ErrorView, LogView, MountErrorView, SlowView
from shop.views.forms import BoundView, OrderView, UploadView
from shop.views.hazards import HazardsView
from shop.views.index import IndexView
from shop.views.live import BackgroundView, ChatView, PushView, TickView
from shop.views.navigation import TabsView
from shop.views.parts import PartsView
from shop.views.products import ManyQueriesView, ProductListView
from shop.views.state import BigStateView, ParentView, StateView
from shop.views.wide import WideView

PAGES = [
    ("counter", CounterView),
    ("history", HistoryView),
    ("products", ProductListView),
    ("form", OrderView),
    ("chat", ChatView),
    ("tabs", TabsView),
    ("tick", TickView),
    ("push", PushView),
    ("decorated", DecoratedView),
    ("bound", BoundView),
    ("upload", UploadView),
    ("background", BackgroundView),
    ("error", ErrorView),
    ("mount-error", MountErrorView),
    ("log", LogView),
    ("queries", ManyQueriesView),
    ("slow", SlowView),
    ("state", StateView),
    ("big-state", BigStateView),
    ("parent", ParentView),
]

urlpatterns = [
    path("", IndexView.as_view()),
    path("parts/", PartsView.as_view()),
    path("hazards/", HazardsView.as_view()),
    path("wide/", WideView.as_view()),
    path("deeds/<int:number>/", DeedsView.as_view()),
    *(path(f"{slug}/", view.as_view()) for slug, view in PAGES),
]
