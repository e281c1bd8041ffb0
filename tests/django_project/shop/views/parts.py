"""Components: one that is declared on the class, one that `mount()` makes."""

from djust import LiveComponent, LiveView
from djust.components.mixins.base import TypedState
from djust.decorators import event_handler


class Fold(LiveComponent):
    """A part that opens and closes."""

    template = '<div class="fold">{{ active }}: {{ seen }}</div>'

    class State(TypedState):
        """What each view has of it."""

        active: str = ""
        seen: int = 0


class Light(LiveComponent):
    """A part that is made in `mount()`."""

    template = '<div class="light">{{ shade }}</div>'

    def mount(self, **kwargs):
        self.shade = kwargs.get("shade", "red")

    def get_context_data(self):
        """What the template shows."""
        return {"shade": self.shade}


class PartsView(LiveView):
    """Opens the fold and switches the light."""

    template_name = "shop/parts.html"
    fold = Fold(active="first")

    def mount(self, request, **kwargs):
        self.light = Light(shade="red")
        self.n = 0

    @event_handler
    def open(self, **kwargs):
        """Changes the state of the component of the class."""
        self.fold.state.active = "second"

    @event_handler
    def switch(self, **kwargs):
        """Changes the component that `mount()` made."""
        self.light.shade = "green"
