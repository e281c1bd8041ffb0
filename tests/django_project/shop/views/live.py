"""What moves without a click: chat, tick, push, work in the background."""

import asyncio
import threading
import time

from djust import LiveView, push_to_view
from djust.decorators import background, event_handler


class ChatView(LiveView):
    """Messages of everyone who has the page open."""

    template_name = "shop/chat.html"

    def mount(self, request, **kwargs):
        self.messages = []
        self.author = "guest"

    @event_handler
    def say(self, text: str = "", author: str = "guest", **kwargs):
        """Adds a message here and sends it to the others."""
        self.author = author
        message = {"author": author, "text": text}
        self.messages = [*self.messages, message]
        push_to_view("shop.views.live.ChatView", handler="handle_said", payload=message)

    def handle_said(self, author="", text="", **kwargs):
        """A message from someone else."""
        self.messages = [*self.messages, {"author": author, "text": text}]


class TickView(LiveView):
    """Ticks four times a second; only every second tick changes something."""

    template_name = "shop/tick.html"
    tick_interval = 250

    def mount(self, request, **kwargs):
        self.beats = 0
        self._ticks = 0
        self.running = True

    def handle_tick(self):
        """One beat for two ticks."""
        if not self.running:
            return
        self._ticks += 1
        if self._ticks % 2 == 0:
            self.beats += 1

    @event_handler
    def toggle(self, **kwargs):
        """Stops and starts."""
        self.running = not self.running


class PushView(LiveView):
    """A thread of the server pushes into the page."""

    template_name = "shop/push.html"

    def mount(self, request, **kwargs):
        self.progress = 0
        self.status = "idle"

    @event_handler
    def start(self, steps: int = 3, delay_ms: int = 40, **kwargs):
        """Starts a thread that reports `steps` times."""
        self.status = "started"
        threading.Thread(target=_report, args=(steps, delay_ms / 1000), daemon=True).start()

    def handle_progress(self, step=0, of=0, **kwargs):
        """Called by the thread, through the channel layer."""
        self.progress = step
        self.status = "done" if step == of else "working"


def _report(steps, delay):
    for step in range(1, steps + 1):
        time.sleep(delay)
        push_to_view(
            "shop.views.live.PushView", handler="handle_progress",
            payload={"step": step, "of": steps},
        )  # fmt: skip


class BackgroundView(LiveView):
    """Three ways to work after the answer was sent."""

    template_name = "shop/background.html"

    def mount(self, request, **kwargs):
        self.status = "idle"
        self.result = None

    @event_handler
    def begin(self, delay_ms: int = 60, **kwargs):
        """`start_async` with a plain function."""
        self.status = "working"
        self.start_async(self._compute, delay_ms, name="compute")

    def _compute(self, delay_ms):
        time.sleep(delay_ms / 1000)
        return sum(range(1000))

    def handle_async_result(self, name, result=None, error=None):
        """The end of `begin` and `fail`."""
        if name not in ("compute", "break"):
            return
        self.status = "failed" if error else "done"
        self.result = str(error) if error else result

    @event_handler
    def fail(self, **kwargs):
        """`start_async` with work that raises."""
        self.status = "working"
        self.start_async(self._break, name="break")

    def _break(self):
        raise RuntimeError("the work broke")

    @event_handler
    @background
    def whole(self, **kwargs):
        """The handler itself runs in the background."""
        time.sleep(0.03)
        self.status = "done in the background"

    @event_handler
    async def wait(self, delay_ms: int = 20, **kwargs):
        """An asynchronous handler."""
        await asyncio.sleep(delay_ms / 1000)
        self.status = "waited"

    @event_handler
    def notify(self, **kwargs):
        """Only an event for the page's own script, and a message to the reader."""
        self.push_event("shop:noticed", {"at": 1})
        self.put_flash("info", "Noticed")
