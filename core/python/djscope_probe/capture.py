"""A view's state at one moment, copied cheaply in the application's own thread.

Plain data is copied by `marshal`, which walks built-in containers in C and
refuses everything else; what it refuses is encoded at once by `values`. The
encoding of marshalled data is left to the sender's thread.
"""

from __future__ import annotations

import itertools
import marshal
import sys
import types
from typing import Any

from . import bounds, trouble, values

_SCALARS = frozenset({type(None), bool, int, float, str})
_PLAIN = frozenset({list, dict, tuple, set, frozenset, bytes})

# Set on the instance by djust after its own `__init__`, so that its list of
# framework attributes does not have them.
_KEPT_BY_DJUST = frozenset({
    "request", "args", "kwargs", "client_timezone", "_framework_attrs",
    "_user_private_keys", "_reactive_state", "_jit_serialized_keys",
    "_context_processor_keys", "_cached_csrf_token", "_sync_done_this_cycle",
    "_changed_keys", "_force_full_html", "_skip_render", "_cached_context", "_lazy_thunks",
    "_async_running", "_async_tasks", "_async_pending", "_async_cancelled",
    "_full_template", "_template", "_view_id", "_parent_view", "_tenant", "_object",
    "_components", "_child_views", "_static_assigns_sent", "_current_html_size",
    "_previous_html_size", "_should_reset_form", "_hvr_version",
    "_temporary_assigns_initialized", "_async_task_counter", "_upload_manager",
    "_upload_configs_saved",
})  # fmt: skip
_PREFIXES = (
    "_djust_", "_rust_", "_websocket_", "_prev_context_", "_dirty_baseline", "_django_session",
    "_dj_model",
)  # fmt: skip

_MACHINERY = ("djust.", "django.", "builtins.")

SKIP, PUBLIC, PRIVATE = 0, 1, 2


class Packed:
    """Plain data, marshalled; encoded by the sender."""

    __slots__ = ("data", "digest", "json", "kind", "length")

    def __init__(
        self, data: bytes, kind: str, length: int | None = None, digest: str | None = None
    ) -> None:
        self.data = data
        self.kind = kind
        # Of the whole value, and a digest of what is not in `data`, if that is not all of it.
        self.length = length
        self.digest = digest
        self.json: str | None = None

    def encoded(self) -> Any:
        """The value as data that `json.dumps` takes."""
        told = values.Encoder(yields=True).encode(marshal.loads(self.data))
        if self.length is not None:
            kept = told["$cut"]["kept"] if type(told) is dict and "$cut" in told else told
            return values.cut(self.kind, self.length, kept, self.digest)
        return told

    def equals(self, other: Packed) -> bool:
        """Whether both are told alike."""
        return (
            self.data == other.data
            and self.length == other.length
            and self.digest == other.digest
        )


class Encoded:
    """A value that holds more than plain data, encoded when it was captured."""

    __slots__ = ("json", "tree")

    def __init__(self, tree: Any) -> None:
        self.tree = tree
        self.json: str | None = None


def pack(value: Any) -> Any:
    """A copy of any value that later changes of the value cannot reach."""
    kind = type(value)
    if kind in _SCALARS:
        return value
    if kind in _PLAIN:
        try:
            return _marshalled(value, kind)
        except (ValueError, RecursionError, MemoryError):
            pass
    return Encoded(values.Encoder(bounds.MAX_WALK).encode(value))


def _marshalled(value: Any, kind: type) -> Packed:
    if len(value) <= bounds.MAX_ITEMS or kind is bytes:
        return Packed(marshal.dumps(value), kind.__name__)
    if kind not in (list, tuple):
        raise ValueError("cut while it is encoded")
    told = marshal.dumps(value[: bounds.MAX_ITEMS])
    rest = itertools.islice(value, bounds.MAX_ITEMS, None)
    return Packed(told, kind.__name__, len(value), values.digest_of_rest(rest))


class State:
    """The names of a view and their copied values."""

    __slots__ = ("private", "public", "weight")

    def __init__(self) -> None:
        self.public: dict[str, Any] = {}
        self.private: dict[str, Any] = {}
        self.weight = 0


class Names:
    """Which of one view's attributes are the user's: public, private, or neither."""

    __slots__ = ("before_init", "framework", "kinds", "slots", "view_class")

    def __init__(self, view: Any) -> None:
        self.view_class = type(view)
        # What is rendered and never compared is state all the same.
        self.before_init = _set_before_init(view)
        self.framework = (view.__dict__.get("_framework_attrs") or frozenset()) - self.before_init
        self.kinds: dict[str, int] = {}
        self.slots = _descriptor_slots(type(view))

    def kind(self, name: str, value: Any) -> int:
        """Decides about a name once, when it is first seen."""
        kind = SKIP
        if type(name) is str and not (name in self.framework or name in _KEPT_BY_DJUST):
            live_view = sys.modules.get("djust.live_view")
            internal: frozenset[str] = getattr(live_view, "_FRAMEWORK_INTERNAL_ATTRS", frozenset())
            if name in self.slots:
                kind = PUBLIC
            elif name.startswith(_PREFIXES) or name in internal:
                kind = SKIP
            elif self._is_default(live_view, name, value):
                return SKIP
            else:
                kind = PRIVATE if name[:1] == "_" else PUBLIC
        self.kinds[name] = kind
        return kind

    def _is_default(self, live_view: Any, name: str, value: Any) -> bool:
        """A class attribute of djust that a restored session put on the instance."""
        base = getattr(live_view, "LiveView", None)
        stem = name.removesuffix("_count")
        if base is None or not hasattr(base, stem):
            # `View.setup` makes `head` a second name of `get`.
            return name == "head" and type(value) is types.MethodType
        if name != stem:
            # djust adds the length of each list to the context.
            return isinstance(getattr(base, stem), (list, tuple))
        default = getattr(self.view_class, name, None)
        if value is default:
            return True
        if type(value) in _SCALARS:
            return type(default) is type(value) and value == default
        return type(value) in _PLAIN and type(default) in _PLAIN and not value and not default


_bare: frozenset[str] | None = None


def _set_before_init(view: Any) -> frozenset[str]:
    """Names that the user's `__init__` set before that of djust, which takes them for its own."""
    framework = view.__dict__.get("_framework_attrs")
    live_view = getattr(sys.modules.get("djust.live_view"), "LiveView", None)
    if not isinstance(framework, frozenset) or live_view not in type(view).__mro__:
        return frozenset()
    named: set[str] = set()
    for base in type(view).__mro__:
        own = vars(base).get("__init__")
        if type(own) is types.FunctionType and not f"{base.__module__}.".startswith(_MACHINERY):
            named.update(own.__code__.co_names)
    if named.isdisjoint(framework):
        return frozenset()
    bare = _of_bare_view(live_view)
    return (framework & named) - bare if bare else frozenset()


def _of_bare_view(live_view: Any) -> frozenset[str]:
    """What a view without any code of the user's has when djust's `__init__` ends."""
    global _bare
    if _bare is None:
        try:
            _bare = frozenset(live_view().__dict__.get("_framework_attrs") or ())
        except Exception as error:
            trouble.failed("attributes of a bare view", error)
            _bare = frozenset()
    return _bare


def is_frameworks(name: str) -> bool:
    """Whether djust itself puts this name into every context."""
    live_view = sys.modules.get("djust.live_view")
    stem = name.removesuffix("_count")
    internal: frozenset[str] = getattr(live_view, "_FRAMEWORK_INTERNAL_ATTRS", frozenset())
    base = getattr(live_view, "LiveView", None)
    if name in _KEPT_BY_DJUST or stem in internal:
        return True
    return base is not None and stem in vars(base) and not callable(getattr(base, stem))


def _descriptor_slots(cls: type) -> dict[str, str]:
    """Instance attribute → public name, for djust's `state()` fields and components."""
    find = getattr(sys.modules.get("djust.live_view"), "_descriptor_fields", None)
    try:
        return {slot: name for name, (_, slot) in find(cls).items()} if find else {}
    except Exception as error:
        trouble.failed("state fields", error)
        return {}


def state_of(view: Any, names: Names, latest: dict[str, Any]) -> State:
    """The user's attributes of a view. `latest` shares the copies of what is unchanged."""
    state = State()
    kinds = names.kinds
    for name, value in list(view.__dict__.items()):
        kind = kinds.get(name)
        if kind is None:
            kind = names.kind(name, value)
        if not kind:
            continue
        told = value if type(value) in _SCALARS else _shared(name, pack(value), latest)
        if type(told) is Packed:
            state.weight += len(told.data)
        if names.slots and name in names.slots:
            name = names.slots[name]
        (state.public if kind == PUBLIC else state.private)[name] = told
    return state


def _shared(name: str, told: Any, latest: dict[str, Any]) -> Any:
    before = latest.get(name)
    if isinstance(before, Packed) and isinstance(told, Packed):
        if before.equals(told):
            return before
    elif isinstance(before, Encoded) and isinstance(told, Encoded):
        if before.tree == told.tree:
            return before
    latest[name] = told
    return told
