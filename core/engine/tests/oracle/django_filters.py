"""What Django's own filters give, as JSON lines: the yardstick of `tests/engine/django_filters.rs`.

    django_filters.py suite [SDIST]          calls that Django's filter and humanize tests make
    django_filters.py random SEED COUNT      calls with values and arguments drawn at random

A line holds the library, the filter, value and argument in djscope's typed encoding, the settings at that moment, and
the result or the class of the exception. Calls with values that have no encoding are left out and counted on stderr.
"""

from __future__ import annotations

import base64
import datetime
import functools
import json
import math
import os
import pathlib
import random
import sys
import time
import unittest
import uuid
import zoneinfo
from decimal import Decimal
from typing import Any, Callable, Iterator

import django
from django.conf import settings

LIBRARIES = {
    "": "django.template.defaultfilters",
    "humanize": "django.contrib.humanize.templatetags.humanize",
    "i18n": "django.templatetags.i18n",
    "l10n": "django.templatetags.l10n",
    "tz": "django.templatetags.tz",
}
# It draws by itself.
LEFT_OUT = {"random"}
FORMATS = [
    "DATE_FORMAT", "TIME_FORMAT", "DATETIME_FORMAT", "YEAR_MONTH_FORMAT", "MONTH_DAY_FORMAT", "SHORT_DATE_FORMAT",
    "SHORT_DATETIME_FORMAT", "DECIMAL_SEPARATOR", "THOUSAND_SEPARATOR", "NUMBER_GROUPING",
]  # fmt: skip


class NoEncoding(Exception):
    """A value that the typed encoding does not have."""


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
        is_named = zone is not datetime.timezone.utc and zone.tzname(None) != datetime.timezone(
            zone.utcoffset(None)
        ).tzname(None)
        return f"[{zone.tzname(None)}]" if is_named else ""
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
    """The zone of naive moments; Django's tests of `humanize` set one present for naive and aware ones."""
    from django.contrib.humanize.templatetags import humanize

    is_set = humanize.datetime is not datetime.datetime and humanize.datetime.now() == now.replace(tzinfo=None)
    return "UTC" if is_set else settings.TIME_ZONE


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
        self, library: str, name: str, function: Any, value: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> dict[str, Any] | None:
        from django.utils.translation import get_language

        autoescape = kwargs.get("autoescape", True)
        if getattr(function, "needs_autoescape", False) and name not in ("join", "urlizetrunc") and args:
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
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.humanize"],
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
        module = __import__(module_name, fromlist=["register"])
        for name, function in list(module.register.filters.items()):
            recorded = recorder.wrap(library, name, function)
            module.register.filters[name] = recorded
            for attribute, held in list(vars(module).items()):
                if held is function:
                    setattr(module, attribute, recorded)
    loader = unittest.TestLoader()
    tests = pathlib.Path(sdist, "tests")
    names = [f"template_tests.filter_tests.{path.stem}" for path in tests.glob("template_tests/filter_tests/test_*.py")]
    names += ["humanize_tests.tests"]
    suite = loader.loadTestsFromNames(sorted(names))
    result = unittest.TextTestRunner(stream=open(os.devnull, "w")).run(suite)
    print(f"{result.testsRun} tests, {len(result.failures + result.errors)} failed", file=sys.stderr)
    for why, count in sorted(recorder.left_out.items()):
        print(f"left out {count} times: {why}", file=sys.stderr)


NOW = datetime.datetime(2026, 3, 29, 10, 30, 15, 250_000, tzinfo=datetime.timezone.utc)


class FrozenDateTime(datetime.datetime):
    """`datetime` with a present that does not move."""

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:
        moment = NOW.astimezone(tz or zoneinfo.ZoneInfo(settings.TIME_ZONE))
        return moment if tz else moment.replace(tzinfo=None)


# `isinstance` has to hold for plain values, too.
class FrozenModule:
    date, time, timedelta, timezone, tzinfo = (
        datetime.date, datetime.time, datetime.timedelta, datetime.timezone, datetime.tzinfo,
    )  # fmt: skip


class DateTimeMeta(type):
    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, datetime.datetime)

    def __call__(cls, *args: Any, **kwargs: Any) -> datetime.datetime:
        return datetime.datetime(*args, **kwargs)


class FakeDateTime(metaclass=DateTimeMeta):
    now = staticmethod(FrozenDateTime.now)


FrozenModule.datetime = FakeDateTime

WORDS = [
    "a", "ab", "Hello", "wörld", "ß", "ŉ", "ǆungla", "ΣΑΣ", "don't", "1st", "2ND", "x", "é", "e\u0301", "日本", "😀", "İ",
    "<b>", "</b>", "<br>", "<br/>", "<p class=\"x\">", "</p>", "<i", "<a href='x>y'>", "<!-- c -->", "<!--", "<script>",
    "</script>", "<![CDATA[x]]>", "<!x>", "<?php ?>", "</ b>", "<a x=\"", "<a b= c/>", "<img src=x />", "&amp;", "&lt", "&#39;",
    "&#x27;", "&", "&x", "&#", "&copy", "&notit;", "&#0;", "&#x80;", "&#1114112;", "<", ">", "\"", "'", "`", "=", "-", "--", "_", "\\",
    "/", ".", ",", ";", ":", "!", "?", "(", ")", "[", "]", "%", "%20", "+", "#", "@", "\n", "\r\n", "\r", "\n\n", "\t", " ", "  ", "\u00a0",
    "\u2028", "\x0b", "\x1c", "\x85", "\x00", "\x7f", "\u200b", "http://example.com", "https://a.b/c?d=e&f=%20#g", "www.x.de",
    "example.com", "EXAMPLE.ORG/x", "http://[::1]/", "http://xn--a.com", "ftp://x", "me@example.com", "a.b+c@d.co.uk",
    "mailto:me@x.org", "javascript:alert(1)", "http://ü.com/ö?ä=ß", "x@localhost", "(http://a.com).", "a@b.c,", "true", "None",
]  # fmt: skip
NUMBERS = [
    0, 1, -1, 2, 3, 7, 10, 11, 12, 13, 21, 101, 111, 112, 1000, 1024, 1_048_576, 123_456_789, -5000, 10**6, 1_200_000, 10**9,
    10**15, 999_999_999, 2**63 - 1, 2**63, -(2**63) - 1, 10**25, 10**33, 10**105, True, False, 0.0, -0.0, 0.5, 1.5, 2.5, -1.005,
    34.23234, 34.0, 34.26, 0.000123, 1e-10, 1e16, 1.5e300, 123456.789, float("inf"), float("-inf"), float("nan"), Decimal("1.20"),
    Decimal("-0.00"), Decimal("1E+3"), Decimal("1E-7"), Decimal("1E+300"), Decimal("NaN"), Decimal("Infinity"),
    Decimal("-Infinity"), Decimal("555.555"), Decimal("0.05"), Decimal("99999.995"), Decimal("09.000"), "12", " 7 ", "-3.5", "1e3", "1_000",
    "٣", "0x1", "", "1.", ".5", "1e400", "12345678901234567890", "10000.50", "-1234567",
]  # fmt: skip
DATE_LETTERS = "aAbcdDeEfFgGhHiIjlLmMnNoOPrsStTuUwWyYzZ"
ZONES = [
    datetime.timezone.utc, datetime.timezone(datetime.timedelta(hours=-5)), datetime.timezone(datetime.timedelta(minutes=195), "+0315"),
    zoneinfo.ZoneInfo("Europe/Paris"), zoneinfo.ZoneInfo("America/New_York"), zoneinfo.ZoneInfo("Asia/Kolkata"), zoneinfo.ZoneInfo("UTC"),
]  # fmt: skip
INTEGERS = [-10, -3, -2, -1, 0, 1, 2, 3, 4, 5, 8, 10, 15, 30, "2", "10", " 4 ", "-1", "x", "", None, 2.7, "2.5", True, Decimal(3), [], "1e1", 10**20]
ARGUMENTS: dict[str, list[Any]] = {
    "floatformat": [*range(-12, 13), "0", "2", "-2", "2g", "g", "u", "2u", "3gu", "-3ug", "ugg", "", "x", None, 2.9, "200", 199, True, "9"],
    "stringformat": [
        "s", "d", "5d", "05d", "-8s|", "+d", " d", ".2f", "8.3f", "08.2f", "e", ".3e", "E", "g", ".3g", "#g", "G", "x", "X", "#x", "o",
        "#o", "c", "r", "a", "%", "", "i", "u", "5s", ".2s", "10.3s", "d%", "s and %s", "(a)s", "(b)d", "z", "*d", "0", "-05d", "+.1f", "#.0f",
        "#e", ".0f", ".0e", "ld", "5%", "020.5f", "-10x|", "+5c", ".10d", "s%%", ".400f", ".100g",
    ],
    "yesno": ["yes,no", "a,b,c", "x", "", ",", "a,b,c,d", None, 5, ["a"]],
    "pluralize": ["es", "y,ies", "", ",", "a,b,c", 5, None],
    "slice": [":2", "1:", "::2", "::-1", "-3:-1", "0", "2", "", "x", "1:2:3:4", "5:1:-2", "::0", ":10000000000000000000000", 3, None, ":-1", "-100:100:7"],
    "join": [", ", "<br>", "", 5, None, b"x"],
    "cut": ["a", " ", ";", "", "&", "<b>", 5, None],
    "urlencode": ["", "/", ":?", "é", None, 5, [97, 98], "~"],
    "default": ["d", None, 0],
    "default_if_none": ["d", None, 0],
    "dictsort": ["a", "b", "a.b", "0", 0, 1, "", "_a", "a._b", None, "x", "-1", 1.5, "nan", True],
    "json_script": ["id", "a<b", "", None, 5],
    "intcomma": [True, False, None, ""],
    "timezone": ["Europe/Paris", "UTC", "Asia/Kolkata", "America/New_York", "Nowhere/Else", "europe/paris", "", None, 5],
    "get_digit": [*INTEGERS, 9, 19, 20],
    "divisibleby": [1, 2, 3, -7, 0, "3", "x", None, 2.5, float("inf")],
}
PREDEFINED = ["DATE_FORMAT", "DATETIME_FORMAT", "SHORT_DATE_FORMAT", "SHORT_DATETIME_FORMAT", "TIME_FORMAT", "YEAR_MONTH_FORMAT", "MONTH_DAY_FORMAT"]


class Draw:
    """Values and arguments, drawn at random."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def one_of(self, items: Any) -> Any:
        return self.random.choice(items)

    def text(self) -> str:
        words = [self.one_of(WORDS) for _ in range(self.random.randrange(9))]
        return self.one_of(["", "", " "]).join(words)

    def moment(self) -> datetime.datetime:
        draw = self.random.randrange
        if draw(3):
            moment = NOW.replace(tzinfo=None) + datetime.timedelta(
                seconds=self.one_of([1, 10**2, 10**4, 10**6, 10**8]) * self.random.uniform(-1, 1)
            )
        else:
            moment = datetime.datetime(
                self.one_of([1, 1000, 1899, 1969, 2000, 2024, 2026, 9999]), draw(1, 13), draw(1, 29), draw(24), self.one_of([0, draw(60)]), draw(60)
            )
        if draw(4) == 0:
            moment = self.one_of([datetime.datetime(2026, 3, 29, 2, 30), datetime.datetime(2026, 10, 25, 2, 30), datetime.datetime(2026, 11, 1, 1, 15)])
        if draw(2):
            moment = moment.replace(tzinfo=self.one_of(ZONES))
        return moment

    def scalar(self) -> Any:
        draws: list[Callable[[], Any]] = [
            self.text, self.text, lambda: self.one_of(NUMBERS), lambda: self.one_of(NUMBERS), self.moment, lambda: self.moment().date(),
            lambda: self.moment().time(), lambda: None, lambda: self.random.uniform(-1, 1) * 10 ** self.random.randrange(-8, 20),
            lambda: self.text().encode()[:6], lambda: uuid.UUID(int=self.random.getrandbits(128)),
            lambda: datetime.timedelta(seconds=self.random.randrange(-(10**6), 10**6)), lambda: "x" * self.random.randrange(60, 140) + self.text(),
        ]  # fmt: skip
        return self.one_of(draws)()

    def value(self, depth: int = 0) -> Any:
        from django.utils.safestring import mark_safe

        kind = self.random.randrange(12)
        if kind == 0:
            return mark_safe(self.text())
        if kind < 8 or depth > 2:
            return self.scalar()
        items = [self.value(depth + 1) for _ in range(self.random.randrange(5))]
        if kind == 8:
            return items
        if kind == 9:
            return tuple(items)
        if kind == 10:
            keys = ["a", "b", "c", 1, 0, "x", None, 1.5, "0"]
            return {self.one_of(keys): item for item in items}
        return {item for item in items if isinstance(item, (str, int))}

    def value_of(self, name: str) -> Any:
        """Often a value that the filter is made for."""
        if self.random.randrange(4) == 0:
            return self.value()
        if name in ("date", "time", "timesince", "timeuntil", "naturalday", "naturaltime", "localtime", "utc", "timezone", "localize", "unlocalize"):
            return self.one_of([self.moment, self.moment, lambda: self.moment().date(), lambda: self.moment().time(), self.scalar])()
        if name in ("floatformat", "add", "filesizeformat", "divisibleby", "get_digit", "intcomma", "intword", "ordinal", "apnumber", "pluralize"):
            return self.one_of([lambda: self.one_of(NUMBERS), self.scalar])()
        if name.startswith("dictsort"):
            keys = self.one_of([["a", "b"], ["a", 0, "0"], [1, "x"]])
            items = [{key: self.one_of([self.one_of(NUMBERS), self.text(), {"b": 1}]) for key in keys} for _ in range(self.random.randrange(6))]
            numbers = [{"a": self.random.randrange(4), "b": index} for index in range(self.random.randrange(9))]
            pairs = [(self.random.randrange(3), self.text()) for _ in range(self.random.randrange(6))]
            return self.one_of([items, numbers, numbers, pairs])
        if name.startswith("language"):
            return self.one_of(["en", "de", "pt-br", "pt-xx", "zh-cn", "xx", "xx-yy", "ar", "he-x", "zh-tw", "", self.scalar()])
        if name in ("join", "first", "last", "length", "unordered_list", "safeseq", "escapeseq", "slice", "pprint", "json_script"):
            return self.value(1) if self.random.randrange(3) == 0 else [self.value(1) for _ in range(self.random.randrange(7))]
        return self.one_of([self.text, self.text, self.text, self.value])()

    def argument_of(self, name: str) -> Any:
        # A width may be any number, and the text as long.
        if self.random.randrange(12) == 0 and name not in ("ljust", "rjust", "center"):
            return self.value(1)
        if name in ("date", "time"):
            letters = [self.one_of(DATE_LETTERS + " -:\\/,") for _ in range(self.random.randrange(1, 7))]
            time_letters = [self.one_of("aAfgGhHiPsueOTZ:\\ ") for _ in range(self.random.randrange(1, 7))]
            return self.one_of(["".join(letters), "".join(letters), "".join(time_letters), *PREDEFINED, "", None, 5])
        if name in ("timesince", "timeuntil", "naturalday"):
            return self.one_of([self.moment(), self.moment(), self.moment().date(), None, "", "x", "Y-m-d"])
        if name == "add":
            return self.value_of(name)
        return self.one_of(ARGUMENTS.get(name.replace("reversed", ""), INTEGERS))


def random_calls(seed: int, count: int) -> Iterator[tuple[str, str, Callable[..., Any], tuple[Any, ...], dict[str, Any]]]:
    draw = Draw(seed)
    filters = [
        (library, name, function)
        for library, module_name in LIBRARIES.items()
        for name, function in sorted(__import__(module_name, fromlist=["register"]).register.filters.items())
        if name not in LEFT_OUT
    ]
    needed = {(library, name): arguments(function) for library, name, function in filters}
    for index in range(count):
        library, name, function = filters[index % len(filters)]
        least, most = needed[library, name]
        args = (draw.argument_of(name),) if most and (least or draw.random.randrange(3)) else ()
        kwargs = {"autoescape": draw.one_of([True, False])} if getattr(function, "needs_autoescape", False) else {}
        yield library, name, function, (draw.value_of(name), *args), kwargs


def arguments(function: Callable[..., Any]) -> tuple[int, int]:
    """How many arguments a filter needs and takes beside the value and `autoescape`."""
    import inspect

    parameters = list(inspect.signature(inspect.unwrap(function)).parameters.values())[1:]
    parameters = [parameter for parameter in parameters if parameter.name != "autoescape"]
    return sum(parameter.default is parameter.empty for parameter in parameters), len(parameters)


def run_random(seed: int, count: int) -> None:
    configure(USE_TZ=True, TIME_ZONE="Europe/Paris")
    from django.contrib.humanize.templatetags import humanize
    from django.utils import timesince

    timesince.datetime = FrozenModule
    humanize.datetime = FakeDateTime
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
