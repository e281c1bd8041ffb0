"""Values and arguments for filters, drawn at random: also some that they are not made for."""

from __future__ import annotations

import datetime
import random
import uuid
import zoneinfo
from collections.abc import Callable
from decimal import Decimal
from typing import Any

# On the day on which Europe sets its clocks.
NOW = datetime.datetime(2026, 3, 29, 10, 30, 15, 250_000, tzinfo=datetime.timezone.utc)

# fmt: off
WORDS = [
    "a", "ab", "Hello", "wörld", "ß", "ŉ", "ǆungla", "ΣΑΣ", "don't", "1st", "2ND", "x", "é",
    "e\u0301", "日本", "😀", "İ", "<b>", "</b>", "<br>", "<br/>", '<p class="x">', "</p>", "<i",
    "<a href='x>y'>", "<!-- c -->", "<!--", "<script>", "</script>", "<![CDATA[x]]>", "<!x>",
    "<?php ?>", "</ b>", '<a x="', "<a b= c/>", "<img src=x />", "&amp;", "&lt", "&#39;", "&#x27;",
    "&", "&x", "&#", "&copy", "&notit;", "&#0;", "&#x80;", "&#1114112;", "<", ">", '"', "'", "`",
    "=", "-", "--", "_", "\\", "/", ".", ",", ";", ":", "!", "?", "(", ")", "[", "]", "%", "%20",
    "+", "#", "@", "\n", "\r\n", "\r", "\n\n", "\t", " ", "  ", "\u00a0", "\u2028", "\x0b", "\x1c",
    "\x85", "\x00", "\x7f", "\u200b", "http://example.com", "https://a.b/c?d=e&f=%20#g", "www.x.de",
    "example.com", "EXAMPLE.ORG/x", "http://[::1]/", "http://xn--a.com", "ftp://x",
    "me@example.com", "a.b+c@d.co.uk", "mailto:me@x.org", "javascript:alert(1)",
    "http://ü.com/ö?ä=ß", "x@localhost", "(http://a.com).", "a@b.c,", "true", "None",
]
NUMBERS = [
    0, 1, -1, 2, 3, 7, 10, 11, 12, 13, 21, 101, 111, 112, 1000, 1024, 1_048_576, 123_456_789, -5000,
    10**6, 1_200_000, 10**9, 10**15, 999_999_999, 2**63 - 1, 2**63, -(2**63) - 1, 10**25, 10**33,
    10**105, True, False, 0.0, -0.0, 0.5, 1.5, 2.5, -1.005, 34.23234, 34.0, 34.26, 0.000123, 1e-10,
    1e16, 1.5e300, 123456.789, float("inf"), float("-inf"), float("nan"), Decimal("1.20"),
    Decimal("-0.00"), Decimal("1E+3"), Decimal("1E-7"), Decimal("1E+300"), Decimal("NaN"),
    Decimal("Infinity"), Decimal("-Infinity"), Decimal("555.555"), Decimal("0.05"),
    Decimal("99999.995"), Decimal("09.000"), "12", " 7 ", "-3.5", "1e3", "1_000", "٣", "0x1", "",
    "1.", ".5", "1e400", "12345678901234567890", "10000.50", "-1234567",
]
ZONES = [
    datetime.timezone.utc, datetime.timezone(datetime.timedelta(hours=-5)),
    datetime.timezone(datetime.timedelta(minutes=195), "+0315"),
    *map(zoneinfo.ZoneInfo, ["Europe/Paris", "America/New_York", "Asia/Kolkata", "UTC"]),
]
# Clocks that are set forward and back.
CHANGES = [
    datetime.datetime(2026, 3, 29, 2, 30), datetime.datetime(2026, 10, 25, 2, 30),
    datetime.datetime(2026, 11, 1, 1, 15),
]
DATE_LETTERS = "aAbcdDeEfFgGhHiIjlLmMnNoOPrsStTuUwWyYzZ -:\\/,"
TIME_LETTERS = "aAfgGhHiPsueOTZ:\\ "
INTEGERS = [
    -10, -3, -2, -1, 0, 1, 2, 3, 4, 5, 8, 10, 15, 30, "2", "10", " 4 ", "-1", "x", "", None, 2.7,
    "2.5", True, Decimal(3), [], "1e1", 10**20,
]
ARGUMENTS: dict[str, list[Any]] = {
    "cut": ["a", " ", ";", "", "&", "<b>", 5, None],
    "default": ["d", None, 0],
    "default_if_none": ["d", None, 0],
    "dictsort": [
        "a", "b", "a.b", "0", 0, 1, "", "_a", "a._b", None, "x", "-1", 1.5, "nan", True, "year",
    ],
    "divisibleby": [1, 2, 3, -7, 0, "3", "x", None, 2.5, float("inf")],
    "floatformat": [
        *range(-12, 13), "0", "2", "-2", "2g", "g", "u", "2u", "3gu", "-3ug", "ugg", "", "x", None,
        2.9, "200", 199, True, "9",
    ],
    "get_digit": [*INTEGERS, 9, 19, 20],
    "intcomma": [True, False, None, ""],
    "join": [", ", "<br>", "", 5, None, b"x"],
    "json_script": ["id", "a<b", "", None, 5],
    "pluralize": ["es", "y,ies", "", ",", "a,b,c", 5, None],
    "slice": [
        ":2", "1:", "::2", "::-1", "-3:-1", "0", "2", "", "x", "1:2:3:4", "5:1:-2", "::0",
        ":" + "9" * 30, 3, None, ":-1", "-100:100:7",
    ],
    "stringformat": [
        "s", "d", "5d", "05d", "-8s|", "+d", " d", ".2f", "8.3f", "08.2f", "e", ".3e", "E", "g",
        ".3g", "#g", "G", "x", "X", "#x", "o", "#o", "c", "r", "a", "%", "", "i", "u", "5s", ".2s",
        "10.3s", "d%", "s and %s", "(a)s", "(b)d", "z", "*d", "0", "-05d", "+.1f", "#.0f", "#e",
        ".0f", ".0e", "ld", "5%", "020.5f", "-10x|", "+5c", ".10d", "s%%", ".400f", ".100g",
    ],
    "timezone": [
        "Europe/Paris", "UTC", "Asia/Kolkata", "America/New_York", "Nowhere/Else", "europe/paris",
        "", None, 5,
    ],
    "urlencode": ["", "/", ":?", "é", None, 5, [97, 98], "~"],
    "yesno": ["yes,no", "a,b,c", "x", "", ",", "a,b,c,d", None, 5, ["a"]],
}
NAMED_FORMATS = [
    "DATE_FORMAT", "TIME_FORMAT", "DATETIME_FORMAT", "YEAR_MONTH_FORMAT", "MONTH_DAY_FORMAT",
    "SHORT_DATE_FORMAT", "SHORT_DATETIME_FORMAT",
]
LANGUAGES = ["en", "de", "pt-br", "pt-xx", "zh-cn", "xx", "xx-yy", "ar", "he-x", "zh-tw", ""]
OF_TIMES = {
    "date", "localize", "localtime", "naturalday", "naturaltime", "time", "timesince", "timeuntil",
    "timezone", "unlocalize", "utc",
}
OF_NUMBERS = {
    "add", "apnumber", "divisibleby", "filesizeformat", "floatformat", "get_digit", "intcomma",
    "intword", "ordinal", "pluralize",
}
OF_LISTS = {
    "escapeseq", "first", "join", "json_script", "last", "length", "pprint", "safeseq", "slice",
    "unordered_list",
}
# fmt: on


class Draw:
    """Values and arguments, drawn at random."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def one_of(self, items: Any) -> Any:
        return self.random.choice(items)

    def one_in(self, count: int) -> bool:
        return self.random.randrange(count) == 0

    def text(self, parts: Any = WORDS, most: int = 8) -> str:
        words = [self.one_of(parts) for _ in range(self.random.randrange(most + 1))]
        return self.one_of(["", "", " "]).join(words)

    def number(self) -> Any:
        return self.one_of(NUMBERS)

    def moment(self) -> datetime.datetime:
        draw = self.random.randrange
        if self.one_in(4):
            moment = self.one_of(CHANGES)
        elif self.one_in(3):
            year = self.one_of([1, 1000, 1899, 1969, 2000, 2024, 2026, 9999])
            clock = (draw(24), self.one_of([0, draw(60)]), draw(60))
            moment = datetime.datetime(year, draw(1, 13), draw(1, 29), *clock)
        else:
            seconds = 10 ** self.one_of([0, 2, 4, 6, 8]) * self.random.uniform(-1, 1)
            moment = NOW.replace(tzinfo=None) + datetime.timedelta(seconds=seconds)
        return moment.replace(tzinfo=self.one_of(ZONES)) if self.one_in(2) else moment

    def date(self) -> datetime.date:
        return self.moment().date()

    def time(self) -> datetime.time:
        return self.moment().time()

    def scalar(self) -> Any:
        draw = self.random
        draws: list[Callable[[], Any]] = [
            self.text,
            self.text,
            self.number,
            self.number,
            self.moment,
            self.date,
            self.time,
            lambda: None,
            lambda: draw.uniform(-1, 1) * 10 ** draw.randrange(-8, 20),
            lambda: self.text().encode()[:6],
            lambda: uuid.UUID(int=draw.getrandbits(128)),
            lambda: datetime.timedelta(seconds=draw.randrange(-(10**6), 10**6)),
            lambda: "x" * draw.randrange(60, 140) + self.text(),
        ]
        return self.one_of(draws)()

    def value(self, depth: int = 0) -> Any:
        from django.utils.safestring import mark_safe

        kind = self.random.randrange(12)
        if kind == 0:
            return mark_safe(self.text())
        if kind < 8 or depth > 2:
            return self.scalar()
        items = self.items(5, depth)
        if kind == 8:
            return items
        if kind == 9:
            return tuple(items)
        if kind == 10:
            keys = ["a", "b", "c", 1, 0, "x", None, 1.5, "0"]
            return {self.one_of(keys): item for item in items}
        return {item for item in items if isinstance(item, (str, int))}

    def items(self, most: int, depth: int = 0) -> list[Any]:
        return [self.value(depth + 1) for _ in range(self.random.randrange(most))]

    def value_of(self, name: str) -> Any:
        """Often a value that the filter is made for."""
        if self.one_in(4):
            return self.value()
        if name in OF_TIMES:
            return self.one_of([self.moment, self.moment, self.date, self.time, self.scalar])()
        if name in OF_NUMBERS:
            return self.one_of([self.number, self.scalar])()
        if name in OF_LISTS:
            return self.value(1) if self.one_in(3) else self.items(7)
        if name.startswith("dictsort"):
            return self.sortable()
        if name.startswith("language"):
            return self.one_of([*LANGUAGES, self.scalar()])
        return self.one_of([self.text, self.text, self.text, self.value])()

    def sortable(self) -> list[Any]:
        draw = self.random.randrange
        keys = self.one_of([["a", "b"], ["a", 0, "0"], [1, "x"]])
        kind = draw(5)
        if kind == 0:
            drawn = [self.number, self.text, lambda: {"b": 1}]
            return [{key: self.one_of(drawn)() for key in keys} for _ in range(draw(6))]
        if kind == 1:
            return [(draw(3), self.text()) for _ in range(draw(6))]
        if kind == 2:
            return [self.date() for _ in range(draw(6))]
        return [{"a": draw(4), "b": index} for index in range(draw(9))]

    def argument_of(self, name: str) -> Any:
        # A width may be any number, and the text as long.
        if self.one_in(12) and name not in ("ljust", "rjust", "center"):
            return self.value(1)
        if name in ("date", "time"):
            letters = self.text(self.one_of([DATE_LETTERS, DATE_LETTERS, TIME_LETTERS]), 6)
            return self.one_of([letters, letters, letters, *NAMED_FORMATS, "", None, 5])
        if name in ("timesince", "timeuntil", "naturalday"):
            return self.one_of([self.moment(), self.moment(), self.date(), None, "", "x", "Y-m-d"])
        if name == "add":
            return self.value_of(name)
        return self.one_of(ARGUMENTS.get(name.replace("reversed", ""), INTEGERS))
