"""Views that other hosts have too, on the templates of `tests/matrix/templates`.

What each shows is written in `tests/matrix/README.md`.
"""

import threading
import time

from djust import LiveView, push_to_view
from djust.decorators import (
    cache,
    debounce,
    event_handler,
    permission_required,
    rate_limit,
    throttle,
)
from djust.uploads import UploadMixin

COLORS = ["red", "green", "blue", "white", "black"]
THINGS = ["bolt", "nut", "screw", "washer", "hinge", "nail", "hook", "ring"]
TOTAL = 40
TABS = ["first", "second", "third"]
LAST_TICK = 3


class Counter(LiveView):
    """Counts."""

    template_name = "matrix/counter.html"

    def mount(self, request, **kwargs):
        self.count = 0

    @event_handler
    def increment(self, **kwargs):
        """One more."""
        self.count += 1

    @event_handler
    def decrement(self, **kwargs):
        """One less."""
        self.count -= 1

    @event_handler
    def add(self, amount: int = 10, **kwargs):
        """Any number more."""
        self.count += amount


class Products(LiveView):
    """A searched and sorted list whose rows have keys."""

    template_name = "matrix/products.html"

    def mount(self, request, **kwargs):
        self.query = ""
        self.total = TOTAL
        self._order = "id"
        self._descending = False
        self._products = [
            {
                "id": number,
                "name": f"{COLORS[number % 5]} {THINGS[number % 8]}",
                "price": number * 7919 % 500 + 1,
            }
            for number in range(1, TOTAL + 1)
        ]
        self._show()

    def _show(self):
        found = [row for row in self._products if self.query.lower() in row["name"]]
        self.rows = sorted(found, key=lambda row: row[self._order], reverse=self._descending)

    @event_handler
    def search(self, value: str = "", **kwargs):
        """Filters by name."""
        self.query = value
        self._show()

    @event_handler
    def sort(self, by: str = "name", **kwargs):
        """Sorts by a column; the same column again turns the order round."""
        if by not in ("name", "price"):
            return
        self._descending = by == self._order and not self._descending
        self._order = by
        self._show()

    @event_handler
    def remove(self, product_id: int = 0, **kwargs):
        """Takes a product out of the list for good."""
        self._products = [row for row in self._products if row["id"] != product_id]
        self.total = len(self._products)
        self._show()


def _error(field, value):
    if field == "name" and not value:
        return "Please tell us your name."
    if field == "email" and "@" not in value:
        return "This is no e-mail address."
    if field == "message" and len(value) < 5:
        return "Please write at least 5 characters."
    return ""


class Contact(LiveView):
    """A form that says what is wrong with a field as soon as it is left."""

    template_name = "matrix/contact.html"

    def mount(self, request, **kwargs):
        self.thanks = ""
        self._clear()

    def _clear(self):
        self.name = self.email = self.message = ""
        self.errors = {"name": "", "email": "", "message": ""}

    @event_handler
    def check(self, field: str = "", value: str = "", **kwargs):
        """Checks one field and leaves the errors of the others."""
        if field not in self.errors:
            return
        setattr(self, field, value.strip())
        self.errors = {**self.errors, field: _error(field, value.strip())}

    @event_handler
    def send(self, name: str = "", email: str = "", message: str = "", **kwargs):
        """Takes the message or shows what is wrong with it."""
        self.name, self.email, self.message = name.strip(), email.strip(), message.strip()
        self.errors = {field: _error(field, getattr(self, field)) for field in self.errors}
        self.thanks = ""
        if not any(self.errors.values()):
            self.thanks = f"Thank you, {self.name}."
            self._clear()


class Tabs(LiveView):
    """A tab and a page, both in the address."""

    template_name = "matrix/tabs.html"

    def mount(self, request, **kwargs):
        self.tab = "first"
        self.page = 1

    def handle_params(self, params, uri):
        """The address says what is shown."""
        tab, page = params.get("tab"), str(params.get("page", ""))
        self.tab = tab if tab in TABS else "first"
        self.page = int(page) if page.isdigit() else 1


class Chat(LiveView):
    """Messages, and a form that is empty again once a message was taken."""

    template_name = "matrix/chat.html"

    def mount(self, request, **kwargs):
        self.messages = []

    @event_handler
    def send(self, text: str = "", **kwargs):
        """Adds a message that is not blank."""
        if not text.strip():
            return
        self.messages = [*self.messages, text.strip()]
        self._should_reset_form = True


class Model(LiveView):
    """Fields bound to state."""

    template_name = "matrix/model.html"
    # djust finds only fields that are bound without a modifier in the template.
    allowed_model_fields = ["name", "city", "subscribed", "color"]

    def mount(self, request, **kwargs):
        self.name = "Ada"
        self.city = ""
        self.subscribed = False
        self.color = "red"
        self.shown = 0

    @event_handler
    def show(self, **kwargs):
        """Renders what the fields have set, which by itself shows nothing."""
        self.shown += 1


class Tick(LiveView):
    """Counts by itself and stops at three."""

    template_name = "matrix/tick.html"
    tick_interval = 300

    def mount(self, request, **kwargs):
        self.ticks = 0

    def handle_tick(self):
        """One more, up to three."""
        self.ticks = min(self.ticks + 1, LAST_TICK)

    @event_handler
    def again(self, **kwargs):
        """Counts again from nothing."""
        self.ticks = 0


class Push(LiveView):
    """A thread of the server calls every open page."""

    template_name = "matrix/push.html"

    def mount(self, request, **kwargs):
        self.asked = 0
        self.pushes = 0

    @event_handler
    def start(self, **kwargs):
        """A push follows 100 ms later."""
        self.asked += 1
        threading.Thread(target=_push, daemon=True).start()

    def handle_push(self, by=0, **kwargs):
        """What the push calls."""
        self.pushes += by


def _push():
    time.sleep(0.1)
    push_to_view("matrix.views.Push", handler="handle_push", payload={"by": 1})


class Decorators(LiveView):
    """A handler for each decorator that the browser or the gate before the handler obeys."""

    template_name = "matrix/decorators.html"

    def mount(self, request, **kwargs):
        self.calls = 0
        self.last = "nothing"

    def _called(self, what):
        self.calls += 1
        self.last = what

    @event_handler
    @debounce(wait=0.2, max_wait=1.0)
    def debounced(self, value: str = "", **kwargs):
        """Once, after a pause."""
        self._called(f"debounced {value}")

    @event_handler
    @throttle(interval=0.1)
    def throttled(self, **kwargs):
        """Ten times a second at most."""
        self._called("throttled")

    @event_handler
    @cache(ttl=60, key_params=["value"])
    def cached(self, value: str = "", **kwargs):
        """The browser keeps the answer for a minute."""
        self._called(f"cached {value}")

    @event_handler
    @rate_limit(rate=1000, burst=1000)
    def limited(self, **kwargs):
        """Far from its limit."""
        self._called("limited")

    @event_handler
    @permission_required("matrix.nobody_may")
    def forbidden(self, **kwargs):
        """Never runs."""
        self._called("forbidden")


class Upload(UploadMixin, LiveView):
    """One small text file."""

    template_name = "matrix/upload.html"

    def mount(self, request, **kwargs):
        self.files = []
        self.allow_upload(
            "document", accept=".txt", max_entries=1, max_file_size=65_536, chunk_size=32_768
        )

    @event_handler
    def keep(self, **kwargs):
        """Shows what has arrived."""
        arrived = self.consume_uploaded_entries("document")
        told = [{"name": entry.client_name, "size": len(entry.data)} for entry in arrived]
        self.files = [*self.files, *told]
