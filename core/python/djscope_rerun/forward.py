"""A database at the start of a recording, made the one before a turn by the writes that were recorded."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from .values import Restorer


def roll(writes: list[dict[str, Any]]) -> str | None:
    """Makes the writes; gives why not, if one cannot be made: none of them is then."""
    from django.db import connections, transaction

    restorer = Restorer()
    try:
        with ExitStack() as stack:
            for alias in {write["alias"] for write in writes}:
                stack.enter_context(transaction.atomic(using=alias))
            for write in writes:
                params = restorer.value(write["params"])
                with connections[write["alias"]].cursor() as cursor:
                    (cursor.executemany if write["many"] else cursor.execute)(write["sql"], params)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return restorer.lossy[0][1] if restorer.lossy else None
