"""The ASGI application: pages over HTTP, LiveViews and an echo over WebSocket."""

import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_config.settings")
http = ASGIStaticFilesHandler(get_asgi_application())

from djust.websocket import LiveViewConsumer  # noqa: E402  needs the settings
from plain.echo import EchoConsumer  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": AllowedHostsOriginValidator(
            AuthMiddlewareStack(
                URLRouter(
                    [
                        path("ws/live/", LiveViewConsumer.as_asgi()),
                        path("ws/echo/", EchoConsumer.as_asgi()),
                    ]
                )
            )
        ),
    }
)
