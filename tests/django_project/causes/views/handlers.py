"""Causes in the handler and its parameters."""

import time

from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.wsgi import WSGIRequest
from djust import LiveView
from djust.decorators import event_handler
from shop.models import Product

from causes.page import root


def _button(view, attributes='dj-click="go"'):
    return root(
        f"handlers.{view}", f'<p id="v">{{{{ n }}}}</p><button id="go" {attributes}>Go</button>'
    )


class _Counting(LiveView):
    def mount(self, request, **kwargs):
        self.n = 0


class NoKeywords(_Counting):
    """`go` takes nothing, the button sends `extra`."""

    template = _button("NoKeywords", 'dj-click="go" data-extra="1"')

    @event_handler
    def go(self):
        """No `**kwargs`."""
        self.n += 1


class WrongType(_Counting):
    """The button sends a word for a number."""

    template = _button("WrongType", 'dj-click="go" data-amount="many"')

    @event_handler
    def go(self, amount: int = 1, **kwargs):
        """A number."""
        self.n += amount


class MissingParameter(_Counting):
    """The button does not send what `go` needs."""

    template = _button("MissingParameter")

    @event_handler
    def go(self, item_id: int, **kwargs):
        """Needs an id."""
        self.n += item_id


class NotDecorated(_Counting):
    """`go` has no decorator."""

    template = _button("NotDecorated")

    def go(self, **kwargs):
        """Not for the page."""
        self.n += 1


class Misspelled(_Counting):
    """The button names `goo`."""

    template = _button("Misspelled", 'dj-click="goo"')

    @event_handler
    def go(self, **kwargs):
        """Counts."""
        self.n += 1


class Raises(_Counting):
    """`go` raises after it has changed the state."""

    template = _button("Raises")

    @event_handler
    def go(self, **kwargs):
        """Counts and breaks."""
        self.n += 1
        raise ValueError("after the change")


class RenderRaises(_Counting):
    """The context raises after the first click."""

    template = _button("RenderRaises")

    def get_context_data(self, **kwargs):
        if self.n:
            raise LookupError("no context")
        return super().get_context_data(**kwargs)

    @event_handler
    def go(self, **kwargs):
        """Counts."""
        self.n += 1


class PushOnly(_Counting):
    """`go` only sends an event to the page's script."""

    template = _button("PushOnly")

    @event_handler
    def go(self, **kwargs):
        """Changes nothing."""
        self.push_event("causes:went", {"at": 1})


class Slow(_Counting):
    """`go` takes 1.2 seconds."""

    template = _button("Slow")

    @event_handler
    def go(self, **kwargs):
        """Sleeps and counts."""
        time.sleep(1.2)
        self.n += 1


class ManyQueries(_Counting):
    """`go` asks the database sixty times."""

    template = _button("ManyQueries")

    @event_handler
    def go(self, **kwargs):
        """One query for each product."""
        for product in Product.objects.order_by("pk")[:59]:
            self.n += 1 if product.category.name else 0


class MountRaises(_Counting):
    """`mount` works over HTTP and raises over the socket."""

    template = _button("MountRaises")

    def mount(self, request, **kwargs):
        super().mount(request, **kwargs)
        if request.META.get("SERVER_NAME") == "testserver" or not isinstance(
            request, (ASGIRequest, WSGIRequest)
        ):
            raise RuntimeError("no mount over the socket")

    @event_handler
    def go(self, **kwargs):
        """Counts."""
        self.n += 1
