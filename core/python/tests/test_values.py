"""How each type is told: one line a case."""

import collections
import dataclasses
import datetime
import decimal
import enum
import json
import uuid

import pytest

from djscope_probe import bounds
from djscope_probe.capture import pack
from djscope_probe.messages import _value, line
from djscope_probe.values import Encoder

Point = collections.namedtuple("Point", "x y")


class Color(enum.Enum):
    RED = "r"


class Level(enum.IntEnum):
    HIGH = 3


@dataclasses.dataclass
class Cart:
    owner: str
    lines: list


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self):
        self.a = 1


class SafeString(str):
    def __str__(self):
        raise RuntimeError("must not be called")


class Hostile:
    def __init__(self):
        self.n = 1

    def _raise(self, *args):
        raise RuntimeError("must not be called")

    __repr__ = __str__ = __eq__ = __hash__ = __bool__ = __len__ = __iter__ = _raise
    __getattr__ = _raise
    value = property(_raise)


class HostileDict(dict):
    def items(self):
        raise RuntimeError("must not be called")

    __iter__ = __len__ = __getitem__ = keys = values = items


class Handle:
    def __init__(self):
        self.call = print


def module_name(name):
    return f"{__name__}.{name}"


CASES = [
    (None, None),
    (True, True),
    (1.5, 1.5),
    (-(2**63), -(2**63)),
    (2**63, {"$int": str(2**63)}),
    (float("nan"), {"$float": "nan"}),
    (float("-inf"), {"$float": "-inf"}),
    ("a\u2028ü", "a\u2028ü"),
    (SafeString("<b>"), {"$safe": "<b>"}),
    ([1, [2]], [1, [2]]),
    ((1, "a"), {"$tuple": [1, "a"]}),
    ({3, 1, 2}, {"$set": [1, 2, 3]}),
    (frozenset({"b", "a"}), {"$set": ["a", "b"]}),
    (b"\x00a", {"$bytes": "AGE="}),
    (bytearray(b"a"), {"$bytes": "YQ=="}),
    (decimal.Decimal("1.20"), {"$decimal": "1.20"}),
    (datetime.datetime(2026, 1, 2, 3, 4), {"$datetime": "2026-01-02T03:04:00"}),
    (datetime.date(2026, 1, 2), {"$date": "2026-01-02"}),
    (datetime.time(3, 4), {"$time": "03:04:00"}),
    (datetime.timedelta(minutes=1.5), {"$timedelta": 90.0}),
    (uuid.UUID(int=1), {"$uuid": "00000000-0000-0000-0000-000000000001"}),
    ({"a": {"b": 1}}, {"a": {"b": 1}}),
    ({1: "a"}, {"$dict": [[1, "a"]]}),
    ({"$x": 1}, {"$dict": [["$x", 1]]}),
    (collections.OrderedDict(a=1), {"a": 1}),
    (HostileDict(a=1), {"a": 1}),
    (Point(1, 2), {"$object": {"type": module_name("Point"), "fields": {"x": 1, "y": 2}}}),
    (Cart("a", [1]), {"$object": {"type": module_name("Cart"), "fields": {"owner": "a", "lines": [1]}}}),
    (Slotted(), {"$object": {"type": module_name("Slotted"), "fields": {"a": 1}}}),
    (Hostile(), {"$object": {"type": module_name("Hostile"), "fields": {"n": 1}}}),
    (Handle(), {"$repr": {"type": module_name("Handle"), "text": f"<{module_name('Handle')}>"}}),
    (object(), {"$repr": {"type": "object", "text": "<object>"}}),
    (Color.RED, {"$repr": {"type": module_name("Color"), "text": "Color.RED"}}),
    (Level.HIGH, {"$repr": {"type": module_name("Level"), "text": "Level.HIGH"}}),
    (range(3), {"$repr": {"type": "range", "text": "range(0, 3)"}}),
    (print, {"$repr": {"type": "builtin_function_or_method", "text": "<function builtins.print>"}}),
    (ValueError("x", 1), {"$repr": {"type": "ValueError", "text": "ValueError('x', 1)"}}),
]  # fmt: skip


@pytest.mark.parametrize(("value", "told"), CASES, ids=[type(value).__name__ for value, _ in CASES])
def test_value(value, told):
    assert Encoder().encode(value) == told
    packed = json.loads(line({"v": _value(pack(value))}))["v"]
    assert packed == json.loads(json.dumps(told))


def test_cycles():
    loop = {"items": []}
    loop["items"].append(loop)
    assert Encoder().encode(loop) == {"items": [{"$cycle": "dict"}]}
    twice = [1]
    assert Encoder().encode([twice, twice]) == [[1], [1]]
    cart = Cart("a", [])
    cart.lines.append(cart)
    told = Encoder().encode(cart)["$object"]["fields"]["lines"]
    assert told == [{"$cycle": module_name("Cart")}]
    assert _value(pack(loop)) == {"items": [{"$cycle": "dict"}]}


def test_bounds(monkeypatch):
    monkeypatch.setattr(bounds, "MAX_ITEMS", 3)
    monkeypatch.setattr(bounds, "MAX_TEXT", 4)
    monkeypatch.setattr(bounds, "MAX_DEPTH", 2)
    cases = [
        ([1, 2, 3, 4], {"type": "list", "length": 4, "kept": [1, 2, 3]}),
        ((1, 2, 3, 4), {"type": "tuple", "length": 4, "kept": {"$tuple": [1, 2, 3]}}),
        ({n: n for n in range(4)}, {"type": "dict", "length": 4, "kept": {"$dict": [[0, 0], [1, 1], [2, 2]]}}),
        ("abcdef", {"type": "str", "length": 6, "kept": "abcd"}),
        (b"abcdef", {"type": "bytes", "length": 6, "kept": {"$bytes": "YWJjZA=="}}),
    ]  # fmt: skip
    for value, cut in cases:
        assert _value(pack(value)) == {"$cut": cut}, value
    assert Encoder().encode([[[[1]]]]) == [
        [[{"$cut": {"type": "list", "length": 1, "kept": None}}]]
    ]


def test_walks_no_further_than_allowed():
    wide = [Cart(str(n), []) for n in range(1000)]
    told = Encoder(100).encode(wide)
    assert told[-1] == {"$cut": {"type": module_name("Cart"), "length": 0, "kept": None}}


def test_text_that_is_not_unicode():
    text = line({"text": "\ud800 ü"})
    assert text.encode("utf-8") and json.loads(text)["text"] == "\ud800 ü"
