"""Turns over plain HTTP: a page's first render, and djust's events by POST."""

from __future__ import annotations

import base64
from typing import Any

from . import people

_LEFT_OUT = frozenset({"cookie", "host", "content-length", "content-type", "accept-encoding", "connection"})


def answer(told: dict[str, Any], user: Any) -> dict[str, Any]:
    """Sends a recorded request through the project's own middleware; what it answers."""
    from django.test.client import ClientHandler, RequestFactory

    headers = [(name.lower(), value) for name, value in told.get("headers") or ()]
    body = base64.b64decode(told.get("body") or "")
    factory = RequestFactory()
    extra: dict[str, Any] = {
        f"HTTP_{name.upper().replace('-', '_')}": value
        for name, value in headers
        if name not in _LEFT_OUT and "[redacted" not in value
    }
    content_type = dict(headers).get("content-type", "application/octet-stream")
    request = factory.generic(
        told["method"], told["url"], body, content_type, HTTP_HOST=people.host(headers), **extra
    )
    environ = request.environ
    environ["HTTP_COOKIE"] = people.request_cookies(headers, user)
    # Tokens are not in the recording.
    handler = ClientHandler(enforce_csrf_checks=False)
    response = handler(environ)
    _remember_session(told, headers, response)
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return {
        "status": response.status_code, "headers": [[k, v] for k, v in response.items()],
        "body": base64.b64encode(content).decode("ascii"),
    }  # fmt: skip


def _remember_session(told: dict[str, Any], headers: list[tuple[str, str]], response: Any) -> None:
    from django.conf import settings

    morsel = response.cookies.get(settings.SESSION_COOKIE_NAME)
    given = people.set_cookie_mark([tuple(pair) for pair in told.get("response_headers") or ()])
    if morsel is not None and morsel.value:
        people.remember(given or people.cookie(headers), morsel.value)
    elif given is not None and (own := people.key_of(people.cookie(headers))) is not None:
        people.remember(given, own)
