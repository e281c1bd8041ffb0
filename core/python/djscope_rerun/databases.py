"""The project's databases, so that nothing of them changes.

SQLite: every run has a copy. Others: a transaction that is taken back. The
copies are made before the project is set up, so that its own code never sees
the original.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from .guard import Blocked, guard
from .hidden import HiddenTransaction

# Vendors for which a hidden transaction is known to hold.
_HIDES = ("postgresql", "sqlite")


class Databases:
    """How each database is kept as it is."""

    def __init__(self, folder: str, starts: dict[str, str]) -> None:
        """`folder` is the worker's own; `starts` has the state to start from, by alias, if it was kept."""
        self.folder = folder
        self.starts = starts
        # Alias → what is said of it.
        self.kept: dict[str, str] = {}
        self._copies: dict[str, str] = {}
        self._held: dict[str, HiddenTransaction] = {}

    def prepare(self, configured: dict[str, dict[str, Any]]) -> None:
        """Points every SQLite database at a copy; `configured` is `settings.DATABASES`."""
        for alias, options in configured.items():
            engine, name = str(options.get("ENGINE", "")), options.get("NAME")
            if not engine.endswith(("sqlite3", "spatialite")):
                self.kept[alias] = "transaction"
            elif not name or str(name) == ":memory:" or "mode=memory" in str(name):
                self.kept[alias] = "memory"
            else:
                copy = os.path.join(self.folder, f"{alias}.start.sqlite3")
                self.kept[alias] = self._copy(alias, os.path.abspath(str(name)), copy)
                self._copies[alias] = copy
                options["NAME"] = copy

    def _copy(self, alias: str, original: str, copy: str) -> str:
        start = self.starts.get(alias)
        source = start or original
        if not os.path.exists(source):
            return "empty"
        with closing(sqlite3.connect(f"{Path(source).absolute().as_uri()}?mode=ro", uri=True)) as opened:
            with closing(sqlite3.connect(copy)) as target:
                opened.backup(target)
        return "copy of the start" if start else "copy of now"

    def begin_run(self, number: int) -> None:
        """Makes the copies that a run may write to."""
        for alias, copy in self._copies.items():
            own = self._of_run(alias, number)
            if os.path.exists(copy) and not os.path.exists(own):
                shutil.copyfile(copy, own)

    def enter_run(self, number: int) -> None:
        """In the process of the run: its copies are what the project uses from now on."""
        from django.db import connections
        from django.db.backends.signals import connection_created

        for alias in self._copies:
            connections[alias].close()
            connections[alias].settings_dict["NAME"] = self._of_run(alias, number)
            connections.settings[alias]["NAME"] = self._of_run(alias, number)
        if "db-write" not in guard.allowed:
            connection_created.connect(self._created, dispatch_uid="djscope_rerun", weak=False)

    def end_run(self, number: int) -> None:
        """Removes the copies of a run."""
        for alias in self._copies:
            for end in ("", "-wal", "-shm", "-journal"):
                path = self._of_run(alias, number) + end
                if os.path.exists(path):
                    os.remove(path)

    def open_all(self) -> None:
        """Opens what the project uses, in the thread in which its code runs."""
        from django.db import connections

        for alias in self._copies:
            connections[alias].ensure_connection()

    def _of_run(self, alias: str, number: int) -> str:
        return os.path.join(self.folder, f"{alias}.run-{number}.sqlite3")

    def _created(self, sender: Any, connection: Any, **_: Any) -> None:
        alias = connection.alias
        if alias in self._copies or self.kept.get(alias) == "memory":
            return
        refusal = self._refusal(connection)
        if refusal is not None:
            guard.note("db-write", refusal, alias)
            connection.connection.close()
            connection.connection = None
            raise Blocked(f"djscope rerun holds this back: {refusal} {alias}")
        # Django calls this before it is done with opening; a connection that closes itself opens no second one.
        self._held[alias] = HiddenTransaction(connection, guard.note)

    def _refusal(self, connection: Any) -> str | None:
        if connection.vendor not in _HIDES:
            return f"use the {connection.vendor} database"
        if connection.alias in self._held:
            return "open a second connection to the database"
        return None

    def end_transactions(self) -> None:
        """Takes back what was written where there is no copy."""
        for held in self._held.values():
            held.end()
        self._held.clear()


def quietly(action: Callable[[], Any]) -> None:
    """Does something at the end, whatever comes of it."""
    try:
        action()
    except Exception:
        pass
