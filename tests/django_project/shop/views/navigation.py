"""Tabs in the address, and a way to another view on the same socket."""

from djust import LiveView
from djust.decorators import event_handler

TABS = {"home": "Welcome", "stock": "200 products", "about": "A small shop"}


class TabsView(LiveView):
    """The tab is in the address; `dj-patch` changes it without a load."""

    template_name = "shop/tabs.html"

    def mount(self, request, **kwargs):
        self.tab = "home"
        self.page = 1
        self._changes = 0

    def handle_params(self, params, uri):
        """The address changed."""
        self._changes += 1
        self.tab = params.get("tab", "home") if params.get("tab") in TABS else "home"
        self.page = int(params.get("page", 1) or 1)

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        context["text"] = TABS[self.tab]
        context["tabs"] = list(TABS)
        return context

    @event_handler
    def go(self, tab: str = "home", **kwargs):
        """Changes the address from a handler."""
        self.live_patch(params={"tab": tab})

    @event_handler
    def leave(self, **kwargs):
        """To the counter, over the same socket."""
        self.live_redirect("/counter/")
