"""djust sees nothing to render."""

import collections
import dataclasses

from django.db import models
from djust import LiveView
from djust.decorators import event_handler
from djust.push import push_to_view
from shop.models import Category, Product

from verdicts.case import case, shown
from verdicts.views.refused import Counting


@case("render-skipped")
class Skips(Counting):
    """Asks for no render."""

    template = shown()

    @event_handler
    def go(self, **kwargs):
        """Counts in secret."""
        self.n += 1
        self._skip_render = True


@case("render-skipped", event="look", params={"at": "3"})
class SkipsSometimes(Counting):
    """Asks for no render on one way."""

    template = shown()

    @event_handler
    def look(self, at: int = 0, **kwargs):
        """Looks."""
        self.n = at
        if at > 2:
            self._skip_render = True


@case(None)
class Renders(Counting):
    """Leaves the render alone."""

    template = shown()


@case("reserved-name")
class Slug(Counting):
    """`page_slug` is djust's."""

    template = shown("<p>{{ page_slug }}</p>")

    @event_handler
    def go(self, **kwargs):
        """Another page."""
        self.page_slug = "next"


@case("reserved-name", event="describe")
class ContentType(Counting):
    """`content_type` is djust's."""

    template = shown("<p>{{ content_type }}</p>")

    @event_handler
    def describe(self, **kwargs):
        """Another type."""
        self.content_type = "book"


@case(None)
class OwnSlug(Counting):
    """A name of one's own."""

    template = shown("<p>{{ slug }}</p>")

    def mount(self, request, **kwargs):
        self.slug = "first"

    @event_handler
    def go(self, **kwargs):
        """Another page."""
        self.slug = "next"


@case("set-before-init")
class Early(Counting):
    """A name from before `super().__init__()`."""

    template = shown("<p>{{ early }}</p>")

    def __init__(self, **kwargs):
        self.early = 0
        super().__init__(**kwargs)

    @event_handler
    def go(self, **kwargs):
        """One more."""
        self.early += 1


@case("set-before-init", event="rename")
class EarlyList(Counting):
    """A text from before `super().__init__()`."""

    template = shown("<p>{{ title }}</p>")

    def __init__(self, **kwargs):
        self.title = "old"
        super().__init__(**kwargs)

    @event_handler
    def rename(self, **kwargs):
        """Another title."""
        self.title = "new"


@case(None)
class Late(Counting):
    """The same name from behind it."""

    template = shown("<p>{{ late }}</p>")

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.late = 0

    @event_handler
    def go(self, **kwargs):
        """One more."""
        self.late += 1


@case("class-attribute")
class SharedList(Counting):
    """A list of the class."""

    template = shown("<p>{{ items|length }}</p>")
    items = []

    @event_handler
    def go(self, **kwargs):
        """One more."""
        self.items.append("thing")


@case("class-attribute", event="count")
class SharedDict(Counting):
    """A dict of the class."""

    template = shown("<p>{{ totals.n }}</p>")
    totals = {"n": 0}

    @event_handler
    def count(self, **kwargs):
        """One more."""
        self.totals["n"] += 1


@case(None)
class OwnList(Counting):
    """A list of the view."""

    template = shown("<p>{{ items|length }}</p>")

    def mount(self, request, **kwargs):
        self.items = []

    @event_handler
    def go(self, **kwargs):
        """One more."""
        self.items.append("thing")


@case("static-assign")
class Rates(Counting):
    """Rates that are handed over once."""

    template = shown("<p>{{ rates }}</p>")
    static_assigns = ["rates"]

    def mount(self, request, **kwargs):
        super().mount(request, **kwargs)
        self.rates = [1]

    @event_handler
    def go(self, **kwargs):
        """New rates."""
        self.rates = [2]


@case("static-assign", event="extend")
class Countries(Counting):
    """A list that is handed over once."""

    template = shown("<p>{{ countries|length }}</p>")
    static_assigns = ["countries"]

    def mount(self, request, **kwargs):
        super().mount(request, **kwargs)
        self.countries = ["de"]

    @event_handler
    def extend(self, **kwargs):
        """One more."""
        self.countries.append("fr")


@case(None)
class LiveRates(Counting):
    """Rates that are compared."""

    template = shown("<p>{{ rates }}</p>")

    def mount(self, request, **kwargs):
        super().mount(request, **kwargs)
        self.rates = [1]

    @event_handler
    def go(self, **kwargs):
        """New rates."""
        self.rates = [2]


@dataclasses.dataclass
class Basket:
    """Something that is bought."""

    count: int = 0
    names: list = dataclasses.field(default_factory=list)


@case("unseen-mutation")
class Dataclass(Counting):
    """A field of a dataclass."""

    template = shown("<p>{{ basket.count }}</p>")

    def mount(self, request, **kwargs):
        self.basket = Basket()

    @event_handler
    def go(self, **kwargs):
        """One more."""
        self.basket.count += 1


@case("unseen-mutation", event="buy")
class InAList(Counting):
    """An object in a list."""

    template = shown("<p>{{ baskets.0.count }}</p>")

    def mount(self, request, **kwargs):
        self.baskets = [Basket(), Basket()]

    @event_handler
    def buy(self, **kwargs):
        """One more in each."""
        for basket in self.baskets:
            basket.count += 1


@case("unseen-mutation", event="restock")
class Model(Counting):
    """A model that is read again."""

    template = shown("<p>{{ product.quantity }}</p>")

    def mount(self, request, **kwargs):
        self.product = Product.objects.order_by("pk").first()

    @event_handler
    def restock(self, **kwargs):
        """One more."""
        Product.objects.filter(pk=self.product.pk).update(quantity=models.F("quantity") + 1)
        self.product.refresh_from_db()


@case("unseen-mutation", event="push")
class Deque(Counting):
    """A deque."""

    template = shown("<p>{{ queue|length }}</p>")

    def mount(self, request, **kwargs):
        self.queue = collections.deque([1])

    @event_handler
    def push(self, **kwargs):
        """One more."""
        self.queue.append(2)


@case(None)
class Replaced(Counting):
    """A new dataclass."""

    template = shown("<p>{{ basket.count }}</p>")

    def mount(self, request, **kwargs):
        self.basket = Basket()

    @event_handler
    def go(self, **kwargs):
        """One more."""
        self.basket = dataclasses.replace(self.basket, count=self.basket.count + 1)


@case(None, event="push")
class PlainList(Counting):
    """A list, which djust looks into."""

    template = shown("<p>{{ queue|length }}</p>")

    def mount(self, request, **kwargs):
        self.queue = [1]

    @event_handler
    def push(self, **kwargs):
        """One more."""
        self.queue.append(2)


@case("own-broadcast-skipped")
class Chat(Counting):
    """Everybody hears of it but the one who says it."""

    template = shown("<p>{{ said }}</p>")

    def mount(self, request, **kwargs):
        self.said = ""

    @event_handler
    def go(self, **kwargs):
        """Says something."""
        push_to_view("verdicts.views.unseen.Chat", state={"said": "hello"})


@case("own-broadcast-skipped", event="announce")
class Board(Counting):
    """A method is called instead of a state set."""

    template = shown("<p>{{ n }}</p>")

    @event_handler
    def announce(self, **kwargs):
        """Tells all boards."""
        push_to_view("verdicts.views.unseen.Board", handler="handle_news", payload={"n": 3})

    def handle_news(self, n=0, **kwargs):
        """Hears of it."""
        self.n = n


@case(None)
class ChatWithMe(Counting):
    """The sender sets it as well."""

    template = shown("<p>{{ said }}</p>")

    def mount(self, request, **kwargs):
        self.said = ""

    @event_handler
    def go(self, **kwargs):
        """Says something."""
        self.said = "hello"
        push_to_view("verdicts.views.unseen.ChatWithMe", state={"said": "hello"})


@case("database-only")
class Updates(Counting):
    """Rows are updated."""

    template = shown("<p>{{ total }}</p>")

    def get_context_data(self, **kwargs):
        total = Product.objects.aggregate(total=models.Sum("quantity"))["total"]
        return super().get_context_data(**kwargs) | {"total": total}

    @event_handler
    def go(self, **kwargs):
        """One more of each."""
        Product.objects.update(quantity=models.F("quantity") + 1)


@case("database-only", event="add")
class Inserts(Counting):
    """A row is inserted and taken out again, by way of the instance."""

    template = shown("<p>{{ names }}</p>")

    def mount(self, request, **kwargs):
        self.names = list(Category.objects.values_list("name", flat=True))

    @event_handler
    def add(self, **kwargs):
        """One more."""
        category = Category(name="a shelf that nobody needs")
        category.save()
        category.delete()


@case(None)
class UpdatesAndReads(Counting):
    """Rows are updated and read again."""

    template = shown("<p>{{ total }}</p>")

    def mount(self, request, **kwargs):
        self.total = 0

    @event_handler
    def go(self, **kwargs):
        """One more of each."""
        Product.objects.update(quantity=models.F("quantity") + 1)
        self.total = Product.objects.aggregate(total=models.Sum("quantity"))["total"]


@case("transient-value")
class Loading(Counting):
    """A spinner that nobody sees."""

    template = shown("<p>{% if loading %}wait{% endif %}</p>")

    def mount(self, request, **kwargs):
        self.loading = False

    @event_handler
    def go(self, **kwargs):
        """Loads."""
        self.loading = True
        sum(range(1000))
        self.loading = False


@case("transient-value", event="save")
class Status(Counting):
    """A status that nobody reads."""

    template = shown("<p>{{ status }}</p>")

    def mount(self, request, **kwargs):
        self.status = "ready"

    @event_handler
    def save(self, **kwargs):
        """Saves."""
        self.status = "saving"
        sum(range(1000))
        self.status = "ready"


@case(None)
class Done(Counting):
    """A status that stays."""

    template = shown("<p>{{ status }}</p>")

    def mount(self, request, **kwargs):
        self.status = "ready"

    @event_handler
    def go(self, **kwargs):
        """Saves."""
        self.status = "saving"
        sum(range(1000))
        self.status = "saved"


@case("no-assignment")
class LocalCount(Counting):
    """`self.` was forgotten."""

    template = shown()

    @event_handler
    def go(self, **kwargs):
        """Counts for nobody."""
        n = self.n + 1
        assert n


@case("no-assignment", event="rename", params={"value": "b"})
class LocalName(LiveView):
    """`self.` was forgotten, with a parameter."""

    template = shown("<p>{{ title }}</p>")

    def mount(self, request, **kwargs):
        self.title = "a"

    @event_handler
    def rename(self, value: str = "", **kwargs):
        """Renames nobody."""
        title = value.strip().upper()
        assert title


@case("guard-returned", params={"value": ""})
class Guard(LiveView):
    """An empty value is not taken."""

    template = shown("<p>{{ query }}</p>")

    def mount(self, request, **kwargs):
        self.query = ""

    @event_handler
    def go(self, value: str = "", **kwargs):
        """Searches."""
        if not value:
            return
        self.query = value


@case("guard-returned", event="buy", params={"amount": "0"})
class GuardToo(LiveView):
    """Nothing is bought."""

    template = shown("<p>{{ bought }}</p>")

    def mount(self, request, **kwargs):
        self.bought = 0

    @event_handler
    def buy(self, amount: int = 0, **kwargs):
        """Buys."""
        if amount < 1:
            return None
        self.bought += amount
        return None


@case(None, params={"value": "tea"})
class Passed(LiveView):
    """A value that is taken."""

    template = shown("<p>{{ query }}</p>")

    def mount(self, request, **kwargs):
        self.query = ""

    @event_handler
    def go(self, value: str = "", **kwargs):
        """Searches."""
        if not value:
            return
        self.query = value


@case("same-value", params={"tab": "one"})
class SameTab(LiveView):
    """The tab that is open."""

    template = shown("<p>{{ tab }}</p>")

    def mount(self, request, **kwargs):
        self.tab = "one"

    @event_handler
    def go(self, tab: str = "", **kwargs):
        """Opens a tab."""
        self.tab = tab


@case("same-value", event="reset")
class Reset(Counting):
    """Zero again."""

    template = shown()

    @event_handler
    def reset(self, **kwargs):
        """Begins anew."""
        self.n = 0
