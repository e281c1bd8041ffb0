"""What is sent of a view's state, and what is left out because it did not change."""

import json

from djscope_probe import bounds, capture, messages
from djscope_probe.views import ViewRecord, record_of


class View:
    def __init__(self, **fields):
        self._framework_attrs = frozenset({"_framework_attrs", "inner"})
        self.inner = object()
        self.__dict__.update(fields)


class Cart:
    def __init__(self):
        self.n = 0


def snapshot(view):
    record = record_of(view)
    return json.loads(messages._snapshot(record, record.state(view)))


def test_first_whole_then_differences():
    view = View(count=0, rows=[1, 2], _secret="a", request="r", _djust_x=1)
    assert snapshot(view) == {
        "base": False, "public": {"count": 0, "rows": [1, 2]}, "private": {"_secret": "a"},
        "unset": [],
    }  # fmt: skip
    assert snapshot(view) == {"base": True, "public": {}, "private": {}, "unset": []}
    view.count = 1
    view.rows.append(3)
    assert snapshot(view)["public"] == {"count": 1, "rows": [1, 2, 3]}
    del view.rows
    assert snapshot(view) == {"base": True, "public": {}, "private": {}, "unset": ["rows"]}


def test_types_are_told_apart():
    view = View(a=1, b=[1], c=(1,))
    snapshot(view)
    view.a, view.b, view.c = True, (1,), [1]
    changed = snapshot(view)["public"]
    assert changed == {"a": True, "b": {"$tuple": [1]}, "c": [1]}


def test_changes_inside_objects():
    view = View(cart=Cart())
    snapshot(view)
    assert snapshot(view)["public"] == {}
    view.cart.n = 5
    assert snapshot(view)["public"]["cart"]["$object"]["fields"] == {"n": 5}


def test_a_copy_is_taken_when_it_is_captured():
    view = View(rows=[[1]], cart=Cart())
    record = record_of(view)
    before = record.state(view)
    view.rows[0].append(2)
    view.cart.n = 9
    told = json.loads(messages._snapshot(record, before))["public"]
    assert told["rows"] == [[1]] and told["cart"]["$object"]["fields"] == {"n": 0}


def test_unchanged_values_share_their_copy():
    view = View(rows=list(range(1000)))
    record = record_of(view)
    first, second = record.state(view), record.state(view)
    assert first.public["rows"] is second.public["rows"]


def test_whole_again_after_a_loss():
    view = View(count=0)
    snapshot(view)
    record_of(view).sent = None
    assert snapshot(view) == {"base": False, "public": {"count": 0}, "private": {}, "unset": []}


def test_state_is_bounded(monkeypatch):
    monkeypatch.setattr(bounds, "MAX_STATE", 100)
    view = View(a="x" * 60, b="y" * 60, c=1)
    told = snapshot(view)["public"]
    assert told["a"] == "x" * 60 and told["c"] == 1
    digest = told["b"]["$cut"].pop("digest")
    assert told["b"] == {"$cut": {"type": "value", "length": 62, "kept": None}}
    assert snapshot(view)["public"] == {}
    view.b = "z" * 60
    assert snapshot(view)["public"]["b"]["$cut"]["digest"] != digest
    view.a = "x"
    assert snapshot(view)["public"] == {"a": "x", "b": "z" * 60}


def test_a_change_behind_a_cut_is_told(monkeypatch):
    monkeypatch.setattr(bounds, "MAX_ITEMS", 3)
    view = View(rows=[1, 2, 3, 4, 5])
    snapshot(view)
    assert snapshot(view)["public"] == {}
    view.rows[4] = 6
    assert snapshot(view)["public"]["rows"]["$cut"]["kept"] == [1, 2, 3]


def test_records_die_with_their_view():
    view = View()
    record = record_of(view)
    assert record_of(view) is record and isinstance(record, ViewRecord)
    key = id(view)
    del view
    from djscope_probe import views

    assert key not in views._records


def test_names():
    assert capture.pack({"a": 1}).kind == "dict"


def test_names_that_only_look_like_djusts(monkeypatch):
    import sys
    import types

    class LiveView:
        api_name = ""
        excluded = ()

        def stream(self):
            """A method; `stream_count` is not its length."""

    class Own(LiveView):
        enabled = True

        def __init__(self):
            self._framework_attrs = frozenset({"_framework_attrs"})
            self.api_name, self.excluded, self.excluded_count = "", [], 0
            self.stream_count, self.head, self._pending_orders = 3, "first", [1]

    monkeypatch.setitem(sys.modules, "djust.live_view", types.SimpleNamespace(LiveView=LiveView))
    told = snapshot(Own())
    assert told["public"] == {"stream_count": 3, "head": "first"}
    assert told["private"] == {"_pending_orders": [1]}
