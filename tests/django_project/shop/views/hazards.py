"""Handlers that reach outside, or do not come to their end."""

import asyncio
import ctypes
import os
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.mail import send_mail
from django.db import connection, transaction
from djust import LiveView
from djust.decorators import event_handler
from shop.models import Category

PLACE = Path(os.environ.get("DJSCOPE_TEST_PLACE", "/tmp/djscope-hazards"))


class HazardsView(LiveView):
    """Each button is a hazard; `done` says how far its handler came."""

    template_name = "shop/hazards.html"

    def mount(self, request, **kwargs):
        self.done = ""
        self.count = Category.objects.count()

    @event_handler
    def save(self, name="saved", **kwargs):
        """Writes to the database, and hears of the commit."""
        with transaction.atomic():
            Category.objects.create(name=name)
            transaction.on_commit(lambda: setattr(self, "done", "committed"))
        self.count = Category.objects.count()

    @event_handler
    def commit(self, **kwargs):
        """Ends the transaction by hand."""
        Category.objects.create(name="before the commit")
        with connection.cursor() as cursor:
            cursor.execute("COMMIT")
        self.done = "ended"

    @event_handler
    def from_thread(self, **kwargs):
        """Writes to the database from a thread of its own."""
        thread = threading.Thread(target=self._write)
        thread.start()
        thread.join()

    def _write(self):
        try:
            Category.objects.create(name="from a thread")
            self.done = "written"
        except Exception as error:
            self.done = type(error).__name__
        finally:
            connection.close()

    @event_handler
    def mail(self, **kwargs):
        """Sends mail."""
        send_mail("subject", "text", "shop@example.org", ["ada@example.org"])
        self.done = "sent"

    @event_handler
    def call(self, **kwargs):
        """Asks another server."""
        with urllib.request.urlopen("http://127.0.0.1:9/", timeout=2) as answer:
            self.done = answer.read().decode()

    @event_handler
    def start(self, **kwargs):
        """Starts a process."""
        subprocess.run(["touch", str(PLACE / "started")], check=True)
        self.done = "started"

    @event_handler
    def write(self, **kwargs):
        """Writes a file."""
        (PLACE / "written").write_text("text")
        self.done = "written"

    @event_handler
    def store(self, **kwargs):
        """Stores a file where uploads go."""
        self.done = default_storage.save("stored.txt", ContentFile(b"text"))

    @event_handler
    def loop(self, **kwargs):
        """Never ends."""
        while True:
            pass

    @event_handler
    async def wait(self, **kwargs):
        """Waits for what never comes."""
        await asyncio.Event().wait()

    @event_handler
    def sleep(self, **kwargs):
        """Sleeps for long."""
        time.sleep(3600)

    @event_handler
    def leave(self, **kwargs):
        """Ends the process."""
        os._exit(3)

    @event_handler
    def stop(self, **kwargs):
        """Asks Python to end."""
        sys.exit("stopped")

    @event_handler
    def crash(self, **kwargs):
        """Reads memory that is not there."""
        ctypes.string_at(0)

    @event_handler
    def eat(self, **kwargs):
        """Takes all memory."""
        held = []
        while True:
            held.append(bytearray(64 << 20))


class TwistedView(LiveView):
    """Counts as it should, until the environment says from where on it does not."""

    template_name = "shop/counter.html"

    def mount(self, request, **kwargs):
        self.count = 0
        self.step = 1

    @event_handler
    def increment(self, **kwargs):
        """One more, or a hundred."""
        self.count += self.step
        if self.count >= int(os.environ.get("DJSCOPE_TEST_TWIST", "1000")):
            self.count += 100

    @event_handler
    def stumble(self, **kwargs):
        """Raises."""
        raise ValueError("stumbled")
