"""What a first turn would load, loaded before the first fork: each run is a new process, and would load it again."""

from __future__ import annotations

import importlib
from typing import Any

from .databases import quietly

# What djust and Django import when a view is mounted.
_LATE = (
    "django.contrib.auth.mixins", "django.contrib.auth.views", "django.middleware.cache", "django.shortcuts",
    "django.template.context_processors", "django.views.decorators.cache", "djust._tenant_state", "djust.backends",
    "djust.renderers", "djust.security.csrf", "djust.security.service_worker", "djust.state_backend",
    "djust.state_backends", "djust.tenants", "djust.utils",
)  # fmt: skip


def up(settings: Any) -> None:
    """Loads it. What cannot be loaded is left to the turn that needs it."""
    for name in (*_LATE, settings.SESSION_ENGINE):
        quietly(lambda name=name: importlib.import_module(name))
    for path in _named(settings):
        quietly(lambda path=path: importlib.import_module(path.rpartition(".")[0]))
    quietly(_templates)
    quietly(_language)


def _named(settings: Any) -> list[str]:
    """What the settings name and a server loads before its first request."""
    options = [engine.get("OPTIONS", {}) for engine in settings.TEMPLATES]
    processors = [path for option in options for path in option.get("context_processors", ())]
    return [
        *settings.MIDDLEWARE, *settings.AUTHENTICATION_BACKENDS, settings.SESSION_SERIALIZER, *processors,
    ]  # fmt: skip


def _templates() -> None:
    from django.template import engines

    engines.all()


def _language() -> None:
    from django.utils import formats, translation

    translation.gettext("No")
    formats.get_format("DATE_FORMAT")
