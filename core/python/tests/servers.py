"""The test project under each server, and a client for its sockets."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import websockets

ROOT = Path(__file__).resolve().parents[3]
PROJECT = ROOT / "tests" / "django_project"
STARTUP = ROOT / "core" / "python" / "startup"

COMMANDS = {
    "runserver": ["manage.py", "runserver", "127.0.0.1:{port}", "--noreload"],
    "runserver-reload": ["manage.py", "runserver", "127.0.0.1:{port}"],
    "daphne": ["-m", "daphne", "-b", "127.0.0.1", "-p", "{port}", "site_config.asgi:application"],
    "uvicorn": ["-m", "uvicorn", "--port", "{port}", "site_config.asgi:application"],
    "uvicorn-reload": ["-m", "uvicorn", "--reload", "--port", "{port}", "site_config.asgi:application"],
    "uvicorn-workers": [
        "-m", "uvicorn", "--workers", "2", "--port", "{port}", "site_config.asgi:application",
    ],
}  # fmt: skip


def _default_signals():
    """A shell has what it starts in the background ignore SIGINT, which is inherited."""
    for each in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(each, signal.SIG_DFL)


class Server:
    """One server process group, stopped at the end of a `with`."""

    def __init__(self, command, database, address=None, python=sys.executable, **environment):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.database = database
        arguments = [part.replace("{port}", str(self.port)) for part in COMMANDS[command]]
        settings = {**os.environ, "DJSCOPE_TEST_DB": str(database), "DJSCOPE_TEST_FAST": "1"}
        if address is not None:
            settings |= {
                "PYTHONPATH": str(STARTUP),
                "DJSCOPE_PROBE_ADDRESS": address,
                "DJSCOPE_PROBE_TOKEN": "secret",
            }
        self.log = open(f"{database}-{command}.log", "w+")  # noqa: SIM115  closed in __exit__
        self.process = subprocess.Popen(
            [python, *arguments], cwd=PROJECT, env=settings | environment,
            stdout=self.log, stderr=subprocess.STDOUT, start_new_session=True,
            preexec_fn=_default_signals,
        )  # fmt: skip

    def __enter__(self):
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                self.get("/plain/whoami/")
                return self
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.1)
        self.stop()
        raise AssertionError(self.output())

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Ends the whole process group, as a terminal does."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self.log.flush()

    def output(self):
        """What the server printed."""
        self.log.flush()
        return Path(self.log.name).read_text()

    def get(self, path):
        """Status and body of a page."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as answer:
            return answer.status, answer.read().decode()

    def page(self, view, path):
        """A socket with a mounted view."""
        return Page(self.port, view, path)


class Page:
    """The browser's side of one socket."""

    def __init__(self, port, view, path):
        self.port, self.view, self.path = port, view, path
        self.ref = 0

    async def __aenter__(self):
        here = f"127.0.0.1:{self.port}"
        self.socket = await websockets.connect(
            f"ws://{here}/ws/live/", origin=f"http://{here}", max_size=None
        )
        self.session_id = (await self.receive())["session_id"]
        self.mounted = await self.ask(
            {"type": "mount", "view": self.view, "params": {}, "url": self.path,
             "has_prerendered": True},
        )  # fmt: skip
        return self

    async def __aexit__(self, *_):
        await self.socket.close()

    async def receive(self, within=10):
        """The next frame."""
        return json.loads(await asyncio.wait_for(self.socket.recv(), within))

    async def ask(self, frame):
        """Sends a frame and gives the next one that comes."""
        await self.socket.send(json.dumps(frame))
        return await self.receive()

    async def event(self, name, /, **params):
        """Sends an event and gives the answer, leaving out frames of their own accord."""
        self.ref += 1
        await self.socket.send(
            json.dumps({"type": "event", "event": name, "params": params, "ref": self.ref})
        )
        while True:
            frame = await self.receive()
            if frame.get("ref") == self.ref or frame["type"] == "error":
                return frame

    async def until(self, **fields):
        """The first frame with these fields."""
        while True:
            frame = await self.receive()
            if all(frame.get(name) == value for name, value in fields.items()):
                return frame


def migrate(database):
    """Makes the project's database."""
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0", "--skip-checks"],
        cwd=PROJECT, env={**os.environ, "DJSCOPE_TEST_DB": str(database)}, check=True,
    )  # fmt: skip
