"""Pages over HTTP and LiveViews over WebSocket."""

import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "office.settings")
http = get_asgi_application()

from djust.websocket import LiveViewConsumer  # noqa: E402  needs the settings

sockets = URLRouter([path("ws/live/", LiveViewConsumer.as_asgi())])
application = ProtocolTypeRouter({"http": http, "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(sockets))})
