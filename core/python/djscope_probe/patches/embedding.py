"""`djust.mixins.sticky`: views that are embedded in another view."""

from __future__ import annotations

from typing import Any

from .. import turns
from . import class_of, replace


def install(module: Any) -> None:
    """Wraps the registration of a child, which follows its `mount`."""
    registry = class_of(module, "StickyChildRegistry", "embedded views")
    if registry is not None:
        replace(registry, "_register_child", _registered, "mounts of embedded views")


def _registered(original: Any) -> Any:
    def register(self: Any, view_id: Any, child: Any) -> Any:
        answer = original(self, view_id, child)
        outer = turns.running()
        turn = turns.begin("mount") if outer is not None else None
        if outer is not None and turn is not None:
            turn.transport, turn.session_id = outer.transport, outer.session_id
            turn.client, turn.path = outer.client, outer.path
            turn.note("spans: the embedded view is mounted while its parent renders, see there")
            turns.finish(turn, child)
        return answer

    return register
