"""It works, and costs more than it has to."""

import time

from djust import LiveView
from djust.decorators import event_handler
from shop.models import Product

from verdicts.case import case, shown
from verdicts.views.refused import Counting


@case("slow-handler")
class Sleeps(Counting):
    """Sleeps for 0.6 seconds."""

    template = shown()

    @event_handler
    def go(self, **kwargs):
        """Sleeps and counts."""
        time.sleep(0.6)
        self.n += 1


@case("slow-handler", event="compute")
class Computes(Counting):
    """Waits for a clock."""

    template = shown()

    @event_handler
    def compute(self, **kwargs):
        """Is busy."""
        end = time.monotonic() + 0.6
        while time.monotonic() < end:
            pass
        self.n += 1


@case(None)
class Quick(Counting):
    """Does not sleep."""

    template = shown()


@case("n-plus-one")
class Categories(LiveView):
    """A query for each product."""

    template = shown("<p>{{ names|length }}</p>")

    def mount(self, request, **kwargs):
        self.names = []

    @event_handler
    def go(self, **kwargs):
        """Asks again and again."""
        self.names = [product.category.name for product in Product.objects.all()[:8]]


@case("n-plus-one", event="load")
class OneByOne(LiveView):
    """A query for each number."""

    template = shown("<p>{{ names|length }}</p>")

    def mount(self, request, **kwargs):
        self.names = []

    @event_handler
    def load(self, **kwargs):
        """Asks again and again."""
        names = []
        for pk in range(1, 9):
            names.append(Product.objects.filter(pk=pk).values_list("name", flat=True).first())
        self.names = names


@case(None)
class Joined(LiveView):
    """One query."""

    template = shown("<p>{{ names|length }}</p>")

    def mount(self, request, **kwargs):
        self.names = []

    @event_handler
    def go(self, **kwargs):
        """Asks once."""
        products = Product.objects.select_related("category")[:8]
        self.names = [product.category.name for product in products]


@case("forced-html", times=2)
class Forced(Counting):
    """A flag that asks for all of it."""

    template = shown()

    @event_handler
    def go(self, **kwargs):
        """Counts."""
        self.n += 1
        self._force_full_html = True


@case("forced-html", event="touch", times=2)
class Named(Counting):
    """Names that are said to have changed."""

    template = shown()

    @event_handler
    def touch(self, **kwargs):
        """Counts."""
        self.n += 1
        self.set_changed_keys("n")


@case("html-instead-of-patch")
class ManyCells(LiveView):
    """Each of 400 cells is another one."""

    template = shown("{% for cell in cells %}<i>{{ cell }}</i> {% endfor %}")

    def mount(self, request, **kwargs):
        self.cells = list(range(400))

    @event_handler
    def go(self, **kwargs):
        """All of them."""
        self.cells = [cell + 1000 for cell in self.cells]
