"""One handler for each thing that a turn can do besides changing what the page shows."""

import asyncio
import datetime
import threading
import time
from decimal import Decimal

from djust import Component, LiveView, push_to_view
from djust.decorators import computed, event_handler, state

from shop.views import measures

COMPONENT = '<b class="meter">{{ level }}</b>'


class Meter(Component):
    """A component that the view holds."""

    template = COMPONENT

    def __init__(self, level=0):
        super().__init__(level=level)
        self.level = level


class Paging:
    """A mixin of the project's own."""

    page_size = 20
    seen = []

    def remember(self, number):
        """Changes a list that all sessions share."""
        self.seen.append(number)


class DeedsView(Paging, LiveView):
    """Does what its buttons say."""

    template_name = "shop/deeds.html"
    limit = Decimal("9.5")
    static_assigns = ["units"]
    temporary_assigns = {"fresh": []}
    due = state(datetime.date(2026, 11, 30))

    def __init__(self, **kwargs):
        self.early = 1
        super().__init__(**kwargs)

    def mount(self, request, number=0, **kwargs):
        self.number = number
        self.rows = [{"n": n, "label": measures.label(n)} for n in range(3)]
        self.units = ["m", "km"]
        self.fresh = []
        self.meter = Meter(level=3)
        self.status = "idle"

    @computed
    def total(self):
        """Shown, and computed at each look."""
        return sum(row["n"] for row in self.rows)

    @event_handler
    def extend(self, **kwargs):
        """A new list, one longer."""
        self.rows = [*self.rows, {"n": 9, "label": measures.label(9)}]

    @event_handler
    def look(self, **kwargs):
        """Nothing changes."""

    @event_handler
    def hush(self, **kwargs):
        """Changes something and asks for no render."""
        self.status = "hushed"
        self._skip_render = True

    @event_handler
    def force(self, **kwargs):
        """Asks for the whole page."""
        self.set_changed_keys()

    @event_handler
    def entitle(self, **kwargs):
        """A name that djust keeps for itself, one from before `__init__`, one of the class."""
        self.page_title = "Deeds"
        self.early += 1
        self.remember(self.early)

    @event_handler
    def basket(self, **kwargs):
        """Writes into the session, and saves it."""
        self.request.session["basket"] = self.request.session.get("basket", 0) + 1
        self.request.session.save()

    @event_handler
    def promise(self, **kwargs):
        """Writes into the session, and forgets to save it."""
        self.request.session["promise"] = time.time()

    @event_handler
    def spread(self, **kwargs):
        """Pushes to everyone who has this page open, also to itself."""
        push_to_view("shop.views.deeds.DeedsView", state={"status": "spread"})

    @event_handler
    def work(self, **kwargs):
        """Puts a task off."""
        self.start_async(self._work, name="count")

    def _work(self):
        time.sleep(0.02)
        self.status = "worked"

    @event_handler
    def wait(self, **kwargs):
        """Puts a task off that leaves events room beside it."""
        self.start_async(self._wait, name="wait")

    async def _wait(self):
        await asyncio.sleep(0.4)
        self.status = "waited"

    @event_handler
    def fork(self, **kwargs):
        """Starts a thread."""
        thread = threading.Thread(target=_idle, name="idler", daemon=True)
        thread.start()
        thread.join()

    @event_handler
    def hold(self, **kwargs):
        """Keeps the thread that all handlers share for a while."""
        time.sleep(0.3)


def _idle():
    time.sleep(0.01)
