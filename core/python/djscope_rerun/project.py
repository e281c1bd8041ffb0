"""The project that a recording is of, set up in this process."""

from __future__ import annotations

import hashlib
import importlib
import os
import sys
import tempfile
import traceback
from typing import Any

from . import chance, clock, outside, warm
from .databases import Databases
from .guard import guard

# What of djust has to be loaded before the probe and the hooks of this package go in.
_DJUST = (
    "djust.live_view", "djust.mixins.async_work", "djust.mixins.request", "djust.mixins.rust_bridge",
    "djust.mixins.sticky", "djust.mixins.template", "djust.push", "djust.rate_limit", "djust.runtime",
    "djust.signals", "djust.sse", "djust.time_travel", "djust.websocket",
)  # fmt: skip


class NotThere(Exception):
    """Something that the project needs is missing; says at which stage."""

    def __init__(self, stage: str, error: BaseException) -> None:
        super().__init__(f"{type(error).__name__}: {error}")
        self.stage = stage
        self.traceback = "".join(traceback.format_exception(error))[-8_000:]


class Project:
    """Where the project is, and what was found there."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.cwd: str = told["cwd"]
        self.path: list[str] = told.get("path") or []
        self.settings: str | None = told.get("settings")
        self.folder: str = told["folder"]
        # Files with the hash that they had when they were recorded.
        self.sources: list[dict[str, str]] = told.get("sources") or []
        self.notes: list[str] = []
        self.databases = Databases(self.folder, told.get("starts") or {})
        guard.allowed = frozenset(told.get("allow") or ())
        guard.folders = (os.path.abspath(self.folder),)

    def set_up(self) -> None:
        """Loads settings, apps, URLs and djust.

        Raises `NotThere` with the stage that failed.
        """
        self._stage("the project's folder", self._enter)
        self._stage("the settings", self._configure)
        # The apps' own code runs from here on.
        guard.install()
        guard.is_on = True
        try:
            self._stage("the project's apps", self._load)
        finally:
            guard.is_on = False

    def _stage(self, stage: str, step: Any) -> None:
        try:
            step()
        except Exception as error:
            raise NotThere(stage, error) from error

    def _enter(self) -> None:
        os.chdir(self.cwd)
        known = {os.path.abspath(entry or ".") for entry in sys.path}
        added = [entry for entry in self.path if os.path.abspath(entry or ".") not in known]
        sys.path[:0] = [entry for entry in added if os.path.exists(entry or ".")]
        if os.path.abspath(".") not in {os.path.abspath(entry or ".") for entry in sys.path}:
            sys.path.insert(0, self.cwd)
        sys.dont_write_bytecode = True
        os.makedirs(os.path.join(self.folder, "tmp"), exist_ok=True)
        tempfile.tempdir = os.path.join(self.folder, "tmp")

    def _configure(self) -> None:
        if self.settings:
            os.environ["DJANGO_SETTINGS_MODULE"] = self.settings
        from django.conf import settings

        self.databases.prepare(settings.DATABASES)
        self.notes += outside.prepare(settings, self.folder)

    def _load(self) -> None:
        import django

        import djust

        version = str(getattr(djust, "__version__", ""))
        numbers = [int(part) for part in version.split(".")[:2] if part.isdigit()]
        if numbers < [1, 2]:
            raise RuntimeError(f"this is djust {version}: turns are run again on djust 1.2 and later")
        django.setup()
        for name in _DJUST:
            importlib.import_module(name)
        from django.conf import settings

        importlib.import_module(settings.ROOT_URLCONF)
        warm.up(settings)
        outside.silence_loggers()
        chance.install()
        note = clock.install()
        if note is not None:
            self.notes.append(note)
        # Buckets fill by the time of the recording.
        rate_limit = sys.modules["djust.rate_limit"]
        if hasattr(rate_limit, "_monotonic"):
            rate_limit._monotonic = lambda: clock.now_us() / 1e6

    def described(self) -> dict[str, Any]:
        """What is said once it is set up."""
        import django
        import djust

        return {
            "python": sys.version.split()[0], "django": django.get_version(),
            "djust": getattr(djust, "__version__", None), "databases": self.databases.kept,
            "can_fork": hasattr(os, "fork"), "notes": self.notes, "changed": self._changed(),
            # Settings may have read a file of variables.
            "environment": sorted(os.environ),
        }  # fmt: skip

    def _changed(self) -> list[str]:
        """The modules whose text is another one now."""
        found = []
        for source in self.sources:
            module = sys.modules.get(source["module"])
            path = getattr(module, "__file__", None) or source["file"]
            try:
                with open(path, "rb") as file:
                    is_same = hashlib.sha256(file.read()).hexdigest() == source["hash"]
            except OSError:
                is_same = False
            if not is_same:
                found.append(source["module"])
        return found
