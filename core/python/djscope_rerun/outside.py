"""What stands in the place of mail, storage, caches, channel layers and log handlers.

They take what they are given, so that a handler goes on as in a server, and
nothing of it leaves the process.
"""

from __future__ import annotations

import copy
import logging
import os
from typing import Any

from .guard import guard

_MAIL = "django.core.mail.backends.locmem.EmailBackend"
_LOCAL_CACHES = ("locmem.LocMemCache", "dummy.DummyCache")


def prepare(settings: Any, folder: str) -> list[str]:
    """Changes the settings before the project is set up; says what was changed that a handler could notice."""
    notes = []
    if "mail" not in guard.allowed and "net" not in guard.allowed:
        settings.EMAIL_BACKEND = _MAIL
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "djscope_rerun.outside.SilentLayer"}}
    caches = dict(settings.CACHES)
    for alias, options in caches.items():
        if "net" not in guard.allowed and not str(options.get("BACKEND", "")).endswith(_LOCAL_CACHES):
            caches[alias] = {
                "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
                "LOCATION": f"djscope-{alias}",
            }
            notes.append(f"the cache {alias} begins empty, in memory")
    settings.CACHES = caches
    if settings.LOGGING_CONFIG and isinstance(settings.LOGGING, dict):
        settings.LOGGING = quiet_logging(settings.LOGGING)
    if "files" not in guard.allowed:
        prepare_storage(settings, folder)
    return notes


def quiet_logging(config: dict[str, Any]) -> dict[str, Any]:
    """The same loggers, levels, filters and formatters, with handlers that write nothing."""
    quiet = copy.deepcopy(config)
    for name, options in (quiet.get("handlers") or {}).items():
        kept = {key: options[key] for key in ("level", "formatter", "filters") if key in options}
        quiet["handlers"][name] = {"class": "djscope_rerun.outside.SilentHandler", **kept}
    return quiet


def silence_loggers() -> None:
    """Takes the handlers that were there already, or that code has added by itself."""
    loggers = [logging.root, *(item for item in logging.root.manager.loggerDict.values())]
    for logger in loggers:
        for handler in list(getattr(logger, "handlers", ())):
            if not isinstance(handler, (SilentHandler, logging.NullHandler)):
                silent = SilentHandler(handler.level)
                silent.formatter = handler.formatter
                silent.filters = handler.filters
                logger.handlers[logger.handlers.index(handler)] = silent  # type: ignore[union-attr]
    logging.lastResort = None
    logging.raiseExceptions = False


class SilentHandler(logging.Handler):
    """Formats a record, as its place would, and leaves it at that."""

    def emit(self, record: logging.LogRecord) -> None:
        """Formats it: that runs the project's own code, and leaves the text for the probe."""
        try:
            self.format(record)
        except Exception:
            pass


class SilentLayer:
    """A channel layer that reaches nobody: pushes are turns of their own in a recording."""

    extensions = ("groups",)

    def __init__(self, *_: Any, **__: Any) -> None:
        self.groups: dict[str, dict[str, float]] = {}

    async def group_add(self, group: str, channel: str) -> None:
        """Joins a group."""
        self.groups.setdefault(group, {})[channel] = 0.0

    async def group_discard(self, group: str, channel: str) -> None:
        """Leaves a group."""
        self.groups.get(group, {}).pop(channel, None)

    async def group_send(self, group: str, message: Any) -> None:
        """Goes nowhere."""

    async def send(self, channel: str, message: Any) -> None:
        """Goes nowhere."""

    async def new_channel(self, prefix: str = "djscope") -> str:
        """A name that nobody listens to."""
        return f"{prefix}.rerun"

    async def receive(self, channel: str) -> Any:
        """Never gets anything."""
        raise RuntimeError("nothing is received while turns are run again")

    async def close_pools(self) -> None:
        """Has none."""


def count_mail() -> None:
    """Puts what was sent since the last time on the guard's list."""
    from django.core import mail

    sent = getattr(mail, "outbox", None)
    if sent:
        for message in sent:
            guard.note("mail", "send", ", ".join(map(str, message.recipients()))[:200])
        sent.clear()


def prepare_storage(settings: Any, folder: str) -> None:
    """Files that are stored go to a folder of the worker's, which hides the project's where both have one."""
    stores = {alias: dict(options) for alias, options in settings.STORAGES.items()}
    default = stores.get("default", {})
    if str(default.get("BACKEND", "")).endswith("FileSystemStorage"):
        default["BACKEND"] = "djscope_rerun.storage.LayeredStorage"
        default["OPTIONS"] = {**default.get("OPTIONS", {}), "above": os.path.join(folder, "stored")}
        settings.STORAGES = stores
