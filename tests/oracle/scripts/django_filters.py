"""What Django's own filters give, as JSON lines: the yardstick of `tests/engine/django_filters.rs`.

    django_filters.py suite [SDIST]          calls that Django's filter and humanize tests make
    django_filters.py random SEED COUNT      calls with values and arguments drawn at random

A line holds the library, the filter, value and argument in djscope's typed encoding, the settings at
that moment, and the result or the class of the exception. Calls with values that have no encoding are
left out and counted on stderr.
"""

from __future__ import annotations

import base64
import datetime
import functools
import importlib
import inspect
import json
import math
import os
import pathlib
import sys
import time
import types
import unittest
import uuid
import zoneinfo
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import django
from django.conf import settings
from drawn_values import NAMED_FORMATS, NOW, Draw

LIBRARIES = {
    "": "django.template.defaultfilters",
    "humanize": "django.contrib.humanize.templatetags.humanize",
    "i18n": "django.templatetags.i18n",
    "l10n": "django.templatetags.l10n",
    "tz": "django.templatetags.tz",
}
# It draws by itself.
LEFT_OUT = {"random"}
FORMATS = [*NAMED_FORMATS, "DECIMAL_SEPARATOR", "THOUSAND_SEPARATOR", "NUMBER_GROUPING"]


class NoEncoding(Exception):
    """A value that the typed encoding does not have."""


def register_of(module: str) -> Any:
    """The library of filters that a module holds."""
    return importlib.import_module(module).register


def encode(value: Any) -> Any:
    from django.utils.safestring import SafeString

    cls = type(value)
    if value is None or cls in (bool, str):
        if cls is str:
            value.encode()  # No lone surrogates.
        return value
    if cls is SafeString:
        return {"$safe": str.__str__(value)}
    if cls is int:
        return value if -(2**63) <= value < 2**63 else {"$int": str(value)}
    if cls is float:
        return value if math.isfinite(value) else {"$float": repr(value)}
    if cls is list:
        return [encode(item) for item in value]
    if cls is tuple:
        return {"$tuple": [encode(item) for item in value]}
    if cls is dict:
        if all(type(key) is str and not key.startswith("$") for key in value):
            return {key: encode(item) for key, item in value.items()}
        return {"$dict": [[encode(key), encode(item)] for key, item in value.items()]}
    if cls in (set, frozenset):
        return {"$set": [encode(item) for item in value]}
    if cls is bytes:
        return {"$bytes": base64.b64encode(value).decode("ascii")}
    if cls is Decimal:
        return {"$decimal": str(value)}
    if cls is uuid.UUID:
        return {"$uuid": str(value)}
    return encode_time(value)


def encode_time(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return {"$datetime": value.isoformat() + zone_name(value)}
    if type(value) is datetime.date:
        return {"$date": value.isoformat()}
    if type(value) is datetime.time:
        return {"$time": value.isoformat()}
    if type(value) is datetime.timedelta:
        seconds = value.total_seconds()
        if datetime.timedelta(seconds=seconds) != value:
            raise NoEncoding(value)
        return {"$timedelta": seconds}
    raise NoEncoding(type(value))


def zone_name(moment: datetime.datetime) -> str:
    """The name of a zone that ISO 8601 does not tell, in brackets."""
    zone = moment.tzinfo
    if isinstance(zone, zoneinfo.ZoneInfo):
        return f"[{zone.key}]"
    if isinstance(zone, datetime.timezone):
        name, unnamed = zone.tzname(None), datetime.timezone(zone.utcoffset(None)).tzname(None)
        return "" if name == unnamed else f"[{name}]"
    if zone is None:
        return ""
    raise NoEncoding(zone)


def environment(now: datetime.datetime) -> dict[str, Any]:
    """The settings that filters read, at this moment."""
    from django.utils import formats, timezone

    def told(name: str, use_l10n: bool) -> Any:
        found = formats.get_format(name, use_l10n=use_l10n)
        return list(found) if isinstance(found, tuple) else found

    zone = timezone.get_current_timezone()
    moment = now.astimezone(zone)
    return {
        "now": now.isoformat(),
        "time_zone": moment.isoformat() + zone_name(moment),
        "default_time_zone": default_time_zone(now),
        "use_tz": settings.USE_TZ,
        "use_thousand_separator": settings.USE_THOUSAND_SEPARATOR,
        "localized": {name: told(name, True) for name in FORMATS},
        "unlocalized": {name: told(name, False) for name in FORMATS},
    }


def default_time_zone(now: datetime.datetime) -> str:
    """The zone of naive moments; Django's tests of `humanize` have one present for all moments."""
    from django.contrib.humanize.templatetags import humanize

    if humanize.datetime is datetime.datetime:
        return settings.TIME_ZONE
    return "UTC" if humanize.datetime.now() == now.replace(tzinfo=None) else settings.TIME_ZONE


class Recorder:
    """Wraps filters and writes a line for every call that can be told."""

    def __init__(self) -> None:
        self.told: set[str] = set()
        self.left_out: dict[str, int] = {}

    def wrap(self, library: str, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def recorded(value: Any, *args: Any, **kwargs: Any) -> Any:
            call = self.describe(library, name, function, value, args, kwargs)
            try:
                result = function(value, *args, **kwargs)
            except Exception as error:
                self.write(call, {"error": type(error).__name__, "message": str(error)})
                raise
            self.write(call, {"result": result})
            return result

        return recorded

    def describe(
        self,
        library: str,
        name: str,
        function: Any,
        value: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> dict[str, Any] | None:
        from django.utils.translation import get_language

        autoescape = kwargs.get("autoescape", True)
        needs_autoescape = getattr(function, "needs_autoescape", False)
        # Django's tests give it by its place.
        if needs_autoescape and name not in ("join", "urlizetrunc") and args:
            autoescape, args = args[0], args[1:]
        if get_language() not in ("en", "en-us") or name in LEFT_OUT or len(args) > 1:
            return self.leave_out(f"{name}: language or arguments")
        try:
            call = {
                "library": library,
                "filter": name,
                "value": encode(value),
                "autoescape": bool(autoescape),
                "environment": environment(self.now()),
            }
            if args:
                call["argument"] = encode(args[0])
        except (NoEncoding, UnicodeEncodeError) as error:
            return self.leave_out(f"{name}: {error}")
        return call

    def now(self) -> datetime.datetime:
        """The present, as a test may have set it for `humanize`."""
        from django.contrib.humanize.templatetags import humanize

        return humanize.datetime.now(datetime.timezone.utc)

    def leave_out(self, why: str) -> None:
        self.left_out[why] = self.left_out.get(why, 0) + 1

    def write(self, call: dict[str, Any] | None, outcome: dict[str, Any]) -> None:
        if call is None:
            return
        try:
            if "result" in outcome:
                outcome = {"result": encode(outcome["result"])}
            line = json.dumps(call | outcome)
        except (NoEncoding, UnicodeEncodeError) as error:
            self.leave_out(f"{call['filter']}: result {error}")
            return
        if line not in self.told:
            self.told.add(line)
            print(line)


def configure(**more: Any) -> None:
    os.environ["TZ"] = more["TIME_ZONE"]
    time.tzset()
    settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        INSTALLED_APPS=[f"django.contrib.{name}" for name in ("contenttypes", "auth", "humanize")],
        LANGUAGE_CODE="en",
        SECRET_KEY="filters",
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        **more,
    )
    django.setup()


def run_suite(sdist: str) -> None:
    """Runs Django's own tests of its filters, with the filters wrapped."""
    sys.path.insert(0, str(pathlib.Path(sdist, "tests")))
    configure(USE_TZ=False, TIME_ZONE="America/Chicago")
    recorder = Recorder()
    for library, module_name in LIBRARIES.items():
        module = importlib.import_module(module_name)
        for name, function in list(module.register.filters.items()):
            recorded = recorder.wrap(library, name, function)
            module.register.filters[name] = recorded
            for attribute, held in list(vars(module).items()):
                if held is function:
                    setattr(module, attribute, recorded)
    loader = unittest.TestLoader()
    tests = pathlib.Path(sdist, "tests")
    modules = tests.glob("template_tests/filter_tests/test_*.py")
    names = [f"template_tests.filter_tests.{path.stem}" for path in modules]
    suite = loader.loadTestsFromNames(sorted([*names, "humanize_tests.tests"]))
    with open(os.devnull, "w") as devnull:
        result = unittest.TextTestRunner(stream=devnull).run(suite)
    failed = len(result.failures + result.errors)
    print(f"{result.testsRun} tests, {failed} failed", file=sys.stderr)
    for why, count in sorted(recorder.left_out.items()):
        print(f"left out {count} times: {why}", file=sys.stderr)


class FrozenMeta(type):
    """Plain values are instances of it, too, and it makes plain values."""

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, datetime.datetime)

    def __call__(cls, *args: Any, **kwargs: Any) -> datetime.datetime:
        return datetime.datetime(*args, **kwargs)


class FrozenDateTime(metaclass=FrozenMeta):
    """`datetime.datetime` with a present that does not move."""

    @staticmethod
    def now(tz: datetime.tzinfo | None = None) -> datetime.datetime:
        if tz:
            return NOW.astimezone(tz)
        return NOW.astimezone(zoneinfo.ZoneInfo(settings.TIME_ZONE)).replace(tzinfo=None)


Call = tuple[str, str, Callable[..., Any], tuple[Any, ...], dict[str, Any]]


def random_calls(seed: int, count: int) -> Iterator[Call]:
    draw = Draw(seed)
    filters = [
        (library, name, function)
        for library, module in LIBRARIES.items()
        for name, function in sorted(register_of(module).filters.items())
        if name not in LEFT_OUT
    ]
    taken = {(library, name): arguments(function) for library, name, function in filters}
    for index in range(count):
        library, name, function = filters[index % len(filters)]
        least, most = taken[library, name]
        has_argument = most and (least or not draw.one_in(3))
        args = (draw.argument_of(name),) if has_argument else ()
        needs_autoescape = getattr(function, "needs_autoescape", False)
        kwargs = {"autoescape": draw.one_of([True, False])} if needs_autoescape else {}
        yield library, name, function, (draw.value_of(name), *args), kwargs


def arguments(function: Callable[..., Any]) -> tuple[int, int]:
    """How many arguments a filter needs and takes beside the value and `autoescape`."""
    parameters = list(inspect.signature(inspect.unwrap(function)).parameters.values())[1:]
    parameters = [parameter for parameter in parameters if parameter.name != "autoescape"]
    return sum(parameter.default is parameter.empty for parameter in parameters), len(parameters)


def run_random(seed: int, count: int) -> None:
    configure(USE_TZ=True, TIME_ZONE="Europe/Paris")
    from django.contrib.humanize.templatetags import humanize
    from django.utils import timesince

    timesince.datetime = types.SimpleNamespace(datetime=FrozenDateTime)
    humanize.datetime = FrozenDateTime
    recorder = Recorder()
    recorder.now = lambda: NOW
    for library, name, function, args, kwargs in random_calls(seed, count):
        try:
            recorder.wrap(library, name, function)(*args, **kwargs)
        except Exception:
            continue


def main() -> None:
    # Lines are read as they come.
    sys.stdout.reconfigure(encoding="utf-8", line_buffering=False)
    if sys.argv[1] == "suite":
        run_suite(sys.argv[2] if len(sys.argv) > 2 else os.environ["DJSCOPE_DJANGO_SDIST"])
    else:
        run_random(int(sys.argv[2]), int(sys.argv[3]))


if __name__ == "__main__":
    main()
