"""A recorded connection, alive again: djust's own consumer, and what it sends."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

from asgiref.sync import sync_to_async

from . import hooks, people
from .outside import SilentLayer
from .states import State, pin
from .values import Restorer

# What djust flushes at the end of a turn; what mount() left there has been sent before.
_QUEUES = (
    "_pending_push_events", "_pending_flash", "_pending_page_metadata", "_pending_navigation",
    "_pending_announcements", "_pending_i18n",
)  # fmt: skip

# How long work that nobody waits for may take after a turn, in seconds.
QUIET_AFTER = 0.05
_layer = SilentLayer()


class Live:
    """One connection."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.told = told
        self.sent: list[Any] = []
        self.is_open = False
        self.consumer: Any = None

    async def open(self) -> None:
        """Connects, with the user and the session of the recording."""
        from djust.websocket import LiveViewConsumer

        consumer = LiveViewConsumer()
        user, session = await sync_to_async(people.of_connection)(self.told)
        headers = [(name.lower(), value) for name, value in self.told.get("headers") or ()]
        # The server may have seen other names than the browser's, which the recording does not have.
        kept = [(n, v) for n, v in headers if n not in ("origin", "cookie", "host")]
        consumer.scope = {
            "type": "websocket", "path": self.told.get("path") or "/ws/live/", "scheme": "ws",
            "query_string": (self.told.get("query") or "").encode(), "client": None,
            "headers": [(b"host", people.host(headers).encode()), *((n.encode(), v.encode("latin-1")) for n, v in kept)],
            "user": user, "session": session, "cookies": {}, "subprotocols": [], "url_route": {"args": (), "kwargs": {}},
        }  # fmt: skip
        consumer.channel_layer, consumer.channel_name = _layer, f"djscope.{self.told['connection']}"
        consumer.base_send = self._send
        self.consumer = consumer
        await consumer.connect()
        if self.told.get("session_id"):
            consumer.session_id = self.told["session_id"]
        self.is_open = True
        self.sent.clear()

    async def _send(self, message: dict[str, Any]) -> None:
        if message.get("type") == "websocket.send" and message.get("text") is not None:
            self.sent.append(json.loads(message["text"]))
        elif message.get("type") == "websocket.close":
            self.sent.append({"type": "close", "code": message.get("code")})

    async def close(self) -> None:
        """The browser has gone."""
        if self.is_open:
            self.is_open = False
            await self.consumer.disconnect(1001)

    def view(self, cls: str | None) -> Any:
        """The view of that class: the page's own, or one that it embeds."""
        view = self.consumer.view_instance if self.consumer is not None else None
        if view is None or cls is None or _class_name(view) == cls:
            return view
        children = view.__dict__.get("_child_views")
        embedded = list(children.values()) if isinstance(children, dict) else []
        return next((child for child in embedded if _class_name(child) == cls), view)

    def pin(self, cls: str | None, wanted: State, restorer: Restorer) -> list[str]:
        """Gives the view the state that it had."""
        view = self.view(cls)
        return [] if view is None else pin(view, wanted, restorer)

    def settle(self) -> None:
        """After a mount that stands for an earlier one: what it wanted to say was said then."""
        view = self.consumer.view_instance if self.consumer is not None else None
        if view is None:
            return
        for name in _QUEUES:
            if type(view.__dict__.get(name)) is list:
                view.__dict__[name] = []
        if "_stream_operations" in view.__dict__:
            view._stream_operations = []
        if view.__dict__.get("_force_full_html"):
            # A mount from the session asks for it; the first event after that has sent it.
            view._force_full_html = False

    async def receive(self, frames: list[dict[str, Any]]) -> None:
        """What the browser sends, in its order."""
        for frame in frames:
            if "bytes" in frame:
                await self.consumer.receive(bytes_data=base64.b64decode(frame["bytes"]))
            else:
                await self.consumer.receive(text_data=frame["text"])

    async def tick(self) -> None:
        """The view's clock strikes."""
        await self.consumer._tick_once()

    async def push(self, params: Any) -> None:
        """Somebody pushes to the view."""
        restorer = Restorer()
        params = params if isinstance(params, dict) else {}
        events = [restorer.value(event) for event in params.get("pushes") or [params]]
        if hasattr(self.consumer, "_run_server_push_turn"):
            await self.consumer._render_lock.acquire()
            await self.consumer._run_server_push_turn(*events)
        else:
            for event in events:
                await self.consumer.server_push(event)

    async def work(self, name: str | None) -> str | None:
        """Background work has its turn; gives why not, if it has not."""
        entry = hooks.next_waiting(self.consumer, name)
        if entry is None:
            return f"no turn that was run again has started the work {name!r}"
        entry.may_begin.set_result(None)
        await entry.has_ended
        return None


def _class_name(view: Any) -> str:
    return f"{type(view).__module__}.{type(view).__qualname__}"


async def quiet(known: set[Any]) -> list[str]:
    """Waits for what a turn has started and does not wait for; gives the names of what goes on."""
    for _ in range(3):
        await asyncio.sleep(0)
    own = asyncio.current_task()
    held = {entry.task for entry in hooks.waiting}
    others = {task for task in asyncio.all_tasks() if task is not own} - known - held
    if not others:
        return []
    _, going_on = await asyncio.wait(others, timeout=QUIET_AFTER)
    known.update(going_on)
    held = {entry.task for entry in hooks.waiting}
    return [_name(task) for task in going_on - held]


def _name(task: Any) -> str:
    coroutine = task.get_coro()
    return str(getattr(coroutine, "__qualname__", coroutine))[:200]
