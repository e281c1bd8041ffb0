"""Exceptions, sessions, and progress that comes too late."""

import time

from djust.decorators import event_handler
from shop.models import Product

from verdicts.case import case, shown
from verdicts.views.refused import Counting


@case("handler-raised")
class Lookup(Counting):
    """A key that is not there."""

    template = shown()

    @event_handler
    def go(self, **kwargs):
        """Looks it up."""
        self.n = {"one": 1}["two"]


def _stock(pk):
    return Product.objects.get(pk=pk).quantity


@case("handler-raised", event="load")
class InHelper(Counting):
    """A function that the handler calls."""

    template = shown()

    @event_handler
    async def load(self, **kwargs):
        """Asks for a product that is not there."""
        from asgiref.sync import sync_to_async

        self.n = await sync_to_async(_stock)(987654)


@case(None)
class Guarded(Counting):
    """The key is looked for."""

    template = shown()

    @event_handler
    def go(self, **kwargs):
        """Looks it up."""
        self.n = {"one": 1}.get("two", 2)


@case("render-raised")
class Context(Counting):
    """The context breaks after the first click."""

    template = shown()

    def get_context_data(self, **kwargs):
        return super().get_context_data(**kwargs) | {"rest": 10 // (1 - self.n)}


@case("render-raised", event="load")
class Property(Counting):
    """A function that the context calls."""

    template = shown()

    def mount(self, request, **kwargs):
        super().mount(request, **kwargs)
        self.rows = [1]

    def _first(self):
        return self.rows[0]

    def get_context_data(self, **kwargs):
        return super().get_context_data(**kwargs) | {"first": self._first()}

    @event_handler
    def load(self, **kwargs):
        """Finds nothing."""
        self.rows = []


@case(None)
class SafeContext(Counting):
    """A context that holds."""

    template = shown()

    def get_context_data(self, **kwargs):
        return super().get_context_data(**kwargs) | {"rest": 10 // (1 + self.n)}


@case("session-not-saved")
class Cart(Counting):
    """A cart in the session."""

    template = shown()

    @event_handler
    def go(self, **kwargs):
        """Keeps the count."""
        self.n += 1
        self.request.session["cart"] = self.n


@case("session-not-saved", event="forget", before=["go"])
class Forgetting(Counting):
    """Something is taken out of the session."""

    template = shown()

    @event_handler
    def forget(self, **kwargs):
        """Clears."""
        self.request.session.update({"seen": True})
        self.n = 0


@case(None)
class SavedCart(Counting):
    """The session is saved."""

    template = shown()

    @event_handler
    def go(self, **kwargs):
        """Keeps the count."""
        self.n += 1
        self.request.session["cart"] = self.n
        self.request.session.save()


@case("flush-at-end")
class Progress(Counting):
    """Three steps in one handler."""

    template = shown()

    @event_handler
    def go(self, **kwargs):
        """Says how far it is."""
        for step in range(3):
            time.sleep(0.12)
            self.push_event("progress", {"step": step})
        self.n += 1


@case("flush-at-end", event="work")
class Announced(Counting):
    """The beginning is announced."""

    template = shown()

    @event_handler
    def work(self, **kwargs):
        """Announces, works, and is done."""
        self.push_event("started", {})
        time.sleep(0.35)
        self.push_event("done", {})
        self.n += 1


@case(None)
class OneNews(Counting):
    """One event for the page, at the end."""

    template = shown()

    @event_handler
    def go(self, **kwargs):
        """Counts and says so."""
        self.n += 1
        self.push_event("done", {})
