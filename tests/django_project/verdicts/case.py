"""A page, what is sent to it, and what the rules have to say of the last turn."""

from causes.page import page

# Name of the page → what is sent to it, and the code that has to be found; None if nothing may be.
CASES = {}

VIEWS = {}


def case(code, event="go", params=None, times=1, before=()):
    """Registers a view: `event` is sent `times` times, after the events in `before`."""

    def register(view):
        module = view.__module__.rpartition(".")[2]
        name = f"{module}-{view.__name__}"
        dotted = f"verdicts.views.{module}.{view.__name__}"
        if isinstance(view.template, _Shown):
            view.template = view.template.of(dotted)
        VIEWS[name] = view
        CASES[name] = {
            "view": dotted, "event": event, "params": params or {}, "times": times,
            "before": list(before), "code": code,
        }  # fmt: skip
        return view

    return register


class _Shown:
    """What is inside the root of a view that is not known yet, and what is around it."""

    def __init__(self, inside, above):
        self.inside, self.above = inside, above

    def of(self, dotted):
        """The whole page."""
        button = '<button id="go" dj-click="go">Go</button>'
        return page(f'{self.above}<div dj-root dj-view="{dotted}">{self.inside}{button}</div>')


def shown(inside="<p>{{ n }}</p>", above=""):
    """The template of a case."""
    return _Shown(inside, above)
