"""Makes templates at random, many of them broken, renders them with Django and tells every render as one JSON line.

    python django_random.py COUNT SEED

The lines are those of `django_templates.py`.
"""

import datetime
import json
import random
import sys

import django
from django.conf import settings

NAMES = ["a", "b", "n", "s", "items", "rows", "d", "none", "missing", "d.k", "d.items", "items.0", "rows.0.n", "x", "x.n", "forloop.counter", "d.2", "s.upper", "f", "t"]
CONSTANTS = ["1", "0", "-2", "2.5", "'x'", '"<y>"', "''", "'50%'", "None", "True", "1e3"]
BROKEN = ["", "a b", "_x", "a._b", "|upper", "a|", "a|nofilter", "a|upper:1", "a|default", "a||b", "'x", 'a|add:"x', "a!", "2.", "a|add:b c", "é", "a.b|add:'|'"]
FILTERS = ["upper", "lower", "safe", "escape", "force_escape", "length", "first", "last", "default:'d'", "default:n", "default:missing", "add:1", "add:n", "add:'y'", "join:', '", "join:a", "cut:'a'", "title", "truncatechars:3", "yesno", "yesno:'j,n'", "default_if_none:'N'", "make_list", "slice:':2'", "wordcount", "linebreaksbr", "stringformat:'s'", "floatformat", "pluralize", "divisibleby:2", "escapejs", "urlencode", "capfirst", "dictsort:'n'", "safeseq", "unordered_list", "striptags", "center:5", "date:'Y'"]
OPERATORS = ["==", "!=", "<", ">", "<=", ">=", "in", "not in", "is", "is not", "and", "or"]


class Maker:
    def __init__(self, rng, templates):
        self.rng = rng
        self.templates = templates

    def atom(self):
        rng = self.rng
        pool = rng.random()
        return rng.choice(NAMES if pool < 0.75 else CONSTANTS if pool < 0.985 else BROKEN)

    def expression(self):
        rng = self.rng
        filters = rng.choices(FILTERS, k=rng.choice([0, 0, 0, 1, 1, 2, 3]))
        return "|".join([self.atom(), *filters])

    def condition(self):
        rng = self.rng
        words = []
        for position in range(rng.choice([1, 1, 2, 3])):
            if position:
                words.append(rng.choice(OPERATORS))
            words += ["not"] * rng.choice([0, 0, 0, 1, 2])
            words.append(self.expression())
        if rng.random() < 0.02:
            words.insert(rng.randint(0, len(words)), rng.choice([*OPERATORS, "not", "a", "="]))
        return " ".join(words)

    def block(self, depth, opening, end):
        closing = "" if self.rng.random() < 0.003 else f"{{% {end} %}}"
        return f"{{% {opening} %}}{self.nodes(depth - 1)}{closing}"

    def conditional(self, depth):
        text = f"{{% if {self.condition()} %}}{self.nodes(depth - 1)}"
        for _ in range(self.rng.choice([0, 0, 1])):
            text += f"{{% elif {self.condition()} %}}{self.nodes(depth - 1)}"
        return text + self.rng.choice(["", "{% else %}" + self.nodes(depth - 1)]) + "{% endif %}"

    def loop(self, depth):
        rng = self.rng
        names, sequence = rng.choice([("x", self.expression()), ("x", "rows"), ("x", "items"), ("k, v", "d.items"), ("k,v", "pairs"), ("x", "s")])
        empty = rng.choice(["", "{% empty %}" + self.nodes(depth - 1)])
        return f"{{% for {names} in {sequence}{rng.choice(['', ' reversed'])} %}}{self.nodes(depth - 1)}{rng.choice(['', '{{ k }}', '{{ x }}', '{{ forloop.revcounter }}'])}{empty}{{% endfor %}}"

    def leaf(self, _depth):
        rng = self.rng
        return rng.choice(
            [
                lambda: f"{{{{ {self.expression()} }}}}",
                lambda: f"{{{{ {self.expression()} }}}}",
                lambda: rng.choice(["text ", "<b>", "\n", "{# note #}", "{ {", "%}", "100% "]),
                lambda: f"{{% cycle {self.expression()} {self.expression()} 'z' as c{rng.choice(['', ' silent'])} %}}{{{{ c }}}}",
                lambda: f"{{% cycle {self.expression()} 'q' %}}",
                lambda: rng.choice(["{% cycle c %}", "{% resetcycle %}", "{% resetcycle c %}"]) if rng.random() < 0.3 else "",
                lambda: f"{{% firstof {self.expression()} {self.expression()} %}}",
                lambda: f"{{% firstof {self.expression()} {self.expression()} as y %}}[{{{{ y }}}}]",
                lambda: f"{{% widthratio {self.expression()} {self.expression()} 100 %}}",
                lambda: f"{{% include {rng.choice(['t1', 't2'])!r} {rng.choice(['', 'with a=n', 'with s=a b=2 only', 'only'])} %}}",
                lambda: f"{{% translate {self.atom()}{rng.choice(['', '|upper', '|lower|safe'])} %}}",
                lambda: f"{{% regroup rows by n as g %}}{{% for e in g %}}{{{{ e.grouper }}}}{{{{ e.list|length }}}}{{% endfor %}}",
                lambda: f"{{% static {self.expression()} %}}",
                lambda: rng.choice(["{% unknown %}", "{% endif %}", "{% if %}", "{{ }}", "{% load nothere %}"]) if rng.random() < 0.02 else "",
            ]
        )()

    def nodes(self, depth):
        rng = self.rng
        if depth <= 0:
            return self.leaf(0)
        kinds = [
            self.leaf,
            self.leaf,
            self.leaf,
            self.conditional,
            self.loop,
            lambda depth: self.block(depth, f"with y={self.expression()} {rng.choice(['', 'n=a'])}", "endwith"),
            lambda depth: self.block(depth, "spaceless", "endspaceless"),
            lambda depth: self.block(depth, f"autoescape {rng.choice(['on', 'off'])}", "endautoescape"),
            lambda depth: self.block(depth, f"filter {rng.choice(['upper', 'force_escape', 'title|lower', 'cut:a'])}", "endfilter"),
            lambda depth: self.block(depth, f"ifchanged {rng.choice(['', 'x', 'n', self.expression()])}", "endifchanged"),
            lambda depth: self.block(depth, "localize off", "endlocalize"),
            lambda depth: self.block(depth, f"comment", "endcomment") if rng.random() < 0.3 else "",
            lambda depth: f"{{% blocktranslate with y={self.expression()} %}}<{{{{ y }}}}{{{{ missing }}}}{{{{ a }}}}>{{% endblocktranslate %}}",
            lambda depth: f"{{% blocktranslate count c={self.expression()} trimmed %}} one\n {{% plural %}}{{{{ c }}}} {{% endblocktranslate %}}",
            lambda depth: self.block(depth, f"block b{rng.randint(0, 999)}", "endblock"),
        ]
        return "".join(rng.choice(kinds)(depth) for _ in range(rng.randint(0, 3)))

    def page(self):
        load = "{% load i18n l10n static %}"
        if self.rng.random() < 0.3:
            blocks = self.rng.sample(["title", "body", "inner"], self.rng.randint(0, 3))
            bodies = "".join(f"{{% block {name} %}}{self.rng.choice(['', '{{ block.super }}'])}{self.nodes(2)}{{% endblock %}}" for name in blocks)
            return "{% extends 'base' %}" + load + bodies
        return load + self.nodes(3)


def make(rng):
    maker = Maker(rng, {})
    templates = {
        "page": maker.page(),
        "t1": "{% load i18n l10n static %}" + maker.nodes(1),
        "t2": "[{{ a }}{{ n }}]",
        "base": "{% load i18n l10n static %}" + "<t>{% block title %}" + maker.leaf(0) + "{% endblock %}</t>{% block body %}{% block inner %}I{% endblock %}{% endblock %}",
    }
    return templates, rng.choice(["", "", "", "INVALID", "[%s]"])


CONTEXT = {
    "a": "<a & b>",
    "b": {"$safe": "<i>"},
    "n": 2,
    "s": "ab",
    "f": 2.5,
    "t": {"$tuple": [1, "<"]},
    "items": ["x<", 3, None],
    "rows": [{"n": 1, "k": "p"}, {"n": 1, "k": "<q>"}, {"n": 3, "k": "r"}],
    "pairs": [{"$tuple": ["k1", 1]}, {"$tuple": ["k2", 2]}],
    "d": {"k": "v<", "j": 2},
    "none": None,
}


def decoded(value):
    from django.utils.safestring import mark_safe

    if isinstance(value, list):
        return [decoded(item) for item in value]
    if isinstance(value, dict):
        if "$safe" in value:
            return mark_safe(value["$safe"])
        if "$tuple" in value:
            return tuple(decoded(value["$tuple"]))
        return {key: decoded(item) for key, item in value.items()}
    return value


def main():
    settings.configure(USE_TZ=True, TIME_ZONE="UTC", STATIC_URL="/static/", MEDIA_URL="/media/", LANGUAGE_CODE="en-us")
    django.setup()
    from django.template import Context, Engine

    libraries = {name: f"django.templatetags.{name}" for name in ("cache", "i18n", "l10n", "static", "tz")}
    told = {
        "now": datetime.datetime.now(datetime.timezone.utc).isoformat(),
        "use_tz": True,
        "time_zone": "UTC",
        "default_time_zone": "UTC",
        "language": "en-us",
        "use_i18n": True,
        "use_thousand_separator": False,
        "static_url": "/static/",
        "media_url": "/media/",
        "debug": False,
        "libraries": sorted(libraries),
    }
    count, seed = int(sys.argv[1]), int(sys.argv[2])
    rng = random.Random(seed)
    for _ in range(count):
        templates, invalid = make(rng)
        engine = Engine(
            loaders=[("django.template.loaders.locmem.Loader", templates)], libraries=libraries, string_if_invalid=invalid
        )
        case = {"test": "random", "templates": templates, "name": "page", "context": CONTEXT, "autoescape": True}
        case |= {"string_if_invalid": invalid, "settings": told}
        try:
            case["output"] = str(engine.get_template("page").render(Context(decoded(CONTEXT))))
        except Exception as error:
            case |= {"error": type(error).__name__, "message": str(error)}
        print(json.dumps(case))


if __name__ == "__main__":
    main()
