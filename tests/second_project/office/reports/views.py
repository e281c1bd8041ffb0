"""Reports: ticks, background work, async handlers, pushes, streams, flashes, uploads."""

import asyncio
import io
import time

from djust import LiveView, push_to_view
from djust.decorators import event_handler
from djust.uploads import UploadMixin

from office.desk.models import Note
from office.page import page


class Progress(LiveView):
    """Work in the background that reports at its end."""

    template = page("office.reports.views.Progress", "<p>{{ status }} {{ lines }}</p>")

    def mount(self, request, **kwargs):
        self.status, self.lines = "idle", 0

    @event_handler
    def begin(self, **kwargs):
        self.status = "working"
        self.start_async(self._work, name="report")

    def _work(self):
        time.sleep(0.02)
        return Note.objects.count() + 41

    def handle_async_result(self, name, result=None, error=None):
        self.status, self.lines = ("broken", 0) if error else ("ready", result)


class Waiter(LiveView):
    """Asynchronous handlers."""

    template = page("office.reports.views.Waiter", "<p>{{ served }}</p>")

    def mount(self, request, **kwargs):
        self.served = []

    @event_handler
    async def serve(self, dish: str = "soup", **kwargs):
        await asyncio.sleep(0.005)
        self.served = [*self.served, dish]

    @event_handler
    async def count(self, **kwargs):
        self.served = [*self.served, str(await Note.objects.acount())]


class Pulse(LiveView):
    """Ticks."""

    template = page("office.reports.views.Pulse", "<p>{{ beats }}</p>")
    tick_interval = 120

    def mount(self, request, **kwargs):
        self.beats = 0

    def handle_tick(self):
        self.beats += 1

    @event_handler
    def reset(self, **kwargs):
        self.beats = 0


class Loud(LiveView):
    """Flashes, page titles, events for the page, and pushes to everybody."""

    template = page("office.reports.views.Loud", "<p>{{ said }}</p>")

    def mount(self, request, **kwargs):
        self.said = ""

    @event_handler
    def say(self, text: str = "", **kwargs):
        self.said = text
        self.put_flash("info", text)
        self.push_event("office:said", {"text": text})
        push_to_view("office.reports.views.Loud", handler="heard", payload={"text": text})

    def heard(self, text="", **kwargs):
        self.said = f"heard {text}"


class Journal(LiveView):
    """A stream."""

    template = page(
        "office.reports.views.Journal",
        '<ul dj-stream="lines">{% for line in streams.lines %}<li id="{{ line.id }}">{{ line.text }}</li>{% endfor %}</ul>',
    )

    def mount(self, request, **kwargs):
        self.last = 0
        self.stream("lines", [], dom_id=lambda line: f"line-{line['id']}")

    @event_handler
    def write(self, text: str = "", **kwargs):
        self.last += 1
        self.stream_insert("lines", {"id": self.last, "text": text})


class Intake(UploadMixin, LiveView):
    """Takes files, if somebody sends some, and writes a report in memory."""

    template = page("office.reports.views.Intake", "<p>{{ size }}</p>")

    def mount(self, request, **kwargs):
        self.allow_upload("file", accept=".txt", max_entries=1)
        self.size = 0
        self._buffer = io.StringIO()

    @event_handler
    def write(self, text: str = "", **kwargs):
        self._buffer.write(text)
        self.size = len(self._buffer.getvalue())
