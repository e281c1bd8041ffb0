"""A server that has the probe in its environment, and a djscope that comes and goes."""

import asyncio
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
import venv
from pathlib import Path

import pytest
from receiver import Receiver
from servers import PROJECT, ROOT, Server, migrate

PYTHON = ROOT / "core" / "python"
COUNTER = ("shop.views.counter.CounterView", "/counter/")


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """The interpreter of an environment with the dormant probe and all that the project needs."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    venv.create(folder, with_pip=False, symlinks=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    own = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "project.pth").write_text("\n".join(own))
    package = packages / "djscope_dormant"
    shutil.copytree(PYTHON / "dormant", package)
    shutil.copytree(PYTHON / "djscope_probe", package / "djscope_probe")
    shutil.copy(PYTHON / "startup" / "djscope_entrance.py", package / "entrance.py")
    for each in (package, package / "djscope_probe"):
        each.chmod(0o755)
    (packages / "djscope_dormant.pth").write_text("import djscope_dormant\n")
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    path = tmp_path_factory.mktemp("database") / "db.sqlite3"
    migrate(path)
    return path


@pytest.fixture
def runtime(tmp_path_factory):
    """A runtime folder; its name has to be short enough for a socket."""
    path = tmp_path_factory.mktemp("run")
    path.chmod(0o700)
    return path


def server(kind, environment, database, runtime, **variables):
    return Server(
        kind, database, python=str(environment), XDG_RUNTIME_DIR=str(runtime), **variables
    )


def offers(runtime):
    return sorted((runtime / "djscope" / "servers").glob("*.json"))


def offer(runtime, count=1):
    """The offers, once there are so many."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        found = offers(runtime)
        if len(found) == count:
            return found
        time.sleep(0.05)
    raise AssertionError(f"no {count} offers but {offers(runtime)}")


def ask(file, receiver, **fields):
    """Asks the server of an offer to report to a receiver."""
    told = json.loads(file.read_text())
    request = {"type": "attach", "token": told["token"], "address": receiver.address,
               "probe_token": "secret", **fields}  # fmt: skip
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(str(file.parent / told["socket"]))
        peer.settimeout(10)
        peer.sendall(json.dumps(request).encode() + b"\n")
        return json.loads(peer.makefile().readline())


def attached(file):
    """A receiver to which the server of an offer reports; the one before it may still be leaving."""
    receiver = Receiver()
    until = time.monotonic() + 10
    while ask(file, receiver)["type"] != "attached":
        assert time.monotonic() < until
        time.sleep(0.02)
    receiver.wait("hello")
    return receiver


def hang_up(receiver):
    receiver.close()
    for peer in receiver.peers:
        peer.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("kind", ["runserver", "daphne", "uvicorn", "runserver-reload"])
def test_a_view_that_was_mounted_before_is_seen_whole(kind, environment, database, runtime):
    async def visit(server):
        async with server.page(*COUNTER) as page:
            await page.event("increment")
            (file,) = offer(runtime)
            receiver = Receiver()
            assert ask(file, receiver) == {"type": "attached"}
            receiver.wait("hello")
            await page.event("increment")
            (turn,) = receiver.wait("turn", kind="event")
            assert turn["before"]["base"] is False and turn["before"]["public"]["count"] == 1
            assert turn["after"]["base"] is True and turn["after"]["public"] == {"count": 2}
            assert any(span["kind"] == "handler" for span in turn["spans"])
            assert [v["class"] for v in receiver.of("view")] == [COUNTER[0]] and receiver.of("process")
            assert receiver.of("source")
            hang_up(receiver)
            await page.event("increment")

    with server(kind, environment, database, runtime) as started:
        asyncio.run(visit(started))


def test_ten_times_on_and_off(environment, database, runtime):
    async def visit(server):
        async with server.page(*COUNTER) as page:
            (file,) = offer(runtime)
            for round in range(10):
                receiver = attached(file)
                await page.event("increment")
                (turn,) = receiver.wait("turn", kind="event")
                count = turn["before"]["public"]["count"]
                assert (turn["before"]["base"], count) == (False, 2 * round), turn
                hang_up(receiver)
                await page.event("increment")

    with server("daphne", environment, database, runtime) as started:
        asyncio.run(visit(started))


def test_whoever_is_attached_is_left_in_peace(environment, database, runtime):
    with server("daphne", environment, database, runtime):
        (file,) = offer(runtime)
        first, second = Receiver(), Receiver()
        assert ask(file, first) == {"type": "attached"}
        first.wait("hello")
        answer = ask(file, second)
        assert (answer["type"], answer["held_by"]) == ("refused", None)
        assert answer["reason"] == "another djscope is attached to this server"
        assert not second.messages


def test_whoever_holds_it_is_named_as_long_as_it_does(environment, database, runtime):
    with server("daphne", environment, database, runtime):
        (file,) = offer(runtime)
        assert json.loads(file.read_text())["held_by"] is None
        first, second = Receiver(), Receiver()
        assert ask(file, first, pid=4711) == {"type": "attached"}
        first.wait("hello")
        answer = ask(file, second, pid=4712)
        assert (answer["type"], answer["held_by"]) == ("refused", 4711)
        assert answer["reason"] == "another djscope, process 4711, is attached to this server"
        assert json.loads(file.read_text())["held_by"] == 4711
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        hang_up(first)
        until = time.monotonic() + 10
        while json.loads(file.read_text())["held_by"] is not None:
            assert time.monotonic() < until
            time.sleep(0.02)
        assert ask(file, second, pid="4712") == {"type": "attached"}
        assert json.loads(file.read_text())["held_by"] is None


@pytest.mark.parametrize(
    "fields",
    [
        {"token": "guess"},
        {"token": None},
        {"address": "192.0.2.1:80"},
        {"address": "localhost:80"},
        {"address": "nonsense"},
        {"type": "shutdown"},
    ],
)
def test_nobody_else_is_heard(fields, environment, database, runtime):
    with server("daphne", environment, database, runtime) as started:
        (file,) = offer(runtime)
        receiver = Receiver()
        try:
            assert ask(file, receiver, **fields)["type"] == "refused"
        except ValueError:
            # Closed without a word.
            pass
        assert not receiver.messages
        assert ask(file, receiver) == {"type": "attached"} and started.get("/counter/")[0] == 200


def test_closed_to_others_whatever_the_umask(environment, database, runtime):
    for mask in (0o000, 0o777):
        code = f"import os; os.umask({mask}); from django import setup; setup(); import djust, time; time.sleep(20)"
        settings = os.environ | {
            "XDG_RUNTIME_DIR": str(runtime), "DJANGO_SETTINGS_MODULE": "site_config.settings",
            "DJSCOPE_TEST_DB": str(database),
        }  # fmt: skip
        with subprocess.Popen([environment, "-c", code], env=settings, cwd=PROJECT) as process:
            (file,) = offer(runtime)
            places = [file.parent.parent, file.parent, file, file.with_suffix(".sock")]
            modes = [stat.S_IMODE(place.stat().st_mode) for place in places]
            assert modes == [0o700, 0o700, 0o600, 0o600]
            process.kill()
        # The next one takes away what this one left.


@pytest.mark.parametrize(
    "variables",
    [
        {"DJSCOPE_PROBE": "0"},
        {"DJSCOPE_PROBE_ADDRESS": "127.0.0.1:1"},
        {"DJSCOPE_TEST_DEBUG": "0"},
    ],
)
def test_none_is_offered(variables, environment, database, runtime):
    with server("daphne", environment, database, runtime, **variables) as started:
        # The offer would be there long before the first page.
        time.sleep(0.5)
        assert offers(runtime) == []
        assert started.get("/plain/whoami/")[0] == 200


def test_without_debug_it_is_offered_if_asked_for(environment, database, runtime):
    variables = {"DJSCOPE_TEST_DEBUG": "0", "DJSCOPE_PROBE": "1"}
    with server("daphne", environment, database, runtime, **variables):
        offer(runtime)


def test_a_process_without_djust_loads_nothing(environment):
    code = "import sys; print(sorted(m for m in sys.modules if 'djscope' in m), 'socket' in sys.modules, 'threading' in sys.modules)"
    out = subprocess.run([environment, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out == "['djscope_dormant', 'djscope_dormant.entrance'] False False\n"


def test_nothing_is_left_of_hooks(environment, database, runtime):
    """Every function is the one that it was before, also where it was imported by name."""
    code = """
import gc, json, sys, time, types, django
django.setup()
from djust import push_to_view
import djust.live_view, djust.runtime, djust.websocket, djust.sse, djust.time_travel, logging, threading
from django.db.backends.base.base import BaseDatabaseWrapper
import djscope_dormant, djscope_probe.hooks as hooks, djscope_probe.sender as sender
sys.path.insert(0, sys.argv[1])
from receiver import Receiver
import djscope_probe.patches as patches
def functions():
    owners = [m for n, m in sys.modules.items() if n.startswith(("djust", "logging", "threading", "__main__"))]
    classes = [c for m in owners for c in vars(m).values() if isinstance(c, type)]
    return {(id(o), n): v for o in [*owners, *classes, BaseDatabaseWrapper] for n, v in vars(o).items() if isinstance(v, types.FunctionType)}
before = functions()
receiver = Receiver()
left = []
assert hooks.attach(receiver.address, "secret", djscope_dormant.wait_for, lambda: left.append(1))
receiver.wait("hello")
during = functions()
changed = [key for key in before if during[key] is not before[key]]
assert len(changed) > 20 and push_to_view is not before[id(sys.modules["__main__"]), "push_to_view"]
for peer in receiver.peers: peer.shutdown(2)
until = time.monotonic() + 10
while patches._replaced and time.monotonic() < until: time.sleep(0.01)
time.sleep(0.05)
after = functions()
assert [k for k in before if after[k] is not before[k]] == [] and left == [1]
print("ok", len(sys.meta_path))
"""
    settings = os.environ | {
        "XDG_RUNTIME_DIR": str(runtime), "DJANGO_SETTINGS_MODULE": "site_config.settings",
        "DJSCOPE_TEST_DB": str(database),
    }  # fmt: skip
    done = subprocess.run(
        [environment, "-c", code, str(Path(__file__).parent)],
        env=settings, cwd=PROJECT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.startswith("ok"), done.stderr


def test_queries_of_connections_that_are_open_already(environment, database, runtime):
    async def visit(server):
        async with server.page("shop.views.products.ProductListView", "/products/") as page:
            await page.event("search", value="a")
            (file,) = offer(runtime)
            for _ in range(2):
                receiver = attached(file)
                await page.event("search", value="b")
                (turn,) = receiver.wait("turn", kind="event")
                queries = [span for span in turn["spans"] if span["kind"] == "sql"]
                assert len(queries) == 1 and queries[0]["detail"]["function"] == "_load"
                hang_up(receiver)

    with server("daphne", environment, database, runtime) as started:
        asyncio.run(visit(started))


def test_each_worker_offers_itself(environment, database, runtime):
    with server("uvicorn-workers", environment, database, runtime):
        for file in offer(runtime, 2):
            receiver = Receiver()
            assert ask(file, receiver) == {"type": "attached"}
            assert receiver.wait("hello")[0]["pid"] == int(file.stem)


def test_a_forked_child_offers_itself_and_the_parent_goes_on(environment, database, runtime):
    code = """
import os, time, django
django.setup()
import djust.websocket, djscope_probe.offer as offer
while offer._offer is None: time.sleep(0.01)
os.fork()
time.sleep(20)
"""
    settings = os.environ | {
        "XDG_RUNTIME_DIR": str(runtime), "DJANGO_SETTINGS_MODULE": "site_config.settings",
        "DJSCOPE_TEST_DB": str(database),
    }  # fmt: skip
    with subprocess.Popen(
        [environment, "-c", code], env=settings, cwd=PROJECT, start_new_session=True
    ) as process:
        try:
            for file in offer(runtime, 2):
                receiver = Receiver()
                assert ask(file, receiver) == {"type": "attached"}
                assert receiver.wait("hello")[0]["pid"] == int(file.stem)
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def test_an_offer_goes_with_its_process(environment, database, runtime):
    with server("daphne", environment, database, runtime):
        offer(runtime)
    assert list((runtime / "djscope" / "servers").iterdir()) == []


def test_a_folder_that_is_not_ours_alone_is_not_used(environment, database, runtime, tmp_path):
    (runtime / "djscope").mkdir(mode=0o755)
    (runtime / "djscope").chmod(0o755)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    temporary = tmp_path / "t"
    temporary.mkdir()
    (temporary / f"djscope-{os.geteuid()}").symlink_to(elsewhere)
    with server("daphne", environment, database, runtime, TMPDIR=str(temporary)) as started:
        time.sleep(0.5)
        assert started.get("/plain/whoami/")[0] == 200
        assert not list(elsewhere.iterdir()) and not list((runtime / "djscope").iterdir())
