"""How the probe gets into a process, and what it leaves alone."""

import os
import shutil
import subprocess
import sys

import pytest
from receiver import Receiver
from servers import PROJECT, STARTUP, Server, migrate


def python(code, *paths, address="127.0.0.1:1", **environment):
    settings = {**os.environ, "DJSCOPE_PROBE_ADDRESS": address, **environment}
    settings["PYTHONPATH"] = os.pathsep.join([str(STARTUP), *map(str, paths)])
    return subprocess.run(
        [sys.executable, "-c", code], env=settings, capture_output=True, text=True, check=True
    ).stdout


def test_a_process_without_djust_loads_nothing():
    out = python(
        "import sys, json; print([m for m in sys.modules if m.startswith(('djscope', 'importlib.util'))],"
        " 'socket' in sys.modules, 'threading' in sys.modules)"
    )
    assert "djscope_probe" not in out and out.strip().endswith("False False")


def test_a_hidden_sitecustomize_runs(tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.hidden_ran = True; here = 5")
    out = python("import sys, sitecustomize; print(sys.hidden_ran, sitecustomize.here)", tmp_path)
    assert out.split() == ["True", "5"]


def test_djust_loads_the_probe_and_keeps_its_loader():
    out = python(
        "import os, sys, django; django.setup(); import djust.websocket as w;"
        "print('djscope_probe' in sys.modules, type(w.__loader__).__name__,"
        " type(w.__spec__.loader).__name__)",
        PROJECT, DJANGO_SETTINGS_MODULE="site_config.settings",
    )  # fmt: skip
    assert out.split() == ["True", "SourceFileLoader", "SourceFileLoader"]


def test_a_command_goes_on_without_djscope(tmp_path):
    code = "import django; django.setup(); import djust.websocket, djust.runtime; print('ran')"
    assert python(code, PROJECT, DJANGO_SETTINGS_MODULE="site_config.settings") == "ran\n"


@pytest.mark.parametrize("opened", [None, ".", "djscope_probe"])
def test_files_that_others_can_write_are_not_loaded(tmp_path, opened):
    copy = tmp_path / "copy"
    for name in ("startup", "djscope_probe"):
        shutil.copytree(STARTUP.parent / name, copy / name)
        (copy / name).chmod(0o700)
    copy.chmod(0o700)
    if opened is not None:
        (copy / opened).chmod(0o707)
    code = (
        "import sys, django; django.setup(); import djust.websocket; print('djscope_probe' in sys.modules)"
    )
    settings = {
        **os.environ, "DJSCOPE_PROBE_ADDRESS": "127.0.0.1:1",
        "DJANGO_SETTINGS_MODULE": "site_config.settings",
        "PYTHONPATH": os.pathsep.join([str(copy / "startup"), str(PROJECT)]),
    }  # fmt: skip
    out = subprocess.run(
        [sys.executable, "-c", code], env=settings, capture_output=True, text=True, check=True
    ).stdout
    assert out.strip() == str(opened is None)


def test_a_forked_child_connects_by_itself():
    receiver = Receiver()
    python(
        "import os, time, django; django.setup(); import djust.websocket; time.sleep(0.5);"
        "pid = os.fork();\n"
        "import logging; logging.getLogger('x').error('from %s', 'child' if pid == 0 else 'parent');"
        "time.sleep(1.5)",
        PROJECT, address=receiver.address, DJANGO_SETTINGS_MODULE="site_config.settings",
    )  # fmt: skip
    assert len({hello["pid"] for hello in receiver.wait("hello", 2)}) == 2
    assert {log["message"] for log in receiver.wait("log", 2)} == {"from child", "from parent"}


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    path = tmp_path_factory.mktemp("database") / "shop.sqlite3"
    migrate(path)
    return path


@pytest.mark.parametrize(
    ("command", "processes"),
    [
        ("runserver", 1), ("runserver-reload", 1), ("daphne", 1), ("uvicorn", 1),
        ("uvicorn-reload", 1), ("uvicorn-workers", 2),
    ],
)  # fmt: skip
def test_every_server(command, processes, database):
    receiver = Receiver()
    with Server(command, database, receiver.address) as server:
        server.get("/counter/")
        receiver.wait("turn", kind="mount", path="/counter/")
        assert len(receiver.wait("hello", processes)) == processes
    # Reloaders and uvicorn's workers end by a signal, not by a regular exit.
    if command in ("runserver", "daphne", "uvicorn"):
        receiver.wait("bye")


@pytest.mark.parametrize("answer", [None, b'{"type":"refused","reason":"no"}\n'])
def test_a_server_runs_without_djscope(answer, database):
    address = "127.0.0.1:9" if answer is None else Receiver(answer).address
    with Server("daphne", database, address) as server:
        for _ in range(3):
            assert server.get("/counter/")[0] == 200
    assert "Traceback" not in server.output()


def test_settings_of_another_name(database, tmp_path):
    (tmp_path / "odd_settings.py").write_text("from site_config.settings import *\n")
    receiver = Receiver()
    paths = os.pathsep.join([str(STARTUP), str(tmp_path)])
    with Server(
        "daphne",
        database,
        receiver.address,
        PYTHONPATH=paths,
        DJANGO_SETTINGS_MODULE="odd_settings",
    ) as server:
        server.get("/counter/")
        assert receiver.wait("hello")[0]["settings"] == "odd_settings"
