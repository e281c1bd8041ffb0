"""Causes in the page's markup."""

from djust import LiveView
from djust.decorators import event_handler

from causes.page import page, root

_INSIDE = '<p id="v">{{ n }}</p><button id="go" dj-click="go">Go</button>'


class Counting(LiveView):
    """What all causes have in common: `go` counts."""

    template = root("roots.Counting")

    def mount(self, request, **kwargs):
        self.n = 0

    @event_handler
    def go(self, **kwargs):
        """One more."""
        self.n += 1


class NoRoot(Counting):
    """Only `dj-view`, no `dj-root`."""

    template = page(f'<div dj-view="causes.views.roots.NoRoot">{_INSIDE}</div>')


class NoView(Counting):
    """Only `dj-root`, no `dj-view`."""

    template = page(f"<div dj-root>{_INSIDE}</div>")


class UnsetViewVariable(Counting):
    """`dj-view` from a variable that nobody sets."""

    template = page(f"<div dj-root>{_INSIDE}</div>", ' dj-view="{{ dj_view_id }}"')


class ViewOnBody(Counting):
    """`dj-view` on the body, `dj-root` within."""

    template = page(f"<div dj-root>{_INSIDE}</div>", ' dj-view="causes.views.roots.ViewOnBody"')


class OutsideRoot(Counting):
    """The value is shown outside the root only."""

    template = page(
        '<p id="v">{{ n }}</p><div dj-root dj-view="causes.views.roots.OutsideRoot">'
        '<button id="go" dj-click="go">Go</button></div>'
    )


class PageScript(Counting):
    """The page's own script changes nodes inside the root."""

    template = page(
        '<div dj-root dj-view="causes.views.roots.PageScript"><ul id="own"><li>fixed</li></ul>'
        f"{_INSIDE}</div><script>addEventListener('djust:mounted', change);"
        "function change() { const root = document.querySelector('[dj-root]');"
        " if (document.getElementById('added')) return;"
        " const extra = document.createElement('p'); extra.id = 'added';"
        " root.prepend(extra); } setTimeout(change, 600);</script>"
    )


class OneSidedIf(Counting):
    """An `if` without `else` inside an attribute."""

    template = root(
        "roots.OneSidedIf",
        '<p id="v" class="a {% if n > 1 %}b{% endif %}">{{ n }}</p>'
        '<button id="go" dj-click="go">Go</button>',
    )


class InvalidNesting(Counting):
    """A block inside a paragraph, which a browser takes apart."""

    template = root(
        "roots.InvalidNesting",
        '<p>before<div id="v">{{ n }}</div>after</p><button id="go" dj-click="go">Go</button>',
    )


class DuplicateKeys(LiveView):
    """Two rows with one key, and a new order with each click."""

    template = root(
        "roots.DuplicateKeys",
        '<p id="v">{{ n }}</p><ul>{% for row in rows %}<li dj-key="{{ row.key }}">{{ row.text }}'
        '</li>{% endfor %}</ul><button id="go" dj-click="go">Go</button>',
    )

    def mount(self, request, **kwargs):
        self.n = 0
        self.rows = [
            {"key": "a", "text": "first a"},
            {"key": "a", "text": "second a"},
            {"key": "b", "text": "b"},
            {"key": "c", "text": "c"},
        ]

    @event_handler
    def go(self, **kwargs):
        """Turns the order round."""
        self.n += 1
        self.rows = list(reversed(self.rows))


class ManyPatches(LiveView):
    """Four hundred texts change at once."""

    template = root(
        "roots.ManyPatches",
        '<p id="v">{{ n }}</p><button id="go" dj-click="go">Go</button>'
        "{% for cell in cells %}<i>{{ cell }}</i> {% endfor %}",
    )

    def mount(self, request, **kwargs):
        self.n = 0
        self.cells = [0] * 400

    @event_handler
    def go(self, **kwargs):
        """Changes every cell."""
        self.n += 1
        self.cells = [self.n] * 400


class MissingClass(Counting):
    """The page names a view that does not exist."""

    template = page(f'<div dj-root dj-view="causes.views.roots.NoSuchView">{_INSIDE}</div>')
