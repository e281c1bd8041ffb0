"""What is needed to start this process again. Of the environment names are told, never values."""

from __future__ import annotations

import os
import sys
from typing import Any

from . import bounds, database_starts, trouble, values

_told = False


def start_over() -> None:
    """Forgets that it was told, in a new process."""
    global _told
    _told = False


def untold() -> list[str]:
    """The `process` message, once, as a line."""
    global _told
    if _told:
        return []
    _told = True
    from . import messages

    try:
        return [messages.line(described())]
    except Exception as error:
        trouble.failed("process", error)
        return []


def described() -> dict[str, Any]:
    """The `process` message."""
    return {
        "type": "process", "pid": os.getpid(), "executable": sys.executable, "prefix": sys.prefix,
        "cwd": _cwd(), "argv": _texts(getattr(sys, "orig_argv", None) or sys.argv),
        "path": _texts(sys.path), "settings": os.environ.get("DJANGO_SETTINGS_MODULE"),
        "environment": _texts(sorted(os.environ)), "tz": os.environ.get("TZ"),
        "hash_seed": os.environ.get("PYTHONHASHSEED"), "python": sys.version.split()[0],
        "django": version("django"), "djust": version("djust"), **_configured(),
    }  # fmt: skip


def version(name: str) -> str | None:
    """The version of a package that is loaded."""
    told = getattr(sys.modules.get(name), "__version__", None)
    return told if isinstance(told, str) else None


def _cwd() -> str | None:
    try:
        return os.getcwd()
    except OSError:
        return None


def _texts(items: Any) -> list[str]:
    return [str(item)[:1000] for item in list(items)[: bounds.MAX_NAMES]]


def _configured() -> dict[str, Any]:
    """What the settings say; a project that is not configured yet says nothing."""
    from django.conf import settings

    if not settings.configured:
        return {}
    databases = settings.DATABASES if type(settings.DATABASES) is dict else {}
    engines = {
        str(alias): str(options.get("ENGINE"))
        for alias, options in list(databases.items())[: bounds.MAX_DEEDS]
        if type(options) is dict
    }
    return {
        "installed_apps": _texts(settings.INSTALLED_APPS),
        "databases": engines,
        "database_starts": database_starts.kept(),
        "time_zone": values.Encoder(10).encode(settings.TIME_ZONE),
    }
