"""Handlers with djust's decorators."""

from djust import LiveView
from djust.decorators import (
    cache,
    debounce,
    event_handler,
    optimistic,
    permission_required,
    rate_limit,
    throttle,
)


class DecoratedView(LiveView):
    """One handler for each decorator."""

    template_name = "shop/decorated.html"

    def mount(self, request, **kwargs):
        self.calls = 0
        self.last = ""

    def _called(self, name):
        self.calls += 1
        self.last = name

    @event_handler
    @debounce(wait=0.2, max_wait=1.0)
    def debounced(self, value: str = "", **kwargs):
        """After a pause."""
        self._called(f"debounced {value}")

    @event_handler
    @throttle(interval=0.2)
    def throttled(self, **kwargs):
        """Five a second at most, by the client."""
        self._called("throttled")

    @event_handler
    @rate_limit(rate=1, burst=2)
    def limited(self, **kwargs):
        """One a second at most, by the server."""
        self._called("limited")

    @event_handler
    @cache(ttl=60, key_params=["value"])
    def cached(self, value: str = "", **kwargs):
        """The client keeps the answer."""
        self._called(f"cached {value}")

    @event_handler
    @optimistic
    def liked(self, **kwargs):
        """Marked for the client."""
        self._called("liked")

    @event_handler
    @permission_required("shop.delete_product")
    def removed(self, **kwargs):
        """Nobody here may."""
        self._called("removed")
