"""For whom a turn is run: user, session and cookies.

A recording has marks in the place of session keys, equal ones for equal keys.
Each mark is a session of its own here, so that what a page put into it is
there on the socket; what it held before the recording began is not known.
"""

from __future__ import annotations

import re
from http.cookies import SimpleCookie
from typing import Any

# The mark of a session → its key here.
_keys: dict[str, str] = {}
# What had to be taken for granted since the last time.
_assumed: dict[str, None] = {}
# Overrides whoever was there.
_forced_user: Any = None
# Keys of sessions that had begun before the recording, and of those that were read since the last time.
_unknown: set[str] = set()
_read: set[str] = set()
_BEGAN_BEFORE = "session: what it held before the recording began is not known"

_COOKIE = re.compile(r"([^=;\s]+)=([^;]*)")


def force(user: Any) -> None:
    """Everything is run for this user: a primary key or a name."""
    global _forced_user
    _forced_user = user


def install() -> None:
    """Notes which sessions are read."""
    from django.contrib.sessions.backends.base import SessionBase

    original = SessionBase._get_session

    def get_session(self: Any, *args: Any, **kwargs: Any) -> Any:
        _read.add(self.session_key)
        return original(self, *args, **kwargs)

    SessionBase._get_session = get_session
    SessionBase._session = property(get_session)
    if hasattr(SessionBase, "_aget_session"):
        original_async = SessionBase._aget_session

        async def aget_session(self: Any, *args: Any, **kwargs: Any) -> Any:
            _read.add(self.session_key)
            return await original_async(self, *args, **kwargs)

        SessionBase._aget_session = aget_session


def assumed() -> list[str]:
    """What was taken for granted since the last time."""
    told = list(_assumed)
    if _unknown & _read and _BEGAN_BEFORE not in told:
        told.append(_BEGAN_BEFORE)
    _assumed.clear()
    _read.clear()
    return told


def host(headers: list[tuple[str, str]]) -> str:
    """A name that the project allows: the recorded one if it does, else one of its own."""
    from django.conf import settings
    from django.http.request import split_domain_port, validate_host

    told = next((value for name, value in headers if name == "host"), "")
    allowed = settings.ALLOWED_HOSTS or [".localhost", "127.0.0.1", "[::1]"]
    if told and validate_host(split_domain_port(told)[0], allowed):
        return told
    own = next((name.lstrip(".") for name in allowed if name != "*"), "localhost")
    return own


def cookie(headers: list[tuple[str, str]]) -> str | None:
    """The mark of the session cookie, if the browser sent one."""
    from django.conf import settings

    for name, value in headers:
        if name.lower() == "cookie":
            found = dict(_COOKIE.findall(value))
            if settings.SESSION_COOKIE_NAME in found:
                return found[settings.SESSION_COOKIE_NAME]
    return None


def key_of(mark: str | None) -> str | None:
    """The key of the session with this mark; None if there is none yet."""
    return _keys.get(mark) if mark else None


def remember(mark: str | None, key: str) -> None:
    """The session with this mark has this key here."""
    if mark:
        _keys[mark] = key


def set_cookie_mark(headers: list[tuple[str, str]]) -> str | None:
    """The mark of the session that an answer began."""
    from django.conf import settings

    start = settings.SESSION_COOKIE_NAME + "="
    for name, value in headers:
        if name.lower() == "set-cookie" and value.startswith(start):
            return value[len(start) :].partition(";")[0]
    return None


def _user(told: Any) -> Any:
    from django.contrib.auth import get_user_model
    from django.contrib.auth.models import AnonymousUser

    wanted = _forced_user if _forced_user is not None else told
    if wanted is None:
        return AnonymousUser()
    model = get_user_model()
    by_key = model._default_manager.filter(pk=wanted) if str(wanted).isdigit() else None
    found = by_key.first() if by_key is not None else None
    if found is None:
        found = model._default_manager.filter(**{model.USERNAME_FIELD: str(wanted)}).first()
    if found is None:
        _assumed[f"user: {wanted!r} is not in the database"] = None
        return AnonymousUser()
    return found


def _has_users() -> bool:
    from django.apps import apps

    return apps.is_installed("django.contrib.auth")


def session_for(mark: str | None, user: Any) -> Any:
    """The session with this mark, logged in as the user; a new one if it is not known yet, none if there are none."""
    try:
        return _session(mark, user)
    except Exception as error:
        _assumed[f"session: none, {type(error).__name__}: {error}"] = None
        return None


def _session(mark: str | None, user: Any) -> Any:
    from djust.utils import build_session_for_request

    session = build_session_for_request(key_of(mark))
    if session is None:
        return None
    if getattr(user, "is_authenticated", False) and "_auth_user_id" not in session:
        _log_in(session, user)
    if mark is not None and key_of(mark) is None:
        session.save()
        remember(mark, session.session_key)
        _unknown.add(session.session_key)
        _read.discard(session.session_key)
    return session


def _log_in(session: Any, user: Any) -> None:
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.conf import settings

    session[SESSION_KEY] = user._meta.pk.value_to_string(user)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    if hasattr(user, "get_session_auth_hash"):
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()


def of_connection(told: dict[str, Any]) -> tuple[Any, Any]:
    """The user and the session of a connection."""
    mark = cookie([tuple(pair) for pair in told.get("headers") or ()])
    if not _has_users():
        return None, session_for(mark, None)
    user = _user(told.get("user"))
    return user, session_for(mark, user)


def request_cookies(headers: list[tuple[str, str]], user: Any) -> str:
    """The cookies of a request, with the session of this run."""
    from django.conf import settings

    mark = cookie(headers)
    own = _user(user) if _has_users() and (user is not None or _forced_user is not None) else None
    session = session_for(mark, own) if mark is not None or own is not None else None
    jar: SimpleCookie = SimpleCookie()
    for name, value in headers:
        if name.lower() == "cookie":
            for key, item in _COOKIE.findall(value):
                if "[redacted" not in item:
                    jar[key] = item
    if session is not None:
        if session.session_key is None:
            session.save()
        jar[settings.SESSION_COOKIE_NAME] = session.session_key
    return "; ".join(f"{key}={morsel.coded_value}" for key, morsel in jar.items())
