"""Turns over plain HTTP: a page's first render, and djust's events by POST."""

from __future__ import annotations

import base64
import io
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from asgiref.sync import sync_to_async

from . import people

# What the project would take for its own, or what is another one now.
_LEFT_OUT = frozenset({"cookie", "host", "content-length", "accept-encoding", "connection"})


async def answer(told: dict[str, Any], user: Any) -> dict[str, Any]:
    """Sends a recorded request through the project's own middleware; what it answers."""
    from django.test.client import AsyncClientHandler

    headers = [(name.lower(), value) for name, value in told.get("headers") or ()]
    cookies = await sync_to_async(people.request_cookies)(headers, user)
    # Tokens are not in the recording.
    handler = AsyncClientHandler(enforce_csrf_checks=False)
    response = await handler(_scope(told, headers, cookies))
    await sync_to_async(_remember_session)(told, headers, response)
    content = await _content(response)
    return {
        "status": response.status_code, "headers": [[k, v] for k, v in response.items()],
        "body": base64.b64encode(content).decode("ascii"),
    }  # fmt: skip


def _scope(told: dict[str, Any], headers: list[tuple[str, str]], cookies: str) -> dict[str, Any]:
    body = base64.b64decode(told.get("body") or "")
    host = people.host(headers)
    url = urlsplit(told["url"])
    name, _, port = host.rpartition(":") if not host.endswith("]") else ("", "", "")
    kept = [(n, v) for n, v in headers if n not in _LEFT_OUT and "[redacted" not in v]
    kept += [("host", host), ("cookie", cookies)]
    if body:
        kept.append(("content-length", str(len(body))))
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http",
        "method": told["method"], "path": unquote_to_bytes(url.path).decode("utf-8", "replace"),
        "raw_path": url.path.encode(), "root_path": "", "query_string": url.query.encode(),
        "client": ("127.0.0.1", 0),
        "server": (name or host, int(port) if port.isdigit() else 80),
        "headers": [(n.encode("latin-1"), v.encode("latin-1", "replace")) for n, v in kept],
        "_body_file": _Body(body),
    }  # fmt: skip


class _Body(io.BytesIO):
    """The body of a request, with its length, as Django's handler for tests takes it."""

    def __len__(self) -> int:
        return self.getbuffer().nbytes


async def _content(response: Any) -> bytes:
    if not response.streaming:
        content: bytes = response.content
        return content
    if response.is_async:
        return b"".join([part async for part in response.streaming_content])
    return b"".join(await sync_to_async(list)(response.streaming_content))


def _remember_session(told: dict[str, Any], headers: list[tuple[str, str]], response: Any) -> None:
    from django.conf import settings

    morsel = response.cookies.get(settings.SESSION_COOKIE_NAME)
    given = people.set_cookie_mark([tuple(pair) for pair in told.get("response_headers") or ()])
    if morsel is not None and morsel.value:
        people.remember(given or people.cookie(headers), morsel.value)
    elif given is not None and (own := people.key_of(people.cookie(headers))) is not None:
        people.remember(given, own)
