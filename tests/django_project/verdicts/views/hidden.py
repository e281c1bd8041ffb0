"""djust renders, and the page comes out the same."""

import datetime
import decimal

from djust import LiveView
from djust.decorators import event_handler, state

from verdicts.case import case, shown
from verdicts.views.refused import Counting


@case("dropped-from-context")
class Due(Counting):
    """A date that is declared."""

    template = shown("<p>due {{ due }}</p>")
    due = state(datetime.date(2026, 1, 1))

    @event_handler
    def go(self, **kwargs):
        """Later."""
        self.due = datetime.date(2026, 2, 1)


@case("dropped-from-context", event="raise_price")
class Price(Counting):
    """A decimal that is declared."""

    template = shown("<p>{{ price }}</p>")
    price = state(decimal.Decimal("1.00"))

    @event_handler
    def raise_price(self, **kwargs):
        """Dearer."""
        self.price = decimal.Decimal("2.00")


@case(None)
class DueText(Counting):
    """The date as a text."""

    template = shown("<p>due {{ due }}</p>")
    due = state("2026-01-01")

    @event_handler
    def go(self, **kwargs):
        """Later."""
        self.due = "2026-02-01"


@case("private-only")
class Secret(Counting):
    """A count with an underscore."""

    template = shown("<p>{{ n }}</p>")

    def mount(self, request, **kwargs):
        super().mount(request, **kwargs)
        self._count = 0

    @event_handler
    def go(self, **kwargs):
        """One more."""
        self._count += 1


@case("private-only", event="sort")
class SecretOrder(LiveView):
    """A list with an underscore."""

    template = shown("<p>{{ rows }}</p>")

    def mount(self, request, **kwargs):
        self.rows = [1, 2]
        self._rows = [1, 2]

    @event_handler
    def sort(self, **kwargs):
        """The other way round."""
        self._rows.reverse()


@case(None)
class Public(LiveView):
    """A count without."""

    template = shown("<p>{{ count }}</p>")

    def mount(self, request, **kwargs):
        self.count = 0

    @event_handler
    def go(self, **kwargs):
        """One more."""
        self.count += 1


@case("outside-root")
class Above(Counting):
    """The count stands above the root."""

    template = shown("<p>nothing</p>", above="<h1>{{ n }}</h1>")


@case("outside-root", event="rename")
class Heading(LiveView):
    """The title stands above the root."""

    template = shown("<div><div>inside</div></div>", above="<header><h1>{{ title }}</h1></header>")

    def mount(self, request, **kwargs):
        self.title = "a"

    @event_handler
    def rename(self, **kwargs):
        """Another title."""
        self.title = "b"


@case(None)
class Inside(Counting):
    """The count stands inside the root."""

    template = shown("<h1>{{ n }}</h1>")


@case("unused-in-template")
class Unused(Counting):
    """The template shows another name."""

    template = shown("<p>{{ number }}</p>")


@case("unused-in-template", event="load")
class UnusedRows(LiveView):
    """Rows that nobody shows."""

    template = shown("<ul>{% for item in items %}<li>{{ item }}</li>{% endfor %}</ul>")

    def mount(self, request, **kwargs):
        self.rows = []

    @event_handler
    def load(self, **kwargs):
        """Loads."""
        self.rows = ["tea", "milk"]


@case(None)
class Used(LiveView):
    """Rows that are shown."""

    template = shown("<ul>{% for row in rows %}<li>{{ row }}</li>{% endfor %}</ul>")

    def mount(self, request, **kwargs):
        self.rows = []

    @event_handler
    def go(self, **kwargs):
        """Loads."""
        self.rows = ["tea", "milk"]


@case("branch-not-taken")
class Closed(Counting):
    """What shows the count is closed."""

    template = shown("<p>{% if is_open %}{{ n }}{% endif %}</p>")

    def mount(self, request, **kwargs):
        super().mount(request, **kwargs)
        self.is_open = False


@case("branch-not-taken", event="load")
class NoRows(LiveView):
    """A loop without a row."""

    template = shown("<p>{% for row in rows %}{{ row }} {{ unit }}{% endfor %}</p>")

    def mount(self, request, **kwargs):
        self.rows = []
        self.unit = "kg"

    @event_handler
    def load(self, **kwargs):
        """Another unit."""
        self.unit = "lb"


@case(None)
class Open(Counting):
    """What shows the count is open."""

    template = shown("<p>{% if is_open %}{{ n }}{% endif %}</p>")

    def mount(self, request, **kwargs):
        super().mount(request, **kwargs)
        self.is_open = True


@case("same-text")
class Rounded(LiveView):
    """Both are twelve."""

    template = shown("<p>{{ price|floatformat:0 }}</p>")

    def mount(self, request, **kwargs):
        self.price = 12.2

    @event_handler
    def go(self, **kwargs):
        """A little dearer."""
        self.price = 12.3


@case("same-text", event="rename")
class Upper(LiveView):
    """Capitals either way."""

    template = shown("<p>{{ title|upper }}</p>")

    def mount(self, request, **kwargs):
        self.title = "tea"

    @event_handler
    def rename(self, **kwargs):
        """The same word."""
        self.title = "TEA"


@case(None)
class Exact(LiveView):
    """All digits."""

    template = shown("<p>{{ price|floatformat:2 }}</p>")

    def mount(self, request, **kwargs):
        self.price = 12.2

    @event_handler
    def go(self, **kwargs):
        """A little dearer."""
        self.price = 12.3
