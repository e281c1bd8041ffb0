"""What goes wrong, what is logged, what is slow."""

import logging
import time

from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.wsgi import WSGIRequest
from djust import LiveView
from djust.decorators import event_handler

logger = logging.getLogger("shop.failing")
audit = logging.getLogger("shop.audit")


class ErrorView(LiveView):
    """Raises where it is asked to."""

    template_name = "shop/error.html"

    def mount(self, request, **kwargs):
        self.n = 0
        self.break_render = False

    def get_context_data(self, **kwargs):
        if self.break_render:
            raise LookupError("the context broke")
        return super().get_context_data(**kwargs)

    @event_handler
    def fail(self, **kwargs):
        """Raises after a change."""
        self.n += 1
        raise ValueError("the handler broke")

    @event_handler
    def fail_render(self, **kwargs):
        """The next render raises."""
        self.break_render = True

    @event_handler
    def strict(self, number: int):
        """Takes one number and nothing else."""
        self.n = number

    def undecorated(self, **kwargs):
        """May not be called from the page."""
        self.n = -1


class MountErrorView(LiveView):
    """Renders over HTTP, raises over the socket."""

    template_name = "shop/mount_error.html"

    def mount(self, request, **kwargs):
        self.n = 0
        # Over the socket djust makes a plain HttpRequest from the page's address.
        served = isinstance(request, (ASGIRequest, WSGIRequest))
        if not served or request.META.get("SERVER_NAME") == "testserver":
            raise RuntimeError("mount broke over the socket")


class LogView(LiveView):
    """Writes to the log."""

    template_name = "shop/log.html"

    def mount(self, request, **kwargs):
        self.lines = 0

    @event_handler
    def write(self, text: str = "hello", **kwargs):
        """A line for each level, and one to a logger that does not propagate."""
        logger.debug("debug %s", text)
        logger.info("info %s", text)
        logger.warning("warning %s", text)
        audit.info("audit %s", text)
        try:
            raise KeyError(text)
        except KeyError:
            logger.exception("caught %s", text)
        self.lines += 5


class SlowView(LiveView):
    """Takes as long as it is told."""

    template_name = "shop/slow.html"

    def mount(self, request, **kwargs):
        self.runs = 0

    @event_handler
    def run(self, ms: int = 5, **kwargs):
        """Sleeps."""
        time.sleep(ms / 1000)
        self.runs += 1
