"""`djust.mixins.request`: the first render of a page, and events over POST."""

from __future__ import annotations

import json
from typing import Any

from .. import failures, sessions, trouble, turns
from . import class_of, replace


def install(module: Any) -> None:
    """Wraps `get` and `post` of every view."""
    mixin = class_of(module, "RequestMixin", "turns over HTTP")
    if mixin is None:
        return
    replace(mixin, "get", _page, "first renders of pages")
    replace(mixin, "post", _post, "events over HTTP")
    replace(module, "validate_handler_params", _validated, None)
    replace(module, "run_on_mount_hooks", _mounting, None)


def install_view(module: Any) -> None:
    """`djust.live_view`: marks the end of `mount` in the first render of a page."""
    view = class_of(module, "LiveView", "views")
    if view is not None:
        for base in view.__mro__:
            # Called right after `mount`, and right after the handler of a POST.
            replace(base, "_snapshot_user_private_attrs", _mounted, None)
            replace(base, "_get_private_state", _mounted, None)


def _begin(view: Any, request: Any, kind: str) -> turns.Turn | None:
    turn = turns.begin(kind, "http", joins=True)
    if turn is not None:
        try:
            meta = request.META
            address, port = meta.get("REMOTE_ADDR"), meta.get("REMOTE_PORT")
            turn.client = [address, int(port)] if port else ([address, 0] if address else None)
            turn.method = request.method
            turn.path = request.get_full_path()
            turn.sees(view)
        except Exception as error:
            trouble.failed("turns over HTTP", error)
    return turn


def _page(original: Any) -> Any:
    def get(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        turn = _begin(self, request, "mount")
        if turn is not None:
            turn.params = turns.told_params(kwargs)
        return _answer(turn, self, original, request, args, kwargs)

    return get


def _post(original: Any) -> Any:
    def post(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        turn = _begin(self, request, "event")
        if turn is not None:
            _describe(turn, request)
        return _answer(turn, self, original, request, args, kwargs)

    return post


def _answer(
    turn: turns.Turn | None, view: Any, original: Any, request: Any, args: Any, kwargs: Any
) -> Any:
    if turn is None:
        return original(view, request, *args, **kwargs)
    try:
        return original(view, request, *args, **kwargs)
    except BaseException as error:
        failures.leave_unseen(error)
        if isinstance(error, Exception):
            turn.raised(error)
        raise
    finally:
        turns.finish(turn, view)


def _describe(turn: turns.Turn, request: Any) -> None:
    try:
        # djust reads the same body, which Django keeps once it was read.
        data = json.loads(request.body)
        header = request.headers.get("X-Djust-Event")
        turn.event = data.get("event", header)
        turn.params = turns.told_params(data.get("params") if "event" in data else data)
    except Exception:
        turn.event = request.headers.get("X-Djust-Event")


def _mounting(original: Any) -> Any:
    """Its end is where `mount` begins; there is nothing else in between."""

    def run_on_mount_hooks(view: Any, *args: Any, **kwargs: Any) -> Any:
        answer = original(view, *args, **kwargs)
        turn = turns.running()
        if turn is not None and turn.transport == "http" and turn.kind == "mount":
            sessions.mounting(turn, getattr(view, "kwargs", None))
            _opens(turn, "mount")
        return answer

    return run_on_mount_hooks


def _mounted(original: Any) -> Any:
    def snapshot(self: Any, *args: Any, **kwargs: Any) -> Any:
        turn = turns.running()
        if turn is not None and turn.mounting is not None:
            _closes(turn)
            if turn.kind == "event":
                # While it renders an answer to POST, djust puts what the context
                # processors give on the view.
                turn.takes_after(self)
        return original(self, *args, **kwargs)

    return snapshot


def _opens(turn: turns.Turn, name: str) -> None:
    try:
        turn.waited()
        turn.mounting = turn.starts("handler", name)
        turns.open_span.set(turn.mounting[0])
    except Exception as error:
        trouble.failed("span", error)


def _closes(turn: turns.Turn) -> None:
    if turn.mounting is not None:
        turn.ends(turn.mounting)
    turn.mounting = None
    turns.open_span.set(None)


def _validated(original: Any) -> Any:
    """The last step of a POST before its handler, with the state as the session gave it."""

    def validate(handler: Any, *args: Any, **kwargs: Any) -> Any:
        turn = turns.running()
        if turn is None or turn.transport != "http":
            return original(handler, *args, **kwargs)
        turn.takes_before(getattr(handler, "__self__", None))
        answer = original(handler, *args, **kwargs)
        if answer.get("valid"):
            _opens(turn, getattr(handler, "__name__", "handler"))
        return answer

    return validate
