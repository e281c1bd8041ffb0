"""Causes in the state: what changes, and whether djust can see it."""

import random

from django.db import models
from djust import LiveView
from djust.decorators import event_handler
from shop.models import Product

from causes.page import root

_VALUE = '<p id="v">{0}</p><button id="go" dj-click="go">Go</button>'


def _shows(view, expression):
    return root(f"states.{view}", _VALUE.format("{{ " + expression + " }}"))


class PrivateOnly(LiveView):
    """Only a private attribute changes."""

    template = _shows("PrivateOnly", "n")

    def mount(self, request, **kwargs):
        self.n = 0
        self._hidden = 0

    @event_handler
    def go(self, **kwargs):
        """Nothing that the page shows."""
        self._hidden += 1


class PrivateDerived(LiveView):
    """A private attribute changes and the context derives a value from it."""

    template = _shows("PrivateDerived", "n")

    def mount(self, request, **kwargs):
        self._hidden = 0

    def get_context_data(self, **kwargs):
        return super().get_context_data(n=self._hidden, **kwargs) | {"n": self._hidden}

    @event_handler
    def go(self, **kwargs):
        """Shown through the context."""
        self._hidden += 1


class NotInTemplate(LiveView):
    """A public attribute changes that the template does not use."""

    template = _shows("NotInTemplate", "n")

    def mount(self, request, **kwargs):
        self.n = 0
        self.other = 0

    @event_handler
    def go(self, **kwargs):
        """Something else."""
        self.other += 1


class InPlaceContainers(LiveView):
    """A list and a nested dict are changed in place."""

    template = _shows("InPlaceContainers", "nested.deep.n")

    def mount(self, request, **kwargs):
        self.items = []
        self.nested = {"deep": {"n": 0}}

    @event_handler
    def go(self, **kwargs):
        """Changes both."""
        self.items.append(len(self.items))
        self.nested["deep"]["n"] += 1


class Basket:
    """A plain object."""

    def __init__(self):
        self.n = 0


class InPlaceObject(LiveView):
    """An attribute of a plain object is changed in place."""

    template = _shows("InPlaceObject", "basket.n")

    def mount(self, request, **kwargs):
        self.basket = Basket()

    @event_handler
    def go(self, **kwargs):
        """The object stays the same object."""
        self.basket.n += 1


class InPlaceModel(LiveView):
    """An attribute of a model instance is changed in place and saved."""

    template = _shows("InPlaceModel", "product.quantity")

    def mount(self, request, **kwargs):
        self.product = Product.objects.order_by("-pk").first()

    @event_handler
    def go(self, **kwargs):
        """The instance stays the same instance."""
        self.product.quantity = models.F("quantity") + 1
        self.product.save(update_fields=["quantity"])
        self.product.refresh_from_db()


class InPlaceDeep(LiveView):
    """A change deep in a list that is too long for djust's comparison."""

    template = _shows("InPlaceDeep", "last")

    def mount(self, request, **kwargs):
        self.big = [{"n": 0} for _ in range(25_000)]

    def get_context_data(self, **kwargs):
        return super().get_context_data(**kwargs) | {"last": self.big[-1]["n"]}

    @event_handler
    def go(self, **kwargs):
        """The last of 25,000."""
        self.big[-1]["n"] += 1


class ForcedByKeys(LiveView):
    """The in-place change with `set_changed_keys`, which forces whole HTML."""

    template = _shows("ForcedByKeys", "basket.n")

    def mount(self, request, **kwargs):
        self.basket = Basket()

    @event_handler
    def go(self, **kwargs):
        """Says what changed."""
        self.basket.n += 1
        self.set_changed_keys("basket")


class ForcedByFlag(LiveView):
    """A handler that asks for whole HTML."""

    template = _shows("ForcedByFlag", "n")

    def mount(self, request, **kwargs):
        self.n = 0

    @event_handler
    def go(self, **kwargs):
        """Forces it."""
        self.n += 1
        self._force_full_html = True


class Service:
    """A client of something else; not data."""

    def __init__(self):
        self.call = print


class ServiceInState(LiveView):
    """An object that cannot be stored is a public attribute."""

    template = _shows("ServiceInState", "n")

    def mount(self, request, **kwargs):
        self.n = 0
        self.service = Service()

    @event_handler
    def go(self, **kwargs):
        """Counts."""
        self.n += 1


class CallablesInState(LiveView):
    """A lambda and a generator are public attributes."""

    template = _shows("CallablesInState", "n")

    def mount(self, request, **kwargs):
        self.n = 0
        self.double = lambda number: number * 2
        self.numbers = (number for number in range(3))

    @event_handler
    def go(self, **kwargs):
        """Counts."""
        self.n += 1


class DifferentEachRender(LiveView):
    """The context has a value that is new in every render."""

    template = _shows("DifferentEachRender", "chance")

    def mount(self, request, **kwargs):
        self.n = 0

    def get_context_data(self, **kwargs):
        return super().get_context_data(**kwargs) | {"chance": random.randrange(10**9)}

    @event_handler
    def go(self, **kwargs):
        """Does nothing."""


class DatabaseOnly(LiveView):
    """The handler writes the database; the context asks it anew in each render."""

    template = _shows("DatabaseOnly", "total")

    def mount(self, request, **kwargs):
        self.n = 0

    def get_context_data(self, **kwargs):
        total = Product.objects.aggregate(total=models.Sum("quantity"))["total"]
        return super().get_context_data(**kwargs) | {"total": total}

    @event_handler
    def go(self, **kwargs):
        """One more of the first product."""
        Product.objects.filter(pk=Product.objects.order_by("pk").first().pk).update(
            quantity=models.F("quantity") + 1
        )


class SessionRestored(LiveView):
    """State that djust keeps in the session, so that `mount` is left out over the socket."""

    template = _shows("SessionRestored", "n")
    enable_state_snapshot = True

    def mount(self, request, **kwargs):
        self.n = 0
        self._hidden = 0

    @event_handler
    def go(self, **kwargs):
        """Counts."""
        self.n += 1
        self._hidden += 1
