"""What is told of each kind of turn, on a real server."""

import asyncio
import json
import urllib.request

import djust
import pytest
from receiver import Receiver
from servers import Server, migrate

SHOP = "shop.views."
V12 = tuple(map(int, djust.__version__.split(".")[:2])) >= (1, 2)


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    path = tmp_path_factory.mktemp("database") / "shop.sqlite3"
    migrate(path)
    return path


@pytest.fixture(scope="module")
def live(database):
    receiver = Receiver()
    with Server("daphne", database, receiver.address) as server:
        yield server, receiver
    receiver.close()


def run(live, view, path, script):
    """Runs a script on a page; gives the receiver and the socket's session id."""
    server, receiver = live

    async def go():
        async with server.page(SHOP + view, path) as page:
            result = await script(page)
            return page.session_id, result

    session_id, result = asyncio.run(go())
    return receiver, session_id, result


def turn(receiver, session_id, kind, event=None, count=1):
    fields = {"kind": kind, "session_id": session_id}
    if event is not None:
        fields["event"] = event
    return receiver.wait("turn", count, **fields)[-1]


def spans(turn, kind):
    return [span for span in turn["spans"] if span["kind"] == kind]


def test_hello_and_view(live):
    async def script(page):
        await page.event("increment")

    receiver, session, _ = run(live, "counter.CounterView", "/counter/", script)
    hello = receiver.wait("hello")[0]
    assert hello["protocol"] == 2 and hello["token"] == "secret"
    assert hello["djust"] == djust.__version__
    assert hello["missing"] == []
    view = receiver.wait("view", **{"class": SHOP + "counter.CounterView"})[0]
    assert view["file"].endswith("shop/views/counter.py") and view["line"] == 7
    add = next(handler for handler in view["handlers"] if handler["name"] == "add")
    assert add["params"] == [
        {"name": "amount", "type": "int", "required": False, "default": "1"},
        {"name": "**kwargs", "type": None, "required": False, "default": None},
    ]
    assert add["source"].lstrip().startswith("@event_handler")
    assert [(s["name"], s["role"]) for s in view["template"]["sources"]] == [
        ("shop/counter.html", "self"),
        ("base.html", "extends"),
        ("shop/parts/sign.html", "include"),
    ]
    assert len(receiver.of("view", **{"class": SHOP + "counter.CounterView"})) == 1


def test_page_over_http(live):
    server, receiver = live
    server.get("/products/?q=1")
    page = receiver.wait("turn", transport="http", path="/products/?q=1")[0]
    assert page["kind"] == "mount" and page["method"] == "GET" and page["before"] is None
    assert page["client"][0] == "127.0.0.1" and page["client"][1] > 0
    assert len(page["after"]["public"]["rows"]) == 200
    mount = spans(page, "handler")[0]
    query = next(s for s in spans(page, "sql") if "shop_product" in s["name"])
    assert mount["name"] == "mount" and query["parent"] == mount["id"]
    assert query["detail"]["file"].endswith("products.py")
    assert query["detail"]["function"] in ("<listcomp>", "_load")


def test_counter(live):
    async def script(page):
        await page.event("increment")
        await page.event("add", amount="5")
        await page.event("look")

    receiver, session, _ = run(live, "counter.CounterView", "/counter/", script)
    mounted = turn(receiver, session, "mount")
    assert mounted["after"] == {
        "base": False, "public": {"count": 0, "step": 1},
        "private": {"_action_state": {}, "_clicks": 0}, "unset": [],
    }  # fmt: skip
    assert [frame["type"] for frame in mounted["sent"]] == ["mount"]
    added = turn(receiver, session, "event", "add")
    assert added["ref"] == 2 and added["params"] == {"amount": "5"}
    assert added["before"] == {"base": True, "public": {}, "private": {}, "unset": []}
    assert added["after"]["public"] == {"count": 6} and added["after"]["private"] == {"_clicks": 2}
    assert "count" in added["rendered"] and "count" in added["context"]
    kinds = [span["kind"] for span in added["spans"]]
    wanted = {
        "queue",
        "handler",
        "context",
        "render",
        "template",
        "parse",
        "diff",
        "serialize",
        "send",
    }
    assert wanted == set(kinds), kinds
    render = spans(added, "render")[0]
    for kind in ("template", "parse", "diff", "serialize"):
        phase = spans(added, kind)[0]
        assert phase["parent"] == render["id"] and phase["start_us"] >= render["start_us"]
    assert added["sent"][0]["type"] == "patch" and added["sent"][0]["version"] == 3
    looked = turn(receiver, session, "event", "look")
    assert looked["rendered"] is None and looked["sent"][0]["type"] == "noop"
    assert looked["client"][1] > 0 and looked["view"] == mounted["view"]


def test_large_state_is_sent_once(live):
    async def script(page):
        for _ in range(3):
            await page.event("increment")

    receiver, session, _ = run(live, "state.BigStateView", "/big-state/", script)
    turn(receiver, session, "event", count=3)
    events = receiver.of("turn", session_id=session, kind="event")
    assert all(set(e["after"]["public"]) == {"count"} for e in events)
    assert all(len(json.dumps(e)) < 6000 for e in events)
    whole = receiver.state(events[-1]["view"], events[-1]["seq"])
    assert whole["public"]["count"] == 3 and len(whole["public"]["rows"]) == 200


def test_state_of_every_type(live):
    async def script(page):
        await page.event("change")
        await page.event("drop")

    receiver, session, _ = run(live, "state.StateView", "/state/", script)
    dropped = turn(receiver, session, "event", "drop")
    mounted = turn(receiver, session, "mount")
    at_mount = receiver.state(mounted["view"], mounted["seq"])
    public, private = at_mount["public"], at_mount["private"]
    assert public["price"] == {"$decimal": "1.20"} and public["html"] == {"$safe": "<b>bold</b>"}
    assert public["pair"] == {"$tuple": [1, "two"]} and public["names"] == {"$set": ["a", "b", "c"]}
    assert private["_at"] == {"$datetime": "2026-11-24T10:00:00+00:00"}
    assert private["_big"] == {"$int": str(2**80)} and private["_nan"] == {"$float": "nan"}
    assert private["_product"]["$model"]["model"] == "Product"
    assert len(private["_evaluated"]["$queryset"]["rows"]) == 2
    shelf = private["_shelf"]["$object"]["fields"]
    assert shelf["lazy"]["$queryset"]["rows"] is None
    assert '"quantity" > 5' in shelf["lazy"]["$queryset"]["sql"]
    assert set(shelf["deferred"]["$model"]["fields"]) == {"id", "name"}
    assert shelf["cycle"]["self"] == {"$cycle": "dict"}
    assert shelf["client"]["$repr"]["type"].endswith("Client")
    assert private["_huge"]["$cut"]["length"] == 90_000
    assert len(private["_huge"]["$cut"]["kept"]) == 10_000
    assert private["_long"]["$cut"]["length"] == 400_000
    changed = turn(receiver, session, "event", "change")
    assert changed["after"]["public"]["price"] == {"$decimal": "1.25"}
    assert set(changed["after"]["private"]) == {"_basket", "_raw"}
    assert sorted(dropped["after"]["unset"]) == ["_day", "pair"]


def test_queries_and_their_lines(live):
    async def script(page):
        await page.event("load", count="20")
        await page.event("load_joined", count="20")

    receiver, session, _ = run(live, "products.ManyQueriesView", "/queries/", script)
    loaded = turn(receiver, session, "event", "load")
    queries = spans(loaded, "sql")
    handler = spans(loaded, "handler")[0]
    assert len(queries) == 21
    assert all(q["parent"] == handler["id"] for q in queries)
    assert {q["detail"]["function"] for q in queries} <= {"load", "<listcomp>"}
    assert all(q["detail"]["file"].endswith("products.py") for q in queries)
    assert queries[1]["detail"]["params"] and queries[1]["detail"]["alias"] == "default"
    assert len(spans(turn(receiver, session, "event", "load_joined"), "sql")) == 1


def test_search_renders_changed_names(live):
    async def script(page):
        await page.event("search", value="tea")

    receiver, session, _ = run(live, "products.ProductListView", "/products/", script)
    searched = turn(receiver, session, "event", "search")
    assert "rows" in searched["rendered"] and "query" in searched["rendered"]
    assert searched["after"]["private"] == {"_searches": 1}


def test_tick_with_and_without_change(live):
    async def script(page):
        await page.until(source="tick")
        await page.until(source="tick")
        await page.event("toggle")
        await asyncio.sleep(0.7)

    receiver, session, _ = run(live, "live.TickView", "/tick/", script)
    turn(receiver, session, "tick", count=3)
    ticks = receiver.of("turn", session_id=session, kind="tick")
    assert any(t["sent"] for t in ticks) and any(not t["sent"] for t in ticks)
    sent = next(t for t in ticks if t["after"]["public"].get("beats"))
    assert sent["event"] == "handle_tick" and sent["sent"][0]["type"] == "patch"
    assert spans(sent, "handler")[0]["name"] == "handle_tick"


def test_push_from_a_thread(live):
    async def script(page):
        await page.event("start", steps="2")
        await page.until(source="broadcast")
        await page.until(source="broadcast")

    receiver, session, _ = run(live, "live.PushView", "/push/", script)
    pushed = turn(receiver, session, "push", "handle_progress", count=2)
    assert pushed["after"]["public"]["status"] == "done"
    assert pushed["params"]["payload"] == {"step": 2, "of": 2}
    assert spans(pushed, "handler")[0]["name"] == "handle_progress"


def test_background_work(live):
    async def script(page):
        await page.event("begin")
        await page.until(source="async")
        await page.event("whole")
        await page.until(source="async")
        await page.event("fail")
        await page.until(source="async")
        await page.event("wait")
        await page.event("notify")
        await page.until(type="push_event")

    receiver, session, _ = run(live, "live.BackgroundView", "/background/", script)
    computed = turn(receiver, session, "async", "compute")
    assert computed["after"]["public"]["result"] == 499500
    assert computed["before"] is not None and computed["sent"][0]["type"] == "patch"
    assert [s["name"] for s in spans(computed, "handler")] == ["compute", "handle_async_result"]
    broken = turn(receiver, session, "async", "break")
    assert broken["exception"]["message"] == "the work broke"
    assert len(receiver.of("turn", session_id=session, kind="async")) == 3
    waited = turn(receiver, session, "event", "wait")
    assert spans(waited, "handler")[0]["duration_us"] > 15_000
    notified = turn(receiver, session, "event", "notify")
    assert {f["type"] for f in notified["sent"]} >= {"noop", "push_event"}


def test_address_change_recovery_and_redirect(live):
    async def script(page):
        await page.ask(
            {"type": "url_change", "params": {"tab": "stock"}, "uri": "/tabs/?tab=stock"}
        )
        await page.ask({"type": "request_html"})
        await page.ask({
            "type": "live_redirect_mount", "view": SHOP + "counter.CounterView",
            "params": {}, "url": "/counter/",
        })  # fmt: skip
        await asyncio.sleep(0.1)

    receiver, session, _ = run(live, "navigation.TabsView", "/tabs/", script)
    changed = turn(receiver, session, "url_change")
    assert changed["path"] == "/tabs/?tab=stock" and changed["after"]["public"]["tab"] == "stock"
    assert spans(changed, "handler")[0]["name"] == "handle_params"
    assert "text" in changed["rendered"]
    recovered = turn(receiver, session, "recovery")
    assert recovered["sent"][0]["type"] == "html_recovery"
    assert recovered["class"] == SHOP + "navigation.TabsView"
    mounts = receiver.wait("turn", 2, session_id=session, kind="mount")
    assert mounts[1]["class"] == SHOP + "counter.CounterView"
    assert mounts[1]["view"] != mounts[0]["view"]


def test_errors_read_as_without_the_probe(live, database):
    async def script(page):
        return [
            await page.event("fail"),
            await page.event("strict", number="many"),
            await page.event("undecorated"),
            await page.event("nowhere"),
            await page.event("fail_render"),
        ]

    receiver, session, answers = run(live, "failing.ErrorView", "/error/", script)
    failed = turn(receiver, session, "event", "fail")
    assert failed["exception"]["type"] == "builtins.ValueError"
    assert failed["exception"]["message"] == "the handler broke"
    last = failed["exception"]["frames"][-1]
    assert last["file"].endswith("failing.py") and last["function"] == "fail"
    assert last["source"] == 'raise ValueError("the handler broke")'
    assert failed["after"]["public"] == {"n": 1} and failed["sent"][0]["type"] == "error"
    assert [log["level"] for log in failed["logs"]] == ["ERROR"]
    assert turn(receiver, session, "event", "strict")["logs"]
    for name in ("undecorated", "nowhere"):
        refused = turn(receiver, session, "event", name)
        assert refused["sent"][0]["type"] == "error" and refused["before"] is not None
    rendered = turn(receiver, session, "event", "fail_render")
    assert rendered["exception"]["type"] == "builtins.LookupError"

    with Server("daphne", database) as bare:

        async def go():
            async with bare.page(SHOP + "failing.ErrorView", "/error/") as page:
                return await script(page)

        plain = asyncio.run(go())
    for with_probe, without in zip(answers, plain):
        assert with_probe.get("traceback") == without.get("traceback")
        assert with_probe["error"] == without["error"]


def test_logs(live):
    async def script(page):
        await page.event("write", text="hello")

    receiver, session, _ = run(live, "failing.LogView", "/log/", script)
    wrote = turn(receiver, session, "event", "write")
    told = [(log["level"], log["message"]) for log in wrote["logs"] if log["logger"][:4] == "shop"]
    assert told == [
        ("DEBUG", "debug hello"), ("INFO", "info hello"), ("WARNING", "warning hello"),
        ("INFO", "audit hello"), ("ERROR", "caught hello"),
    ]  # fmt: skip
    assert "KeyError" in wrote["logs"][-1]["traceback"]
    assert wrote["logs"][0]["file"].endswith("failing.py")


def test_forced_html_and_children(live):
    server, receiver = live

    async def forced():
        async with server.page(
            "causes.views.states.ForcedByFlag", "/causes/k-forced-by-flag/"
        ) as page:
            assert (await page.event("go"))["type"] == "html_update"
            return page.session_id

    session = asyncio.run(forced())
    assert turn(receiver, session, "event", "go")["full_html"]["reason"] == "force_full_html"

    async def children(page):
        parts = page.mounted["html"].split('data-djust-embedded="')[1:]
        ids = sorted({part.split('"')[0] for part in parts})
        assert len(ids) == 2
        answers = [await page.event("increment", view_id=one) for one in (*ids, ids[0])]
        assert {a["type"] for a in answers} == {"embedded_update"}
        await page.event("increment")

    receiver, session, _ = run(live, "state.ParentView", "/parent/", children)
    turn(receiver, session, "event", count=4)
    events = receiver.of("turn", session_id=session, kind="event")
    assert [e["class"].rsplit(".")[-1] for e in events] == ["ChildView"] * 3 + ["ParentView"]
    assert len({e["view"] for e in events[:3]}) == 2
    assert {e["parent"] for e in events} == {events[3]["view"], None}
    mounts = receiver.of("turn", session_id=session, kind="mount")
    children = [m for m in mounts if m["parent"]]
    assert {m["view"] for m in children} >= {e["view"] for e in events[:3]}
    assert {m["after"]["public"]["label"] for m in children} == {"first", "second"}
    assert receiver.state(events[2]["view"], events[2]["seq"])["public"]["count"] == 2


def test_keyframes(live):
    async def script(page):
        for _ in range(70):
            await page.event("increment")

    receiver, session, _ = run(live, "counter.CounterView", "/counter/", script)
    turn(receiver, session, "event", count=70)
    kept = [t for t in receiver.of("turn", session_id=session) if t["html"]]
    assert len(kept) == 1
    assert 'dj-id="1"' in kept[0]["html"] and "Counter" in kept[0]["html"]
    assert kept[0]["html"].startswith("<h1")


def test_sockets_at_the_same_time(live):
    server, receiver = live

    async def one(number):
        async with server.page(SHOP + "failing.SlowView", "/slow/") as page:
            for _ in range(5):
                await page.event("run", ms=str(3 + number))
            return page.session_id

    async def go():
        return await asyncio.gather(*(one(number) for number in range(6)))

    for session in asyncio.run(go()):
        turn(receiver, session, "event", count=5)
        events = receiver.of("turn", session_id=session, kind="event")
        assert [e["ref"] for e in events] == [1, 2, 3, 4, 5]
        assert len({e["view"] for e in events}) == 1
        assert [len(spans(e, "handler")) for e in events] == [1] * 5


def test_event_over_post(live):
    server, receiver = live
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    address = f"http://127.0.0.1:{server.port}/counter/"
    opener.open(address).read()
    token = next(
        c.value for h in opener.handlers if hasattr(h, "cookiejar") for c in h.cookiejar
        if c.name == "csrftoken"
    )  # fmt: skip
    request = urllib.request.Request(
        address, data=b'{"amount": "7"}', method="POST",
        headers={"X-Djust-Event": "add", "X-CSRFToken": token, "Content-Type": "application/json"},
    )  # fmt: skip
    assert opener.open(request).status == 200
    posted = receiver.wait("turn", transport="http", kind="event")[0]
    assert posted["event"] == "add" and posted["method"] == "POST"
    assert posted["params"] == {"amount": "7"} and posted["session_id"] is None
    assert posted["before"]["public"]["count"] == 0 and posted["after"]["public"] == {"count": 7}
    assert spans(posted, "handler")[-1]["name"] == "add"


def test_server_sent_events(live):
    server, receiver = live
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    here = f"http://127.0.0.1:{server.port}"
    # No session yet: djust 1.2.6 reads one synchronously here, which Django refuses.
    session = "12345678-1234-4234-8234-123456789abc"
    stream = opener.open(f"{here}/djust/sse/{session}/?view={SHOP}counter.CounterView")
    while not stream.readline().startswith(b"data:"):
        pass
    body = json.dumps({"type": "event", "event": "add", "params": {"amount": "4"}, "ref": 1})
    request = urllib.request.Request(
        f"{here}/djust/sse/{session}/message/", data=body.encode(), method="POST",
        headers={"Content-Type": "application/json", "Origin": here},
    )  # fmt: skip
    assert opener.open(request).status == 200
    added = turn(receiver, session, "event", "add")
    assert added["transport"] == "sse" and added["ref"] == 1
    assert added["after"]["public"] == {"count": 4}
    assert [f["type"] for f in added["sent"]] == ["patch"]
    assert turn(receiver, session, "mount")["transport"] == "sse"
    stream.close()


def test_time_travel(live):
    async def script(page):
        await page.event("increment")
        await page.event("increment")
        await page.ask({"type": "time_travel_jump", "index": 0, "which": "before"})
        await page.until(type="time_travel_state")
        await page.ask({"type": "forward_replay", "from_index": 0})
        await page.until(type="time_travel_state")

    receiver, session, _ = run(live, "counter.HistoryView", "/history/", script)
    turn(receiver, session, "time_travel", count=2)
    jumped, replayed = receiver.of("turn", session_id=session, kind="time_travel")
    assert jumped["before"]["public"] == {} and jumped["event"] == "time_travel_jump"
    assert jumped["after"]["public"] == {"count": 0}
    assert [f["type"] for f in jumped["sent"]] == ["patch", "time_travel_state"]
    assert replayed["after"]["public"] == {"count": 1}


def test_several_views_on_a_socket_and_none(live):
    server, receiver = live

    async def go():
        async with server.page(SHOP + "nothing.NoView", "/") as page:
            assert page.mounted["type"] == "error"
            assert (await page.event("increment"))["type"] == "error"
            views = [
                {"view": SHOP + name, "params": {}, "url": "/", "target_id": name}
                for name in ("counter.CounterView", "failing.SlowView")
            ]
            batch = await page.ask({"type": "mount_batch", "views": views})
            assert len(batch["views"]) == 2
            return page.session_id

    session = asyncio.run(go())
    mounts = receiver.wait("turn", 3, session_id=session, kind="mount")
    assert [m["class"].rsplit(".")[-1] for m in mounts] == ["NoView", "CounterView", "SlowView"]
    assert mounts[0]["view"] is None and mounts[0]["after"] is None
    assert mounts[1]["after"]["public"]["count"] == 0 and mounts[2]["after"]["public"]["runs"] == 0
    nowhere = turn(receiver, session, "event", "increment")
    assert nowhere["view"] is None and nowhere["sent"][0]["type"] == "error"


def test_nothing_of_the_probe_failed(live):
    _, receiver = live
    told = [t["missing"] for t in receiver.of("turn") if t["missing"] and not t["parent"]]
    assert told == []
