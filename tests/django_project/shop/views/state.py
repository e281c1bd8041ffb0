"""State of every type that a recording must hold."""

import dataclasses
import datetime
import decimal
import enum
import uuid

from django.utils.safestring import mark_safe
from djust import LiveView
from djust.decorators import event_handler

from shop.models import Product


class Size(enum.Enum):
    """Small or large."""

    SMALL = "s"
    LARGE = "l"


@dataclasses.dataclass
class Basket:
    """A plain object with state of its own."""

    owner: str
    amounts: dict = dataclasses.field(default_factory=dict)


class Client:
    """Holds nothing that can be stored."""

    def __init__(self):
        self._opened = open

    def __repr__(self):
        raise RuntimeError("must not be asked")


class Shelf:
    """Holds what djust itself could not put into a session."""

    def __init__(self):
        self.cycle = {"name": "loop"}
        self.cycle["self"] = self.cycle
        self.client = Client()
        self.lazy = Product.objects.filter(quantity__gt=5)
        self.deferred = Product.objects.only("name").order_by("pk").first()


class StateView(LiveView):
    """One attribute for each type, public and private."""

    template_name = "shop/state.html"

    def mount(self, request, **kwargs):
        self.changes = 0
        self.price = decimal.Decimal("1.20")
        self.html = mark_safe("<b>bold</b>")
        self.pair = (1, "two")
        self.names = {"b", "a", "c"}
        self._at = datetime.datetime(2026, 11, 24, 10, 0, tzinfo=datetime.UTC)
        self._day = datetime.date(2026, 11, 24)
        self._hour = datetime.time(10, 30)
        self._span = datetime.timedelta(minutes=90)
        self._id = uuid.UUID("12345678-1234-5678-1234-567812345678")
        self._raw = b"\x00\x01bytes"
        self._big = 2**80
        self._nan = float("nan")
        self._product = Product.objects.order_by("pk").first()
        self._evaluated = Product.objects.order_by("pk")[:2]
        list(self._evaluated)
        self._basket = Basket("ann", {"tea": 2})
        self._size = Size.SMALL
        self._shelf = Shelf()
        self._huge = list(range(90_000))
        self._by_number = {1: "one", "two": 2}
        self._long = "x" * 400_000

    @event_handler
    def change(self, **kwargs):
        """Changes a few of them; most stay."""
        self.changes += 1
        self.price += decimal.Decimal("0.05")
        self._basket.amounts["tea"] += 1
        self._raw += b"!"
        self.names = self.names | {f"n{self.changes}"}

    @event_handler
    def drop(self, **kwargs):
        """Takes attributes away."""
        del self._day
        del self.pair
        self.changes += 1


class BigStateView(LiveView):
    """Two hundred rows in state and a counter that changes alone."""

    template_name = "shop/big_state.html"

    def mount(self, request, **kwargs):
        self.count = 0
        self.rows = [
            {"id": n, "name": f"row {n}", "tags": ["a", "b"], "price": n * 1.5} for n in range(200)
        ]

    @event_handler
    def increment(self, **kwargs):
        """Leaves the rows alone."""
        self.count += 1


class ChildView(LiveView):
    """A counter that is embedded in another view."""

    template_name = "shop/child.html"

    def mount(self, request, label="child", **kwargs):
        self.label = label
        self.count = 0

    @event_handler
    def increment(self, **kwargs):
        """One more here; the parent does not change."""
        self.count += 1


class ParentView(LiveView):
    """Embeds two children."""

    template_name = "shop/parent.html"

    def mount(self, request, **kwargs):
        self.n = 0

    @event_handler
    def increment(self, **kwargs):
        """One more in the parent."""
        self.n += 1
