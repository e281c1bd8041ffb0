"""A djust site of one page, `../page.html`, set up as for production; nobody is kept from sending many events."""

from pathlib import Path

from django.conf import settings

BENCHES = Path(__file__).resolve().parent.parent

settings.configure(
    SECRET_KEY="only-for-benches",
    DEBUG=False,
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF="bench_site",
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "channels",
        "djust",
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    SESSION_ENGINE="django.contrib.sessions.backends.cache",
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [BENCHES],
        }
    ],
    CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}},
    LIVEVIEW_ALLOWED_MODULES=["bench_site"],
    LIVEVIEW_CONFIG={
        "update_check": False,
        "rate_limit": {
            "rate": 1_000_000,
            "burst": 1_000_000,
            "max_connections_per_ip": 10_000,
            "max_warnings": 1_000_000,
        },
    },
    LOGGING_CONFIG=None,
)

from channels.auth import AuthMiddlewareStack  # noqa: E402  needs the settings
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402
from django.urls import path  # noqa: E402

pages = get_asgi_application()

from djust import LiveView  # noqa: E402  needs the applications
from djust.decorators import event_handler  # noqa: E402
from djust.websocket import LiveViewConsumer  # noqa: E402


class Counter(LiveView):
    """Counts."""

    template_name = "page.html"

    def mount(self, request, **kwargs):
        self.count = 0

    @event_handler
    def increment(self, **kwargs):
        """One more."""
        self.count += 1

    @event_handler
    def reset(self, **kwargs):
        """Begins anew."""
        self.count = 0


urlpatterns = [path("", Counter.as_view())]
application = ProtocolTypeRouter(
    {
        "http": pages,
        "websocket": AuthMiddlewareStack(
            URLRouter([path("ws/live/", LiveViewConsumer.as_asgi())])
        ),
    }
)
