"""What a turn did on the server besides changing its view's state, on a real server."""

import ast
import asyncio
import os
import subprocess
import sys
import time
import types
import urllib.request

import djust
import pytest
from django.utils.functional import SimpleLazyObject
from djscope_probe import class_data, handed, sources, turns
from djscope_probe.patches import after, before
from receiver import Receiver
from servers import PROJECT, Server, migrate

DEEDS = "shop.views.deeds.DeedsView"
PAGE = "/deeds/7/"
V12 = tuple(map(int, djust.__version__.split(".")[:2])) >= (1, 2)


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    path = tmp_path_factory.mktemp("database") / "shop.sqlite3"
    migrate(path)
    receiver = Receiver()
    with Server("daphne", path, receiver.address) as server:
        yield server, receiver
    receiver.close()


def spans(turn, kind):
    return [span for span in turn["spans"] if span["kind"] == kind]


def run(live, script, view=DEEDS, path=PAGE):
    """Runs a script on a page; gives a function that finds the turns of its socket."""
    server, receiver = live

    async def go():
        async with server.page(view, path) as page:
            await script(page)
            return page.session_id

    session_id = asyncio.run(go())

    def turn(kind, event=None, count=1):
        fields = {"kind": kind, "session_id": session_id}
        if event is not None:
            fields["event"] = event
        return receiver.wait("turn", count, **fields)[-1]

    return turn


def test_what_djust_decided(live):
    async def script(page):
        for event in ("extend", "look", "hush", "force"):
            await page.event(event)

    turn = run(live, script)
    extend = turn("event", "extend")["djust"]
    look = turn("event", "look")["djust"]
    assert (extend["changed"], extend["skip"], extend["force"]) == (["rows"], False, False)
    assert (look["changed"], look["skip"], look["force"]) == ([], False, False)
    hush, force = turn("event", "hush")["djust"], turn("event", "force")["djust"]
    assert hush == {"changed": None, "skip": True, "force": False}
    assert force == {"changed": None, "skip": False, "force": True}
    assert turn("mount")["djust"] is None


def test_what_is_handed_to_the_renderer(live):
    async def script(page):
        await page.event("extend")
        await page.event("look")

    turn = run(live, script)
    mount, extend = turn("mount"), turn("event", "extend")
    assert mount["handed"]["base"] is False
    handed = mount["handed"]["public"]
    assert [row["label"] for row in handed["rows"]] == ["0 m", "1 m", "2 m"]
    assert (handed["number"], handed["total"], handed["units"]) == (7, 3, ["m", "km"])
    assert extend["handed"]["base"] is True
    changes = extend["handed"]["public"]
    assert len(changes["rows"]) == 4 and changes["total"] == 12
    assert "number" not in changes and "units" not in changes
    assert {"rows", "total"} <= set(extend["changed_keys"])
    assert mount["missing"] == extend["missing"] == []
    assert turn("event", "look")["handed"] is None
    assert turn("event", "look")["changed_keys"] is None


def test_sessions(live):
    async def script(page):
        for event in ("look", "basket", "promise"):
            await page.event(event)

    turn = run(live, script)
    of = {event: turn("event", event)["work"]["session"] for event in ("look", "basket", "promise")}
    assert of["look"] == {"touched": False, "saved": False}
    assert of["basket"] == {"touched": True, "saved": True}
    assert of["promise"] == {"touched": True, "saved": False}


def test_where_a_view_is_mounted(live):
    async def script(page):
        await page.event("look")

    turn = run(live, script)
    mount = turn("mount")["work"]["mount"]
    assert mount["kwargs"] == {"number": 7} and mount["url"] == PAGE
    assert mount["language"] == "en-us" and mount["time_zone"]
    assert mount["user"] is None
    assert "mount" not in turn("event", "look")["work"]
    server, receiver = live
    server.get("/deeds/8/")
    page = receiver.wait("turn", transport="http", path="/deeds/8/")[0]
    assert page["work"]["mount"]["kwargs"] == {"number": 8}
    assert page["work"]["mount"]["time_zone"] == "Europe/Berlin"
    assert page["handed"]["public"]["number"] == 8


def test_threads_of_spans(live):
    async def script(page):
        await page.event("extend")

    turn = run(live, script)
    spans = turn("event", "extend")["spans"]
    handler = next(span for span in spans if span["kind"] == "handler")
    send = next(span for span in spans if span["kind"] == "send")
    assert handler["detail"]["thread"] != send["detail"]["thread"]
    assert all("thread" in span["detail"] for span in spans if span["kind"] != "queue")


def test_what_a_class_is_made_of(live):
    async def script(page):
        await page.event("entitle")

    turn = run(live, script)
    entitle = turn("event", "entitle")
    receiver = live[1]
    (view,) = receiver.of("view", **{"class": DEEDS})
    data = view["data"]
    assert data["attributes"]["page_size"] == 20
    assert data["attributes"]["limit"] == {"$decimal": "9.5"}
    assert data["attributes"]["template_name"] == "shop/deeds.html"
    assert "due" not in data["attributes"] and "mount" not in data["attributes"]
    assert (data["state_fields"], data["computed"]) == (["due"], ["total"])
    assert (data["static_assigns"], data["temporary_assigns"]) == (["units"], ["fresh"])
    assert data["before_init"] == ["early"]
    assert data["dropped"] == (["due"] if V12 else data["dropped"])
    if V12:
        assert data["reserved"] == ["page_title"]
    # djust does not compare it; it is state all the same, and it changed.
    before = receiver.state(entitle["view"], entitle["seq"], "before")
    after = receiver.state(entitle["view"], entitle["seq"])
    assert after["public"]["early"] == before["public"]["early"] + 1
    assert "early" not in entitle["djust"]["changed"]


def test_sources_are_sent_once(live):
    async def script(page):
        await page.event("look")

    turn = run(live, script)
    turn("event", "look")
    _, receiver = live
    (view,) = receiver.of("view", **{"class": DEEDS})
    roles = {(each["module"], each["role"]) for each in view["data"]["sources"]}
    assert {("shop.views.deeds", "view"), ("shop.views.measures", "helper")} <= roles
    assert not any(module.startswith(("djust", "django")) for module, _ in roles)
    hashes = {each["module"]: each["hash"] for each in view["data"]["sources"]}
    (text,) = receiver.of("source", module="shop.views.measures")
    assert text["hash"] == hashes["shop.views.measures"] and "def label" in text["text"]
    assert len({s["hash"] for s in receiver.of("source")}) == len(receiver.of("source"))


def test_components_are_state(live):
    async def script(page):
        await page.event("open")
        await page.event("switch")

    turn = run(live, script, "shop.views.parts.PartsView", "/parts/")
    opened, switched = turn("event", "open"), turn("event", "switch")
    receiver = live[1]
    (view,) = receiver.of("view", **{"class": "shop.views.parts.PartsView"})
    assert view["data"]["components"] == [{"name": "fold", "class": "shop.views.parts.Fold"}]
    light = receiver.state(switched["view"], switched["seq"])["public"]["light"]["$object"]
    assert (light["type"], light["fields"]["shade"]) == ("shop.views.parts.Light", "green")
    if not V12:
        return
    before = receiver.state(opened["view"], opened["seq"], "before")["public"]["fold"]
    after = receiver.state(opened["view"], opened["seq"])["public"]["fold"]
    active = [each["$object"]["fields"]["state"]["active"] for each in (before, after)]
    assert active == ["first", "second"]
    # djust renders this component alone; nothing else is handed over.
    assert opened["djust"]["changed"] == ["_component_fold"]
    assert opened["rendered"] == ["fold"] and "second: 0" in str(opened["handed"]["public"]["fold"])
    (render,) = spans(opened, "render")
    assert render["name"] == "fold" and spans(opened, "diff")[0]["parent"] == render["id"]
    # It does not see a component that `mount()` made.
    assert switched["djust"]["changed"] == [] and switched["handed"] is None


def test_pushes_tasks_and_threads(live):
    async def script(page):
        for event in ("spread", "fork", "work"):
            await page.event(event)
        await page.until(source="async")

    turn = run(live, script)
    (push,) = turn("event", "spread")["work"]["pushes"]
    assert (push["target"], push["state"], push["handler"]) == (DEEDS, ["status"], None)
    assert push["skips_own"] is True and push["delivered"] == 0
    (thread,) = turn("event", "fork")["work"]["threads"]
    assert (thread["name"], thread["target"]) == ("idler", "shop.views.deeds._idle")
    assert thread["file"].endswith("deeds.py") and thread["line"] > 1
    assert "threads" not in turn("event", "spread")["work"]
    (asked,) = turn("event", "work")["work"]["tasks"]
    task = turn("async")["work"]["task"]
    assert (asked["name"], asked["id"]) == ("count", task["id"])
    assert task["end_us"] - task["start_us"] >= 20_000


def test_a_push_reaches_the_others(live):
    server, receiver = live

    async def go():
        async with server.page(DEEDS, PAGE) as one, server.page(DEEDS, PAGE):
            await one.event("spread")
            return one.session_id

    session_id = asyncio.run(go())
    spread = receiver.wait("turn", kind="event", event="spread", session_id=session_id)[0]
    (push,) = spread["work"]["pushes"]
    assert (push["delivered"], push["skips_own"]) == (1, True)


def test_what_starts_the_process_again(live):
    async def script(page):
        await page.event("look")

    run(live, script)("event", "look")
    (process,) = live[1].of("process")
    assert process["cwd"].endswith("django_project") and process["prefix"] and process["executable"]
    assert process["argv"][1:4] == ["-m", "daphne", "-b"]
    assert "DJSCOPE_TEST_DB" in process["environment"]
    # Django puts its own there.
    assert process["tz"] == "Europe/Berlin"
    assert process["databases"] == {"default": "django.db.backends.sqlite3"}
    assert "shop" in process["installed_apps"] and process["time_zone"] == "Europe/Berlin"
    assert (process["djust"], process["settings"]) == (djust.__version__, "site_config.settings")


LOG_IN = """
import django
django.setup()
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
user = User.objects.create_user("ada", password="x")
session = SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.save()
print(user.pk, session.session_key)
"""


def test_the_user_of_a_mount(live):
    server, receiver = live
    environment = {
        **os.environ, "DJANGO_SETTINGS_MODULE": "site_config.settings",
        "DJSCOPE_TEST_DB": str(server.database),
    }  # fmt: skip
    told = subprocess.run(
        [sys.executable, "-c", LOG_IN], cwd=PROJECT, env=environment, check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    user, key = told.stdout.split()
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}/deeds/9/", headers={"Cookie": f"sessionid={key}"}
    )
    urllib.request.urlopen(request, timeout=20).read()
    page = receiver.wait("turn", transport="http", path="/deeds/9/")[0]
    assert str(page["work"]["mount"]["user"]) == user


def test_errors_read_as_without_the_probe():
    def fails(*_):
        raise ValueError("own")

    async def fails_later():
        raise ValueError("own")

    for call in (
        lambda: before(lambda *_: None)(fails)(1),
        lambda: after(lambda *_: None)(fails)(1),
        lambda: asyncio.run(before(lambda *_: None)(fails_later)()),
    ):
        with pytest.raises(ValueError) as raised:
            call()
        files = [frame.path.name for frame in raised.traceback if hasattr(frame.path, "name")]
        assert "__init__.py" not in files, files


def test_a_renderer_that_was_there_before_the_probe():
    class View:
        pass

    view = View()
    turn = turns.Turn("event", "ws", time.perf_counter_ns())
    turn.sees(view)
    handed.given(turn, view, object(), {"n": 1, "rows": [1]}, False)
    assert set(turn.handed.public) == {"n", "rows"}
    assert turn.missing == [
        "values handed to the renderer: those from before the probe looked are not known"
    ]
    handed.taken_back(view, ["rows"])
    assert set(turn.handed.public) == {"n", "rows"}, "what was held then stays"
    later = turns.Turn("event", "ws", time.perf_counter_ns())
    later.sees(view)
    handed.given(later, view, object(), {"n": 2}, True)
    assert later.handed.public == {"n": 2} and later.missing == []


def test_nothing_lazy_is_evaluated():
    def evaluated():
        raise AssertionError("evaluated")

    module = types.ModuleType("lazy_module")
    module.thing = SimpleLazyObject(evaluated)
    assert list(sources._imported(module)) == []

    class Page:
        thing = SimpleLazyObject(evaluated)
        size = 3

        def method(self):
            """No attribute."""

    told, _ = class_data.described(Page, None, None)
    assert told["attributes"]["size"] == 3 and "method" not in told["attributes"]
    assert set(told["attributes"]) == {"thing", "size"}


def test_a_class_is_described_though_python_fails_to_parse_at_first(monkeypatch):
    parse, failures = ast.parse, [SystemError("AST constructor recursion depth mismatch")] * 2

    def fails_at_first(*args, **kwargs):
        if failures:
            raise failures.pop()
        return parse(*args, **kwargs)

    monkeypatch.setattr(ast, "parse", fails_at_first)
    file, line, text = sources.text_of(Receiver)
    assert file.endswith("receiver.py") and line > 1 and text.startswith("class Receiver")
    failures.extend([SystemError("again")] * 50)
    assert sources.text_of(Receiver) == (None, None, None)
    assert sources.parsed("n = 1") is None
