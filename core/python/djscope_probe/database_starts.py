"""Copies of the project's SQLite databases as they are before the server serves, if djscope wants them."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from . import bounds

# Alias → the copy's name and size, or why there is none.
_kept: dict[str, dict[str, Any]] = {}


def kept() -> dict[str, dict[str, Any]]:
    """What was copied by this process."""
    return _kept


def keep() -> None:
    """Copies them beside the recording. What has a copy already was copied by another process of the server."""
    recording = os.environ.get("DJSCOPE_SNAPSHOT_DB")
    if not recording:
        return
    from django.conf import settings

    for alias, options in list(settings.DATABASES.items())[: bounds.MAX_DEEDS]:
        try:
            copied = _copied(str(alias), options, recording)
        except Exception as error:
            copied = {"left_out": f"{type(error).__name__}: {error}"[:500]}
        if copied:
            _kept[str(alias)] = copied


def _copied(alias: str, options: dict[str, Any], recording: str) -> dict[str, Any] | None:
    engine, name = str(options.get("ENGINE", "")), str(options.get("NAME") or "")
    if not engine.endswith(("sqlite3", "spatialite")):
        return {"left_out": f"{engine} is not SQLite"}
    if not alias.replace("-", "_").isidentifier():
        return {"left_out": "its alias is no name for a file"}
    if not name or name == ":memory:" or "mode=memory" in name:
        return {"left_out": "it is in memory"}
    if not os.path.exists(name):
        return {"left_out": "it does not exist yet"}
    size = os.path.getsize(name)
    if size > bounds.MAX_DATABASE:
        return {"left_out": f"it has {size} bytes, at most {bounds.MAX_DATABASE} are copied"}
    path = f"{recording}.{alias}.sqlite3"
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return None
    try:
        with closing(sqlite3.connect(f"{Path(name).absolute().as_uri()}?mode=ro", uri=True)) as opened:
            with closing(sqlite3.connect(path)) as target:
                opened.backup(target)
    except BaseException:
        os.remove(path)
        raise
    return {"file": os.path.basename(path), "bytes": os.path.getsize(path)}
