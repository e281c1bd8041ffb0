"""An outer transaction that Django does not know of, and that is always rolled back.

Django believes in autocommit: its commits become the release of a savepoint,
so `on_commit`, a caught `IntegrityError` and `close()` behave as they do in a
server. A statement outside of `atomic()` gets a savepoint of its own. What
would end the outer transaction by hand is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .guard import Blocked

_ENDS = frozenset({"COMMIT", "BEGIN", "START", "END", "ABORT", "PREPARE"})
_OURS = "djscope_rerun"
_METHODS = (
    "_commit", "_rollback", "_set_autocommit", "_start_transaction_under_autocommit", "close",
    "close_if_unusable_or_obsolete",
)  # fmt: skip


class HiddenTransaction:
    """The outer transaction of one connection of Django's."""

    def __init__(self, connection: Any, note: Callable[[str, str, str], None]) -> None:
        """Begins it. `note(kind, wanted, of)` hears of what is refused."""
        self.connection = connection
        self.note = note
        self._names: list[str] = []
        self._number = 0
        # The savepoint of the last statement outside of `atomic()`, whose rows may not be read yet.
        self._statement: str | None = None
        connection.ensure_connection()
        self._raw = connection.connection
        self._begin()
        self._hidden = {name: connection.__dict__.get(name) for name in _METHODS}
        connection._commit = self._commit
        connection._rollback = self._rollback
        connection._start_transaction_under_autocommit = self._start
        connection._set_autocommit = self._set_autocommit
        connection.close = self._stay_open
        connection.close_if_unusable_or_obsolete = lambda: None
        connection.execute_wrappers.append(self._execute)

    def end(self) -> None:
        """Takes everything back and leaves the connection as it was."""
        connection = self.connection
        connection.execute_wrappers.remove(self._execute)
        for name, hidden in self._hidden.items():
            if hidden is None:
                connection.__dict__.pop(name, None)
            else:
                connection.__dict__[name] = hidden
        self._raw.rollback()
        connection.in_atomic_block = False
        connection.needs_rollback = False
        connection.savepoint_ids = []
        connection.run_on_commit = []

    def _begin(self) -> None:
        if self.connection.vendor == "sqlite":
            self._run("BEGIN")
        else:
            self.connection._set_autocommit(False)

    def _run(self, sql: str) -> None:
        cursor = self._raw.cursor()
        try:
            cursor.execute(sql)
        finally:
            cursor.close()

    def _savepoint(self) -> str:
        self._number += 1
        name = f"{_OURS}_{self._number}"
        self._run(f"SAVEPOINT {name}")
        return name

    def _start(self) -> None:
        self._settle()
        self._names.append(self._savepoint())

    def _commit(self) -> None:
        if self._names:
            self._run(f"RELEASE SAVEPOINT {self._names.pop()}")

    def _rollback(self) -> None:
        self._settle()
        if self._names:
            self._back_to(self._names.pop())

    def _back_to(self, name: str) -> None:
        self._run(f"ROLLBACK TO SAVEPOINT {name}")
        self._run(f"RELEASE SAVEPOINT {name}")

    def _set_autocommit(self, autocommit: bool, *_: Any, **__: Any) -> None:
        if not autocommit and not self._names:
            self._start()
        elif autocommit:
            self._commit()

    def _stay_open(self) -> None:
        """A connection that is closed within a turn stays open: with it all would be taken back."""
        self._settle()

    def _settle(self) -> None:
        name, self._statement = self._statement, None
        if name is not None:
            self._run(f"RELEASE SAVEPOINT {name}")

    def _execute(self, execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        self._refuse_end(sql)
        if self.connection.in_atomic_block or self._names:
            return execute(sql, params, many, context)
        self._settle()
        name = self._savepoint()
        try:
            answer = execute(sql, params, many, context)
        except BaseException:
            self._back_to(name)
            raise
        # Released with the next statement: the rows of a RETURNING have to be read first.
        self._statement = name
        return answer

    def _refuse_end(self, sql: Any) -> None:
        for statement in str(sql).split(";"):
            words = _without_remarks(statement).upper().split(None, 2)
            if not words:
                continue
            is_end = words[0] in _ENDS or (words[0] == "ROLLBACK" and words[1:2] != ["TO"])
            if is_end:
                self.note("db-write", "end the transaction by hand", words[0])
                raise Blocked(
                    f"djscope rerun holds this back: {words[0]} by hand would end the transaction that it takes back"
                )


def _without_remarks(sql: str) -> str:
    text = sql.lstrip()
    while text.startswith(("--", "/*")):
        _, _, text = text.partition("\n" if text.startswith("--") else "*/")
        text = text.lstrip()
    return text
