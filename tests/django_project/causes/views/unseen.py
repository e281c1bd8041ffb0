"""Causes in a handler that runs, and whose change nobody sees."""

from djust import LiveView
from djust.decorators import event_handler

from causes.page import root


def _shows(view, expression="n"):
    value = '<p id="v">{{ %s }}</p><button id="go" dj-click="go">Go</button>' % expression
    return root(f"unseen.{view}", value)


class _Counting(LiveView):
    def mount(self, request, **kwargs):
        self.n = 0


class LocalName(_Counting):
    """The result goes to a local name instead of the view."""

    template = _shows("LocalName")

    @event_handler
    def go(self, **kwargs):
        """Forgets what it counts."""
        n = self.n + 1
        return n


class SameValue(_Counting):
    """The view is given the value that it had."""

    template = _shows("SameValue")

    @event_handler
    def go(self, **kwargs):
        """Counts nothing."""
        self.n = max(self.n, 0)


class ReservedName(LiveView):
    """A name that djust keeps for itself, and never compares."""

    template = _shows("ReservedName", "content_type")

    def mount(self, request, **kwargs):
        self.content_type = "letters"

    @event_handler
    def go(self, **kwargs):
        """Shows another type."""
        self.content_type = "pictures"


class SetBeforeInit(LiveView):
    """A name that is there before djust's own `__init__`, which takes it for its own."""

    template = _shows("SetBeforeInit")

    def __init__(self, **kwargs):
        self.n = 0
        super().__init__(**kwargs)

    def mount(self, request, **kwargs):
        self.n = 0

    @event_handler
    def go(self, **kwargs):
        """Counts."""
        self.n += 1


class ClassAttribute(LiveView):
    """A list of the class, which all views share."""

    template = _shows("ClassAttribute", "rows|length")
    rows = []

    def mount(self, request, **kwargs):
        self.n = 0

    @event_handler
    def go(self, **kwargs):
        """One more for everybody."""
        self.rows.append("row")


class StaticAssign(_Counting):
    """A name that was promised to stay as it is."""

    template = _shows("StaticAssign")
    static_assigns = ["n"]

    @event_handler
    def go(self, **kwargs):
        """Counts."""
        self.n += 1


class Guarded(LiveView):
    """A handler that returns at once, because of what an earlier one left behind."""

    template = _shows("Guarded")

    def mount(self, request, **kwargs):
        self.n = 0
        self.is_busy = False
        self.notes = ["one", "two"]
        self.title = "Guarded"

    @event_handler
    def hold(self, **kwargs):
        """Never lets go."""
        self.is_busy = True

    @event_handler
    def note(self, **kwargs):
        """Writes something down."""
        self.notes = [*self.notes, "three"]

    @event_handler
    def go(self, **kwargs):
        """Counts, if nothing is going on."""
        if self.is_busy:
            return
        self.n += 1


class Transient(_Counting):
    """A value that is gone when the handler ends."""

    template = _shows("Transient")

    @event_handler
    def go(self, **kwargs):
        """There and back."""
        self.n += 1
        self.n -= 1


class Skipped(_Counting):
    """A handler that asks for no render, and should not."""

    template = _shows("Skipped")

    @event_handler
    def go(self, **kwargs):
        """Counts quietly."""
        self.n += 1
        self._skip_render = True


class Item:
    """One of a list."""

    def __init__(self, text):
        self.text = text


class InPlaceItem(LiveView):
    """An object inside a list is changed in place."""

    template = _shows("InPlaceItem", "items.0.text")

    def mount(self, request, **kwargs):
        self.items = [Item("old"), Item("other")]

    @event_handler
    def go(self, **kwargs):
        """Same list, same object."""
        self.items[0].text = "new"


class Misnamed(_Counting):
    """The handler writes a name that differs in one letter from the one that is shown."""

    template = _shows("Misnamed")

    @event_handler
    def go(self, **kwargs):
        """Counts elsewhere."""
        self.nn = self.n + 1
