"""The session of a turn, and for whom and where a view is mounted. Nothing is fetched."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from . import trouble, values
from .patches import before, replace, undone_by

if TYPE_CHECKING:
    from .turns import Turn

_USER = "_auth_user_id"
_known: set[type] = set()
_watched: set[tuple[type, str]] = set()


def seen(view: Any) -> tuple[Any, bool, dict[Any, Any] | None] | None:
    """The session of a view's request, whether it has changes that wait to be saved, and what it holds."""
    session = _stored(view.__dict__.get("request")).get("session")
    if session is None or not _is_session(type(session)):
        return None
    _watch(type(session))
    return session, _stored(session).get("modified") is True, _content(session)


@trouble.guarded
def ended(turn: Turn) -> None:
    """Tells what the turn did with the session it saw, and who it was for if that is known by now."""
    if "mount" in turn.work:
        turn.work["mount"]["user"] = _user(turn)
    if turn.session is not None:
        session, was_modified, held = turn.session
        saved = bool(turn.work.pop("saved", False))
        is_modified = _stored(session).get("modified") is True
        holds = _content(session)
        # Over a socket the mark stays when it was set once: then only what it holds says more.
        differs = held is not None and holds is not None and _differ(held, holds)
        touched = differs or (is_modified and not was_modified)
        turn.session = None
        turn.work["session"] = {"touched": touched, "saved": saved}


@trouble.guarded
def mounting(turn: Turn, kwargs: Any) -> None:
    """`mount` is about to be called, in this thread: language, time zone, arguments, address."""
    told: dict[str, Any] = {"user": None, "language": None, "time_zone": None}
    if "django.utils.translation" in sys.modules:
        told["language"] = sys.modules["django.utils.translation"].get_language()
    if "django.utils.timezone" in sys.modules:
        zone = sys.modules["django.utils.timezone"].get_current_timezone()
        key = getattr(zone, "key", None)
        told["time_zone"] = key if type(key) is str else str(zone)[:100]
    told["kwargs"] = values.Encoder(1000).encode(kwargs) if type(kwargs) is dict else None
    told["url"] = turn.path
    turn.work["mount"] = told


def _content(session: Any) -> dict[Any, Any] | None:
    """What the session holds, by its keys; None if it was not read yet."""
    held = _stored(session).get("_session_cache")
    return dict(held) if type(held) is dict else None


def _differ(before: dict[Any, Any], after: dict[Any, Any]) -> bool:
    return len(before) != len(after) or any(after.get(key) is not item for key, item in before.items())


def _user(turn: Turn) -> Any:
    """The primary key of who is logged in, if anybody has asked for it in this turn."""
    view = turn.record.view() if turn.record else None
    request = _stored(view.__dict__.get("request")) if view is not None else {}
    user = request.get("user")
    wrapped = _stored(user).get("_wrapped", user)
    meta = getattr(type(wrapped), "_meta", None)
    if meta is not None and meta.pk is not None:
        return values.Encoder(10).encode(_stored(wrapped).get(meta.pk.attname))
    held = _stored(request.get("session")).get("_session_cache")
    key = held.get(_USER) if type(held) is dict else None
    return key if type(key) in (str, int) else None


def _stored(item: Any) -> dict[str, Any]:
    """What is stored on an object itself: no property of it is called."""
    try:
        own = object.__getattribute__(item, "__dict__")
    except AttributeError:
        return {}
    return own if type(own) is dict else {}


def _is_session(cls: type) -> bool:
    return any(
        base.__module__ == "django.contrib.sessions.backends.base" and base.__name__ == "SessionBase"
        for base in cls.__mro__
    )


def _watch(cls: type) -> None:
    """Notes every save of a session of this class, which is wrapped once."""
    if cls in _known:
        return
    if not _known:
        undone_by(_forget)
    _known.add(cls)
    for owner in cls.__mro__:
        for name in ("save", "asave"):
            if callable(vars(owner).get(name)) and (owner, name) not in _watched:
                _watched.add((owner, name))
                replace(owner, name, before(_saved), None)


def _forget() -> None:
    _known.clear()
    _watched.clear()


@trouble.guarded
def _saved(session: Any, *_: Any, **__: Any) -> None:
    from . import turns

    turn = turns.running()
    if turn is not None and turn.session is not None and turn.session[0] is session:
        turn.work["saved"] = True
