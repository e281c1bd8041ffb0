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


class Both(collections.UserList, list):
    """A list whose items are not in the list: Django's `ErrorList`."""


class HostileUserList(collections.UserList):
    def __iter__(self):
        raise RuntimeError("must not be called")

    __len__ = __getitem__ = __iter__


class HostileDeque(collections.deque):
    def __iter__(self):
        raise RuntimeError("must not be called")

    __len__ = __getitem__ = __iter__


class Pretender:
    """Says that it is something else, as lazy objects do, at a price."""

    def __init__(self):
        self.n = 1

    @property
    def __class__(self):
        raise RuntimeError("must not be called")


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
    (collections.UserList([1, (2,)]), [1, {"$tuple": [2]}]),
    (collections.UserList(collections.UserList("ab")), ["a", "b"]),
    (Both([1, 2]), [1, 2]),
    (collections.UserDict(a=collections.UserDict({1: 2})), {"a": {"$dict": [[1, 2]]}}),
    (collections.UserString("text"), "text"),
    (collections.deque([1, [2]], maxlen=5), [1, [2]]),
    (HostileDeque([1]), [1]),
    (HostileUserList([1]), [1]),
    (collections.ChainMap({"a": 1}, {"b": 2}),
     {"$object": {"type": "collections.ChainMap", "fields": {"maps": [{"a": 1}, {"b": 2}]}}}),
    (HostileDict(a=1), {"a": 1}),
    (Point(1, 2), {"$object": {"type": module_name("Point"), "fields": {"x": 1, "y": 2}}}),
    (Cart("a", [1]), {"$object": {"type": module_name("Cart"), "fields": {"owner": "a", "lines": [1]}}}),
    (Slotted(), {"$object": {"type": module_name("Slotted"), "fields": {"a": 1}}}),
    (Pretender(), {"$object": {"type": module_name("Pretender"), "fields": {"n": 1}}}),
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
        ([1, 2, 3, 4], [1, 2, 3, 5], {"type": "list", "length": 4, "kept": [1, 2, 3]}),
        ((1, 2, 3, 4), (1, 2, 3, 5), {"type": "tuple", "length": 4, "kept": {"$tuple": [1, 2, 3]}}),
        ({n: n for n in range(4)}, {0: 0, 1: 1, 2: 2, 3: 9},
         {"type": "dict", "length": 4, "kept": {"$dict": [[0, 0], [1, 1], [2, 2]]}}),
        ({"a": 1, "b": 2, "c": 3, "d": 4}, {"a": 1, "b": 2, "c": 3, "d": 5},
         {"type": "dict", "length": 4, "kept": {"a": 1, "b": 2, "c": 3}}),
        (collections.deque([1, 2, 3, 4]), collections.deque([1, 2, 3, 5]),
         {"type": "collections.deque", "length": 4, "kept": [1, 2, 3]}),
        ("abcdef", "abcdeg", {"type": "str", "length": 6, "kept": "abcd"}),
        (b"abcdef", b"abcdeg", {"type": "bytes", "length": 6, "kept": {"$bytes": "YWJjZA=="}}),
    ]  # fmt: skip
    for value, other, cut in cases:
        told, again, differs = (dict(_value(pack(each))["$cut"]) for each in (value, value, other))
        assert told == again
        assert told.pop("digest") != differs.pop("digest"), value
        assert told == differs == cut
    # Their rest is no plain data, or longer than what may be looked at.
    objects = [1, 2, 3, Cart("a", [])]
    assert _value(pack(objects)) == {"$cut": {"type": "list", "length": 4, "kept": [1, 2, 3]}}
    monkeypatch.setattr(bounds, "MAX_DIGEST", 100)
    long = [1, 2, 3, "x" * 200]
    assert _value(pack(long)) == {"$cut": {"type": "list", "length": 4, "kept": [1, 2, 3]}}
    deep = [Encoder().encode([[[[number]]]])[0][0][0]["$cut"] for number in (1, 1, 2)]
    assert deep[0] == deep[1] != deep[2]
    assert {**deep[0], "digest": None} == {"type": "list", "length": 1, "kept": None, "digest": None}
    objects = Encoder().encode([[[[Cart("a", [])]]]])
    assert objects == [[[{"$cut": {"type": "list", "length": 1, "kept": None}}]]]


def test_walks_no_further_than_allowed():
    wide = [Cart(str(n), []) for n in range(1000)]
    told = Encoder(100).encode(wide)
    assert told[-1] == {"$cut": {"type": module_name("Cart"), "length": 0, "kept": None}}


def test_text_that_is_not_unicode():
    text = line({"text": "\ud800 ü"})
    assert text.encode("utf-8") and json.loads(text)["text"] == "\ud800 ü"


@pytest.fixture(scope="module")
def django():
    import django
    from django.conf import settings

    if not settings.configured:
        settings.configure(USE_I18N=True)
    django.setup()
    return django


def test_the_errors_of_a_form_are_its_messages(django):
    from django import forms
    from django.core.exceptions import ValidationError
    from django.utils.translation import gettext_lazy

    class Order(forms.Form):
        name = forms.CharField()
        amount = forms.IntegerField(min_value=3)

        def clean(self):
            raise ValidationError([
                ValidationError("%(a)s and %(b)s do not fit", params={"a": 1, "b": "x"}),
                ValidationError(gettext_lazy("Too late")),
                "plain",
            ])  # fmt: skip

    form = Order({"amount": "2"})
    form.is_valid()
    errors = {
        "name": ["This field is required."],
        "amount": ["Ensure this value is greater than or equal to 3."],
        "__all__": ["1 and x do not fit", "Too late", "plain"],
    }
    told = json.loads(line({"v": _value(pack({"form": form, "errors": form.errors}))}))["v"]
    fields = told["form"]["$object"]["fields"]
    assert fields["_errors"]["name"] == told["errors"]["name"] == errors["name"]
    assert told["errors"]["__all__"] == errors["__all__"]
    assert told["errors"]["amount"] in (
        errors["amount"], ["Ensure this value is greater than or equal to %(limit_value)s."],
    )  # fmt: skip
    from django.forms.utils import ErrorList

    assert Encoder().encode(ErrorList()) == []
    assert Encoder().encode(ErrorList(["a", ValidationError("b")])) == ["a", "b"]


def test_values_of_django(django):
    from django.http import QueryDict
    from django.utils.datastructures import ImmutableList, MultiValueDict
    from django.utils.functional import SimpleLazyObject, lazystr
    from django.utils.safestring import mark_safe
    from django.utils.translation import gettext_lazy

    asked = []
    unasked = SimpleLazyObject(lambda: asked.append(1))
    known = SimpleLazyObject(lambda: Cart("a", [1]))
    assert known.owner == "a"
    cases = [
        (QueryDict("a=1&a=2&b=3"), {"a": ["1", "2"], "b": ["3"]}),
        (MultiValueDict({"a": [1, 2]}), {"a": [1, 2]}),
        (ImmutableList([1]), {"$tuple": [1]}),
        (mark_safe("<b>"), {"$safe": "<b>"}),
        (known, Encoder().encode(Cart("a", [1]))),
    ]
    for value, told in cases:
        assert Encoder().encode(value) == told, value
    for value in (gettext_lazy("Name"), lazystr("Name")):
        assert Encoder().encode(value)["$repr"]["text"] == "Name"
    assert "$repr" in Encoder().encode(unasked) and asked == []
