"""Rows that a recorded state holds, put into the databases of a run: what a handler reads of them is as it was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .values import Restorer


def put(state: dict[str, dict[str, Any]]) -> None:
    """Saves them; a row that cannot be saved stays as it is."""
    from django.apps import apps
    from django.db import transaction

    for told in found(state):
        if told["pk"] is None:
            continue
        try:
            model = apps.get_model(told["app"], told["model"])
            restorer = Restorer()
            fields = {name: restorer.value(value, None, name) for name, value in told["fields"].items()}
            if not restorer.lossy:
                with transaction.atomic():
                    model(**fields).save_base(raw=True)
        except Exception:
            continue


def found(value: Any) -> Iterator[dict[str, Any]]:
    """The rows in a value, those inside others too."""
    if type(value) is list:
        for item in value:
            yield from found(item)
    elif type(value) is dict:
        if len(value) == 1 and type(value.get("$model")) is dict:
            yield value["$model"]
        for item in value.values():
            yield from found(item)
