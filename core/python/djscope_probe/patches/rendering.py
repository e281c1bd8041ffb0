"""`djust.mixins.template` and `.rust_bridge`: context, render and what is rendered."""

from __future__ import annotations

from typing import Any

from .. import bounds, failures, handed, trouble, turns
from ..views import record_of
from . import calls, class_of, replace, version

_PHASES = ("template", "parse", "diff", "serialize")
# The renderer's own names for these phases.
_KEYS = {"template": ("render_ms", "render"), "parse": ("parse_ms", "parse"),
         "diff": ("diff_ms", "diff"), "serialize": ("serialize_ms", "serialize")}  # fmt: skip


def install_template(module: Any) -> None:
    """Wraps the render."""
    mixin = class_of(module, "TemplateMixin", "renders")
    if mixin is not None:
        replace(mixin, "render_with_diff", _render, "renders")
        replace(mixin, "render_full_template", _full, None)


def install_bridge(module: Any) -> None:
    """Wraps the hand-over of the context to the renderer."""
    mixin = class_of(module, "RustBridgeMixin", "context and rendered names")
    if mixin is not None:
        replace(mixin, "_sync_state_to_rust", _sync, "context and rendered names")


def _render(original: Any) -> Any:
    def render_with_diff(self: Any, *args: Any, **kwargs: Any) -> Any:
        turn = turns.running()
        if turn is None:
            return original(self, *args, **kwargs)
        _entered(turn, self)
        inside = calls.timed(turn, original, "render", "render")
        position = len(turn.spans)
        result = inside(self, *args, **kwargs)
        _rendered(turn, self, result, position)
        return result

    return render_with_diff


def _full(original: Any) -> Any:
    def render_full_template(self: Any, *args: Any, **kwargs: Any) -> Any:
        turn = turns.running()
        if turn is None:
            return original(self, *args, **kwargs)
        _entered(turn, self)
        return calls.timed(turn, original, "page", "render")(self, *args, **kwargs)

    return render_full_template


def _entered(turn: turns.Turn, view: Any) -> None:
    try:
        if turn.record is None or turn.record is record_of(view):
            turn.takes_after(view)
    except Exception as error:
        trouble.failed("state", error)


def _rendered(turn: turns.Turn, view: Any, result: Any, position: int) -> None:
    try:
        span = turn.spans[position] if position < len(turn.spans) else None
        timing = view.__dict__.get("_rust_render_timing")
        if span is not None and isinstance(timing, dict):
            _lay(turn, span, timing)
        elif timing is None:
            turn.note(f"render phases: djust {version()} gives none")
        record = record_of(view)
        if record.rendered % bounds.KEYFRAME_EVERY == 0 and turn.kind != "mount":
            turn.html = (view, result[0])
        record.rendered += 1
    except Exception as error:
        trouble.failed("renders", error)


def _lay(turn: turns.Turn, span: list[Any], timing: dict[str, Any]) -> None:
    """The phases, of which only the length is known, end to end at the end of the render."""
    lengths = []
    for phase in _PHASES:
        found = next((timing[key] for key in _KEYS[phase] if key in timing), None)
        if isinstance(found, (int, float)):
            lengths.append((phase, int(found * 1000)))
    at = max(span[4], span[4] + span[5] - sum(length for _, length in lengths))
    for phase, length in lengths:
        turn.spans.append([len(turn.spans), span[0], phase, "", at, length, None, span[7]])
        at += length


class _Listening:
    """Stands before the renderer while the context is handed over, to see what it is given."""

    def __init__(self, renderer: Any, turn: turns.Turn, view: Any) -> None:
        self._renderer = renderer
        self._turn = turn
        self._view = view
        own = view.__dict__
        # What djust has handed over before it compares with, unless all is wanted again.
        self._is_first = not own.get("_prev_context_refs") or own.get("_force_full_html") is True
        # Methods that a renderer may lack are here only if it has them: djust asks.
        if hasattr(renderer, "set_changed_keys"):
            self.set_changed_keys = self._set_changed_keys
        if hasattr(renderer, "retain_state_keys"):
            self.retain_state_keys = self._retain_state_keys
        if hasattr(renderer, "patch_component_subtree"):
            self.patch_component_subtree = self._patch_component_subtree

    def __getattr__(self, name: str) -> Any:
        return getattr(self._renderer, name)

    def update_state(self, context: Any, *args: Any, **kwargs: Any) -> Any:
        """Notes the names and passes them on."""
        names = self._turn.rendered
        if names is None:
            self._turn.rendered = list(context)
        else:
            names.extend(name for name in context if name not in names)
        handed.given(self._turn, self._view, self._renderer, context, self._is_first)
        return self._renderer.update_state(context, *args, **kwargs)

    def _retain_state_keys(self, keys: Any, *args: Any, **kwargs: Any) -> Any:
        removed = self._renderer.retain_state_keys(keys, *args, **kwargs)
        if removed:
            handed.taken_back(self._view, removed)
        return removed

    def _patch_component_subtree(self, name: Any, html: Any, *args: Any, **kwargs: Any) -> Any:
        result = self._renderer.patch_component_subtree(name, html, *args, **kwargs)
        if result is not None and type(name) is str:
            # The renderer keeps the component's new HTML under its name.
            handed.given(self._turn, self._view, self._renderer, {name: html}, False)
            self._turn.rendered = [*(self._turn.rendered or ()), name]
        return result

    def _set_changed_keys(self, keys: Any, *args: Any, **kwargs: Any) -> Any:
        handed.named(self._turn, self._view, keys)
        return self._renderer.set_changed_keys(keys, *args, **kwargs)


def _sync(original: Any) -> Any:
    def sync(self: Any, *args: Any, **kwargs: Any) -> Any:
        turn = turns.running()
        if turn is None:
            return original(self, *args, **kwargs)
        _entered(turn, self)
        own = self.__dict__
        renderer = own.get("_rust_view")
        listening = None
        try:
            if renderer is not None and hasattr(renderer, "update_state"):
                listening = own["_rust_view"] = _Listening(renderer, turn, self)
                if turn.rendered is None:
                    # A render to which nothing is handed over is one all the same.
                    turn.rendered = []
            own["get_context_data"] = _context_of(turn, self)
        except Exception as error:
            trouble.failed("context", error)
        try:
            return original(self, *args, **kwargs)
        except BaseException as error:
            failures.leave_unseen(error)
            raise
        finally:
            own.pop("get_context_data", None)
            if listening is not None and own.get("_rust_view") is listening:
                own["_rust_view"] = renderer

    return sync


def scoped(original: Any) -> Any:
    """One component of the class rendered alone, which djust 1.2 does if nothing else has changed."""

    async def render_scoped_component(self: Any, view: Any, component: Any) -> Any:
        turn = turns.running()
        if turn is None:
            return await original(self, view, component)
        _entered(turn, view)
        own = view.__dict__
        renderer = own.get("_rust_view")
        listening = None
        try:
            if renderer is not None:
                listening = own["_rust_view"] = _Listening(renderer, turn, view)
        except Exception as error:
            trouble.failed("components", error)
        position = len(turn.spans)
        inside = calls.timed(turn, original, str(getattr(component, "component_id", "")), "render")
        result = None
        try:
            result = await inside(self, view, component)
            return result
        finally:
            if listening is not None and own.get("_rust_view") is listening:
                own["_rust_view"] = renderer
            _scoped_ended(turn, view, position, is_done=result is not None)

    return render_scoped_component


@trouble.guarded
def _scoped_ended(turn: turns.Turn, view: Any, position: int, *, is_done: bool) -> None:
    span = turn.spans[position] if position < len(turn.spans) else None
    timing = view.__dict__.get("_rust_render_timing")
    if span is not None and is_done and isinstance(timing, dict):
        _lay(turn, span, timing)
    elif span is not None:
        # The whole view is rendered after it.
        span[2] = "other"


def _context_of(turn: turns.Turn, view: Any) -> Any:
    """`get_context_data` for one call; it is off the instance before the user's code runs."""

    def get_context_data(*args: Any, **kwargs: Any) -> Any:
        view.__dict__.pop("get_context_data", None)
        method = view.get_context_data
        context = calls.timed(turn, method, "get_context_data", "context")(*args, **kwargs)
        try:
            turn.context = [name for name in context if type(name) is str]
        except Exception as error:
            trouble.failed("context", error)
        return context

    return get_context_data
