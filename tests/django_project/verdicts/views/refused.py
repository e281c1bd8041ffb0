"""The handler never runs."""

from djust import LiveView
from djust.decorators import event_handler, permission_required, rate_limit

from verdicts.case import case, shown


class Counting(LiveView):
    """What the cases have in common."""

    template = shown()

    def mount(self, request, **kwargs):
        self.n = 0

    @event_handler
    def go(self, **kwargs):
        """One more."""
        self.n += 1


@case("frame-too-large", params={"text": "x" * 70_000})
class Paste(Counting):
    """A paste of 70 KB."""

    template = shown()


@case("frame-too-large", params={"rows": ["a row"] * 9_000})
class ManyRows(Counting):
    """A list that is too long."""

    template = shown()


@case(None, params={"text": "x" * 1_000})
class ShortPaste(Counting):
    """A paste that fits."""

    template = shown()


@case("unsafe-event-name", event="addItem")
class Capitals(Counting):
    """A name as JavaScript has them."""

    template = shown()

    @event_handler
    def addItem(self, **kwargs):  # noqa: N802
        """Is never called."""
        self.n += 1


@case("unsafe-event-name", event="go-now")
class Hyphen(Counting):
    """A name as HTML has them."""

    template = shown()


@case("handler-not-found", event="incrment")
class Misspelt(Counting):
    """A letter is missing."""

    template = shown()

    @event_handler
    def increment(self, **kwargs):
        """One more."""
        self.n += 1


@case("handler-not-found", event="remove")
class NobodyHome(Counting):
    """No handler has a name like it."""

    template = shown()


@case(None)
class Found(Counting):
    """The name that the view has."""

    template = shown()


@case("handler-not-decorated", event="plus")
class Bare(Counting):
    """A method without the decorator."""

    template = shown()

    def plus(self, **kwargs):
        """Not for the page."""
        self.n += 1


class _Mixin:
    def toggle(self, **kwargs):
        """Not for the page either."""
        self.n = 1 - self.n


@case("handler-not-decorated", event="toggle")
class FromMixin(_Mixin, Counting):
    """A method of a mixin without the decorator."""

    template = shown()


@case(None, event="plus")
class Decorated(Counting):
    """With the decorator."""

    template = shown()

    @event_handler
    def plus(self, **kwargs):
        """One more."""
        self.n += 1


@case("handler-denied", event="drop")
class Forbidden(Counting):
    """Nobody is logged in."""

    template = shown()

    @event_handler
    @permission_required("shop.delete_product")
    def drop(self, **kwargs):
        """Needs a permission."""
        self.n -= 1


@case("handler-denied", event="publish")
class ForbiddenToo(Counting):
    """Two permissions are wanted."""

    template = shown()

    @permission_required(["shop.add_product", "shop.change_product"])
    @event_handler
    def publish(self, **kwargs):
        """Needs permissions."""
        self.n += 1


@case("handler-rate-limited", times=3)
class OncePerMinute(Counting):
    """A limit that is reached at once."""

    template = shown()

    @rate_limit(rate=0.01, burst=1)
    @event_handler
    def go(self, **kwargs):
        """One more."""
        self.n += 1


@case("handler-rate-limited", event="ask", times=4)
class SlowAnswers(Counting):
    """Another limit."""

    template = shown()

    @event_handler
    @rate_limit(rate=0.02, burst=2)
    def ask(self, **kwargs):
        """Asks."""
        self.n += 10


@case(None, times=3)
class Unlimited(Counting):
    """No limit."""

    template = shown()


@case("handler-bad-params", params={"amount": "many"})
class WordForNumber(Counting):
    """A word where a number is wanted."""

    template = shown()

    @event_handler
    def go(self, amount: int = 1, **kwargs):
        """Adds."""
        self.n += amount


@case("handler-bad-params", event="pick")
class Missing(Counting):
    """Nothing is sent."""

    template = shown()

    @event_handler
    def pick(self, item_id: int, **kwargs):
        """Needs an id."""
        self.n = item_id


@case("handler-bad-params", params={"extra": "1"})
class Unexpected(Counting):
    """More is sent than is taken."""

    template = shown()

    @event_handler
    def go(self):
        """Takes nothing."""
        self.n += 1


@case(None, params={"amount": "3"})
class NumberForNumber(Counting):
    """A number in a text."""

    template = shown()

    @event_handler
    def go(self, amount: int = 1, **kwargs):
        """Adds."""
        self.n += amount


@case("model-binding-refused", event="update_model", params={"field": "note", "value": "a"})
class Unbound(Counting):
    """A name that no `dj-model` has."""

    template = shown()

    def mount(self, request, **kwargs):
        super().mount(request, **kwargs)
        self.note = ""


@case("model-binding-refused", event="update_model", params={"field": "_role", "value": "admin"})
class Private(Counting):
    """A private name."""

    template = shown()

    def mount(self, request, **kwargs):
        super().mount(request, **kwargs)
        self._role = ""


@case(None, event="update_model", params={"field": "note", "value": "a"})
class Bound(Counting):
    """A name that has a `dj-model`."""

    template = shown('<p>{{ n }}</p><input dj-model="note">')

    def mount(self, request, **kwargs):
        super().mount(request, **kwargs)
        self.note = ""


@case("near-miss-param", params={"itemId": "7"})
class CamelCase(Counting):
    """JavaScript's spelling."""

    template = shown()

    @event_handler
    def go(self, item_id: int = 0, **kwargs):
        """Picks."""
        self.n = item_id


@case("near-miss-param", event="choose", params={"product": "7"})
class Beginning(Counting):
    """The beginning of the name."""

    template = shown()

    @event_handler
    def choose(self, product_id: int = 0, **kwargs):
        """Picks."""
        if product_id:
            self.n = product_id


@case(None, params={"item_id": "7", "hint": "x"})
class SameName(Counting):
    """The name that is declared, and one more that is nobody's."""

    template = shown()

    @event_handler
    def go(self, item_id: int = 0, **kwargs):
        """Picks."""
        self.n = item_id
