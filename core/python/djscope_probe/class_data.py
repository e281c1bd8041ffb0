"""What a view class is made of: attributes, `state()` fields, and names that djust does not compare."""

from __future__ import annotations

import ast
import sys
import types
from collections.abc import Iterator
from typing import Any

from . import bounds, sources, trouble, values
from .views import ViewRecord

_CODE = frozenset({
    types.FunctionType, types.BuiltinFunctionType, types.MethodDescriptorType, types.GetSetDescriptorType,
    types.MemberDescriptorType, classmethod, staticmethod, property, type,
})  # fmt: skip
_FRAMEWORKS = ("djust.", "django.", "channels.", "builtins.")
# Nodes of one attribute, and characters of all that are told.
_MAX_WALK = 2_000
_MAX_CHARACTERS = 256 * 1024


def described(
    cls: type, record: ViewRecord | None, context: list[str] | None
) -> tuple[dict[str, Any], list[type]]:
    """The data of a class, and the classes of its components, as its first view shows them."""
    fields = _descriptor_fields(cls)
    own = [base for base in cls.__mro__ if not f"{base.__module__}.".startswith(_FRAMEWORKS)]
    states = sorted(name for name, (kind, _) in fields.items() if kind == "state")
    declared = {name: item for base in reversed(own) for name, item in vars(base).items()}
    computed = sorted(name for name, item in declared.items() if _is_computed(item))
    components = {
        name: type(item) for name, item in declared.items() if _is_component(type(item))
    }
    held = _held_components(record.view() if record is not None else None)
    told = {
        "attributes": _attributes(declared, {*fields, *components}),
        "state_fields": states[: bounds.MAX_NAMES],
        "computed": computed[: bounds.MAX_NAMES],
        "static_assigns": _names(getattr(cls, "static_assigns", None)),
        "temporary_assigns": _names(getattr(cls, "temporary_assigns", None)),
        "reserved": _reserved(own, declared),
        "before_init": sorted(record.names.before_init)[: bounds.MAX_NAMES] if record is not None else [],
        "dropped": [] if context is None else [n for n in (*states, *computed) if n not in context],
        "components": [
            {"name": name, "class": values.class_name(each)} for name, each in components.items()
        ][: bounds.MAX_NAMES],
    }
    return told, [*components.values(), *held]


def _descriptor_fields(cls: type) -> dict[str, tuple[str, str]]:
    """djust's own list of `state()` fields and components; before 1.2 by the shape of the descriptor."""
    find = getattr(sys.modules.get("djust.live_view"), "_descriptor_fields", None)
    if find is not None:
        return dict(find(cls))
    fields = {}
    for base in reversed(cls.__mro__):
        for name, item in vars(base).items():
            if type(item).__qualname__ == "state.<locals>.StateProperty":
                fields[name] = ("state", f"_state_{name}")
            else:
                fields.pop(name, None)
    return fields


def _is_computed(item: Any) -> bool:
    kind = type(item)
    return property in kind.__mro__ and kind.__name__ == "_ComputedProperty"


def _is_component(cls: type) -> bool:
    return any(base.__module__ == "djust.components.base" for base in cls.__mro__)


def _held_components(view: Any) -> list[type]:
    """The classes of the components that the view holds at its first turn."""
    if view is None:
        return []
    return list({type(item) for item in list(view.__dict__.values()) if _is_component(type(item))})


def _attributes(declared: dict[str, Any], known: set[str]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    left = _MAX_CHARACTERS
    for name, item in declared.items():
        if name.startswith("__") or name in known or not _CODE.isdisjoint(type(item).__mro__):
            continue
        if name.startswith(("_djust_", "_abc_", "_component_descriptors")) or hasattr(type(item), "__get__"):
            continue
        encoded = values.Encoder(_MAX_WALK).encode(item)
        left -= len(str(encoded))
        if left < 0 or len(told) >= bounds.MAX_NAMES:
            break
        told[name] = encoded
    return told


def _names(item: Any) -> list[str]:
    if type(item) not in (list, tuple, set, frozenset, dict):
        return []
    return [name for name in item if type(name) is str][: bounds.MAX_NAMES]


def _reserved(own: list[type], declared: dict[str, Any]) -> list[str]:
    """Names that djust keeps for itself and the class assigns: to `self`, or as its own attribute."""
    module = sys.modules.get("djust.live_view")
    internal: frozenset[str] = getattr(module, "_FRAMEWORK_INTERNAL_ATTRS", frozenset())
    base = getattr(module, "LiveView", object)
    # What djust documents as a setting of the class is used as it is meant.
    found = {name for name in declared if name in internal and not hasattr(base, name)}
    for cls in own:
        found.update(name for name in _assigned(cls) if name in internal)
    return sorted(name for name in found if not name.startswith("_"))


def _assigned(cls: type) -> Iterator[str]:
    """Names that the methods of a class assign to their first parameter."""
    _, _, text = sources.text_of(cls)
    tree = sources.parsed(text) if text is not None else None
    for function in ast.walk(tree) if tree is not None else ():
        if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        first = next(iter((*function.args.posonlyargs, *function.args.args)), None)
        for node in ast.walk(function) if first is not None else ():
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.ctx, (ast.Store, ast.Del))
                and isinstance(node.value, ast.Name)
                and node.value.id == first.arg  # type: ignore[union-attr]
            ):
                yield node.attr


def safely(
    cls: type, record: ViewRecord | None, context: list[str] | None
) -> tuple[dict[str, Any] | None, list[type]]:
    """The same, or nothing where that fails, which is noted."""
    try:
        return described(cls, record, context)
    except Exception as error:
        trouble.failed("class data", error)
        return None, []
