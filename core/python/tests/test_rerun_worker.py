"""The re-run worker, driven over its pipes as djscope does."""

import json
import os
import select
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from importlib.metadata import version

import pytest
from servers import PROJECT, ROOT

pytestmark = pytest.mark.skipif(version("djust").startswith("1.1"), reason="turns are run again on djust 1.2")

START = 1_795_000_000_000_000
OPEN = {"connection": 1, "path": "/ws/live/", "headers": [], "session_id": "11111111-1111-4111-8111-111111111111"}
RUN_ME = (
    "import sys; sys.path[0] = sys.argv[1]; from djscope_rerun.worker import main; "
    "sys.exit(main(int(sys.argv[2]), int(sys.argv[3])))"
)


class Worker:
    """A worker with the test project."""

    def __init__(self, folder, database, allow=(), settings="site_config.settings", **environment):
        to_worker, self._asks = os.pipe()
        self._replies, from_worker = os.pipe()
        self.process = subprocess.Popen(
            [sys.executable, "-c", RUN_ME, str(ROOT / "core" / "python"), str(to_worker), str(from_worker)],
            cwd=PROJECT, pass_fds=(to_worker, from_worker), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env={
                **os.environ, "DJSCOPE_TEST_DB": str(database), "DJSCOPE_TEST_FAST": "1",
                "DJSCOPE_TEST_PLACE": str(folder), **environment,
            },
        )  # fmt: skip
        os.close(to_worker)
        os.close(from_worker)
        self._reader = os.fdopen(self._replies, "rb")
        assert self.hear()["type"] == "hello"
        work = folder / "work"
        work.mkdir(exist_ok=True)
        self.say(
            type="start", cwd=str(PROJECT), path=[], settings=settings, folder=str(work), allow=list(allow),
        )  # fmt: skip
        self.ready = self.hear(60)
        self.runs = 0

    def say(self, **message):
        os.write(self._asks, json.dumps(message).encode() + b"\n")

    def hear(self, within=30):
        assert select.select([self._reader], [], [], within)[0], "the worker is silent"
        line = self._reader.readline()
        assert line, self.process.stderr.read().decode()[-3000:]
        return json.loads(line)

    def begin(self, **options):
        self.runs += 1
        self.say(type="run", run=self.runs, **{"seconds": 5, "memory_mb": 512, "steps": 50, **options})
        self.turn = 0

    def step(self, kind, frames=(), **facts):
        self.turn += 1
        self.say(**{
            "type": "step", "turn": self.turn, "kind": kind, "connection": 1, "at_us": START + self.turn,
            "open": OPEN, "frames": [{"text": json.dumps(frame)} for frame in frames], **facts,
        })  # fmt: skip
        return self.hear()

    def mount(self, view, url="/", **facts):
        return self.step("mount", [{"type": "mount", "view": view, "params": {}, "url": url}], **facts)

    def event(self, name, view=None, params=None, **facts):
        frame = {"type": "event", "event": name, "params": params or {}, "ref": self.turn}
        return self.step("event", [frame], event=name, view=view, **facts)

    def close(self):
        os.close(self._asks)
        self.process.wait(10)
        self._reader.close()
        self.process.stderr.close()


@pytest.fixture(scope="module")
def migrated(tmp_path_factory):
    """A database as `migrate` leaves it."""
    database = tmp_path_factory.mktemp("migrated") / "db.sqlite3"
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0"], cwd=PROJECT, check=True,
        env={**os.environ, "DJSCOPE_TEST_DB": str(database)},
    )  # fmt: skip
    return database


@pytest.fixture
def start(tmp_path, migrated):
    """Starts workers over one database, and ends them."""
    started = []
    database = tmp_path / "db.sqlite3"
    shutil.copyfile(migrated, database)

    def worker(**options):
        one = Worker(tmp_path, database, **options)
        started.append(one)
        return one

    worker.database = database
    worker.place = tmp_path
    yield worker
    for one in started:
        one.close()


def own(did, kind):
    return next(turn for turn in did["turns"] if turn["kind"] == kind)


def test_a_chain_goes_on_from_turn_to_turn(start):
    worker = start()
    assert worker.ready["type"] == "ready" and worker.ready["databases"] == {"default": "copy of now"}
    worker.begin()
    mounted = worker.mount("shop.views.counter.CounterView", "/counter/")
    assert [frame["type"] for frame in mounted["frames"]] == ["mount"]
    before = own(mounted, "mount")["after"]["public"]
    did = worker.event("increment", "shop.views.counter.CounterView")
    assert own(did, "event")["after"]["public"]["count"] == before["count"] + 1
    again = worker.event("increment", "shop.views.counter.CounterView")
    assert own(again, "event")["after"]["public"]["count"] == before["count"] + 2
    assert [frame["type"] for frame in again["frames"]] == ["patch"]


def test_a_turn_begins_with_its_recorded_state(start):
    worker = start()
    view = "shop.views.counter.CounterView"
    worker.begin()
    state = own(worker.mount(view, "/counter/"), "mount")["after"]
    state = {"public": {**state["public"], "count": 41}, "private": state["private"]}
    did = worker.event("increment", view, before=state)
    assert did["pinned"] == ["count"]
    assert own(did, "event")["after"]["public"]["count"] == 42
    # The same alone: mounted anew, with the state before the first render.
    worker.begin()
    mount = {"type": "mount", "view": view, "params": {}, "url": "/counter/"}
    quiet = worker.step("mount", [mount], is_quiet=True, before=state)
    assert quiet["is_mounted"] and quiet["notes"] == []
    did = worker.event("increment", view, before=state)
    assert did["pinned"] == []
    patches = did["frames"][0]["patches"]
    assert [patch["text"] for patch in patches if patch["type"] == "SetText"] == ["42"]


def test_a_part_of_a_state_leaves_the_rest_to_mount(start):
    worker = start()
    worker.begin()
    part = {"public": {"count": 7}, "private": {}}
    worker.mount("shop.views.counter.CounterView", is_quiet=True, is_partial=True, before=part)
    after = own(worker.event("increment", "shop.views.counter.CounterView"), "event")["after"]
    assert (after["public"]["count"], after["public"]["step"], after["private"]["_clicks"]) == (8, 1, 1)


def test_rows_of_a_state_are_put_into_the_database_of_the_run(start, migrated):
    worker = start()
    worker.begin()
    fields = {"id": 1, "name": "Nut of then", "price": {"$decimal": "1.00"}, "quantity": 4711, "category_id": 1}
    row = {"$model": {"app": "shop", "model": "Product", "pk": 1, "fields": fields}}
    state = {"public": {"product": row}, "private": {}}
    worker.mount("shop.views.state.StateView", is_quiet=True, is_partial=True, before=None, rows=state)
    after = own(worker.event("change", "shop.views.state.StateView"), "event")["after"]
    assert after["private"]["_product"]["$model"]["fields"]["quantity"] == 4711


def test_a_database_is_rolled_forward_or_stays_as_it_was(start):
    worker = start()
    worker.begin()
    sql = "UPDATE shop_product SET quantity = %s WHERE id = %s"
    write = {"alias": "default", "sql": sql, "params": [4711, 1], "many": False}
    broken = {**write, "sql": "UPDATE no_such_table SET a = %s WHERE b = %s"}
    undone = [
        {**write, "sql": "SAVEPOINT a", "params": None}, {**write, "params": [5, 1]},
        {**write, "sql": "ROLLBACK TO SAVEPOINT a", "params": None},
    ]  # fmt: skip
    assert worker.step("writes", writes=[write, *undone])["not_run"] is None
    assert "no_such_table" in worker.step("writes", writes=[{**write, "params": [1, 1]}, broken])["not_run"]
    state = own(worker.mount("shop.views.state.StateView"), "mount")["after"]
    assert state["private"]["_product"]["$model"]["fields"]["quantity"] == 4711


def test_what_only_mount_can_have_made_is_said(start):
    worker = start()
    worker.begin()
    recorded = own(worker.mount("causes.views.states.ServiceInState"), "mount")["after"]
    worker.begin()
    before = {"public": recorded["public"], "private": recorded["private"]}
    done = worker.mount("causes.views.states.ServiceInState", is_quiet=True, before=before)
    assert [path for path, _ in done["lossy"]] == ["service"]


def test_a_mount_that_raises_is_done_without(start):
    worker = start()
    view = "shop.views.failing.MountErrorView"
    worker.begin()
    mount = {"type": "mount", "view": view, "params": {}, "url": "/mount-error/"}
    quiet = worker.step("mount", [mount], is_quiet=True, before={"public": {}, "private": {}})
    assert "restored without it" in quiet["notes"][0]


HELD_BACK = [
    ("mail", "mail", "send", "ada@example.org", "sent"),
    ("call", "net", "connect", "127.0.0.1:9", ""),
    ("start", "process", "start", "touch", ""),
    ("write", "files", "write", "written", ""),
    ("store", "files", "store", "stored.txt", "stored.txt"),
]


@pytest.mark.parametrize("event, kind, wanted, of, done", HELD_BACK)
def test_what_reaches_outside_is_held_back_and_listed(start, event, kind, wanted, of, done):
    worker = start()
    worker.begin()
    worker.mount("shop.views.hazards.HazardsView", "/hazards/")
    did = worker.event(event, "shop.views.hazards.HazardsView")
    found = [held for held in did["held_back"] if (held["kind"], held["wanted"]) == (kind, wanted)]
    assert found and of in found[0]["of"], did["held_back"]
    assert own(did, "event")["after"]["public"]["done"] == done
    assert not [name for name in ("started", "written") if (start.place / name).exists()]


def test_what_is_allowed_goes_through(start):
    worker = start(allow=["files", "process"])
    worker.begin()
    worker.mount("shop.views.hazards.HazardsView", "/hazards/")
    assert worker.event("write")["held_back"] == []
    assert worker.event("start")["held_back"] == []
    assert (start.place / "started").exists() and (start.place / "written").exists()


def test_the_database_stays_as_it_is_while_a_server_writes(start):
    worker = start()
    before = start.database.read_bytes()
    worker.begin()
    worker.mount("shop.views.hazards.HazardsView", "/hazards/")
    saved = own(worker.event("save"), "event")["after"]["public"]
    assert saved["done"] == "committed"
    worker.event("commit")
    threaded = own(worker.event("from_thread"), "event")["after"]["public"]
    assert threaded["done"] == "written"
    assert start.database.read_bytes() == before
    # The run holds no lock: a server goes on writing.
    with sqlite3.connect(start.database, timeout=0.2) as server:
        server.execute("INSERT INTO shop_category (name) VALUES ('of the server')")
    # The next run starts from the state at the beginning.
    worker.begin()
    count = own(worker.mount("shop.views.hazards.HazardsView", "/hazards/"), "mount")["after"]["public"]["count"]
    assert saved["count"] == count + 1


ENDS = [
    ("loop", "hang", None, None, "loop"),
    ("wait", "hang", None, None, "wait"),
    ("sleep", "hang", None, None, "sleep"),
    ("leave", "died", 3, None, None),
    ("crash", "died", None, int(signal.SIGSEGV), "crash"),
]


@pytest.mark.parametrize("event, how, code, signal_number, function", ENDS)
def test_the_end_of_a_process_is_an_answer(start, event, how, code, signal_number, function):
    worker = start()
    worker.begin(seconds=2)
    worker.mount("shop.views.hazards.HazardsView", "/hazards/")
    end = worker.event(event, "shop.views.hazards.HazardsView")["end"]
    assert (end["how"], end["exit"], end["signal"]) == (how, code, signal_number)
    if function is not None:
        place = end["where"][0]
        assert place["file"].endswith("shop/views/hazards.py"), end
        assert function in [each["function"] for each in end["where"]]
    # The worker goes on.
    mounted = worker.mount("shop.views.hazards.HazardsView", "/hazards/")
    assert [frame["type"] for frame in mounted["frames"]] == ["mount"]


def test_memory_ends_in_an_exception_and_an_exit_is_caught(start):
    worker = start()
    worker.begin(memory_mb=256)
    worker.mount("shop.views.hazards.HazardsView", "/hazards/")
    assert own(worker.event("eat"), "event")["exception"]["type"].endswith("MemoryError")
    worker.begin()
    worker.mount("shop.views.hazards.HazardsView", "/hazards/")
    did = worker.event("stop")
    assert did["escaped"]["type"] == "SystemExit" and did["escaped"]["message"] == "stopped"


def test_runs_repeat_but_for_what_is_asked(start):
    worker = start()
    view = "causes.views.states.DifferentEachRender"

    def page(**options):
        worker.begin(**options)
        return worker.mount(view, "/causes/p-different-each-render/")["frames"][0]["html"]

    assert page() == page()
    assert page() != page(seed=99)


def test_a_project_that_cannot_be_set_up_says_where(start):
    worker = start(settings="no.such.settings")
    assert worker.ready["type"] == "failed"
    assert worker.ready["stage"] == "the settings" and "no" in worker.ready["message"]


def test_nothing_is_left_when_djscope_goes(start):
    worker = start()
    worker.begin(seconds=60)
    worker.mount("shop.views.hazards.HazardsView", "/hazards/")
    children = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(worker.process.pid)], capture_output=True, text=True, check=True
    ).stdout.split()
    assert len(children) == 1
    worker.say(type="step", turn=9, kind="event", connection=1, at_us=START, event="sleep", open=OPEN,
               frames=[{"text": json.dumps({"type": "event", "event": "sleep", "params": {}})}])  # fmt: skip
    time.sleep(0.3)
    worker.process.kill()
    until = time.monotonic() + 5
    while os.path.exists(f"/proc/{children[0]}") and time.monotonic() < until:
        time.sleep(0.02)
    assert not os.path.exists(f"/proc/{children[0]}")
