"""A counter, with a private attribute that the page never shows."""

from djust import LiveView
from djust.decorators import event_handler


class CounterView(LiveView):
    """Counts; `_clicks` counts the clicks whatever they did."""

    template_name = "shop/counter.html"

    def mount(self, request, **kwargs):
        self.count = 0
        self.step = 1
        self._clicks = 0

    @event_handler
    def increment(self, **kwargs):
        """One step up."""
        self._clicks += 1
        self.count += self.step

    @event_handler
    def decrement(self, **kwargs):
        """One step down."""
        self._clicks += 1
        self.count -= self.step

    @event_handler
    def add(self, amount: int = 1, **kwargs):
        """Any number of steps."""
        self._clicks += 1
        self.count += amount

    @event_handler
    def look(self, **kwargs):
        """Changes nothing at all."""


class HistoryView(CounterView):
    """The counter with djust's time travel."""

    template_name = "shop/history.html"
    time_travel_enabled = True
