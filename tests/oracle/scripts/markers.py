"""Makes templates at random, renders them with djust's own engine and tells every render as one JSON line.

    python markers.py COUNT SEED

A line is `{"templates": {name: source}, "name", "context", "component", "output"}`, or with `"error"` in place of the output.
"""

import json
import os
import random
import sys
import tempfile

import djust._rust as rust

NAMES = ["a", "b", "n", "s", "missing"]
WORDS = ["x", "hello", " ", "1 > 0", "tail "]


class Maker:
    def __init__(self, rng):
        self.rng = rng
        self.includes = []

    def condition(self):
        rng = self.rng
        return rng.choice(
            [
                rng.choice(NAMES),
                f"not {rng.choice(NAMES)}",
                f"{rng.choice(NAMES)} and {rng.choice(NAMES)}",
                f"{rng.choice(NAMES)} or {rng.choice(NAMES)}",
                "n > 1",
                "n == 2",
                's == "str"',
                "x in items",
                "x.on",
            ]
        )

    def element(self, depth):
        rng = self.rng
        tag = rng.choice(["div", "p", "b", "li"])
        attributes = rng.choice(
            [
                "",
                ' class="c"',
                f' class="{{% if {self.condition()} %}}on{{% endif %}}"',
                f' class="{{% if {self.condition()} %}}on{{% else %}}off{{% endif %}}" title="{{{{ s }}}}"',
                f" {{% if {self.condition()} %}}hidden{{% endif %}}",
                ' data-a="{{ a }}"',
            ]
        )
        return f"<{tag}{attributes}>{self.nodes(depth - 1)}</{tag}>"

    def branch(self, depth):
        text = f"{{% if {self.condition()} %}}{self.nodes(depth - 1)}"
        for _ in range(self.rng.choice([0, 0, 0, 1, 2])):
            text += f"{{% elif {self.condition()} %}}{self.nodes(depth - 1)}"
        if self.rng.random() < 0.4:
            text += f"{{% else %}}{self.nodes(depth - 1)}"
        return text + "{% endif %}"

    def loop(self, depth):
        order = self.rng.choice(["", "", " reversed"])
        empty = self.rng.choice(["", "{% empty %}none", "{% empty %}<i>none</i>"])
        body = self.nodes(depth - 1) + self.rng.choice(["", "{{ forloop.counter }}", "{{ x.n }}"])
        return f"{{% for x in items{order} %}}{body}{empty}{{% endfor %}}"

    def include(self, depth):
        if depth < 2 or not self.includes:
            return "{{ s }}"
        options = self.rng.choice(["", "", " with a=b", " with a=n only"])
        return f'{{% include "{self.rng.choice(self.includes)}"{options} %}}'

    def inline(self):
        return self.rng.choice(
            [
                "{{ 'on' if a else 'off' }}",
                "{{ s if b else n }}",
                "{{ s if n > 1 else 'none' }}",
                "{{ s if a }}",
                "{{ s|upper }}",
                "{{ '<b>' if a else s|lower }}",
                "{{ s if missing else '' }}",
                "{{ missing if a else 'x if y'|upper }}",
                "{{ missing if a else n|add:1 }}",
                "{{ s if a|upper }}",
                "{{ 1 if a else 2.50 }}",
                "{{ x.n if x.on else forloop.counter }}",
                "{{ s if a and not b or n == 2 else None }}",
                "{{ s  if  a  else  n }}",
                "{{ items if a else b }}",
            ]
        )

    def nodes(self, depth):
        rng = self.rng
        if depth <= 0:
            return rng.choice([*WORDS, "<br>", "{{ s }}", ""])
        parts = []
        for _ in range(rng.randint(0, 3)):
            parts.append(
                rng.choice(
                    [
                        lambda: rng.choice(WORDS),
                        lambda: "{{ s }}",
                        self.inline,
                        lambda: self.element(depth),
                        lambda: self.element(depth),
                        lambda: self.branch(depth),
                        lambda: self.branch(depth),
                        lambda: self.loop(depth),
                        lambda: self.include(depth),
                        lambda: f"{{% with y=n %}}{self.nodes(depth - 1)}{{% endwith %}}",
                        lambda: f"{{% spaceless %}}{self.nodes(depth - 1)}{{% endspaceless %}}",
                        lambda: f"{{% autoescape off %}}{self.nodes(depth - 1)}{{% endautoescape %}}",
                        lambda: f"{{% filter upper %}}{self.nodes(depth - 1)}{{% endfilter %}}",
                        lambda: f"{{% ifchanged n %}}{self.nodes(depth - 1)}{{% endifchanged %}}",
                        lambda: f"{{% comment %}}{self.nodes(depth - 1)}{{% endcomment %}}",
                        lambda: "{% cycle 'p' 'q' %}",
                        lambda: "{% firstof missing s %}",
                        lambda: "{# note #}",
                    ]
                )()
            )
        return "".join(parts)


def make(rng):
    maker = Maker(rng)
    templates = {}
    for name in rng.sample(["one.html", "two.html", "three.html"], rng.randint(0, 3)):
        templates[name] = maker.nodes(2)
        maker.includes.append(name)
    templates["page.html"] = f"<div dj-root>{maker.nodes(4)}</div>"
    if rng.random() < 0.3:
        blocks = [f"{{% block {name} %}}{maker.nodes(2)}{{% endblock %}}" for name in ("top", "body")]
        templates["base.html"] = f"<div dj-root>{blocks[0]}{maker.nodes(2)}{blocks[1]}</div>"
        body = f"{{% block body %}}{maker.nodes(2)}{rng.choice(['', '{{ block.super }}'])}{maker.nodes(1)}{{% endblock %}}"
        templates["page.html"] = '{% extends "base.html" %}' + body
    items = [{"n": n, "on": rng.random() < 0.5} for n in range(rng.randint(0, 3))]
    context = {"a": rng.random() < 0.5, "b": rng.random() < 0.5, "n": rng.randint(0, 3), "s": "str", "items": items}
    return templates, context


def main():
    count, seed = int(sys.argv[1]), int(sys.argv[2])
    rng = random.Random(seed)
    for _ in range(count):
        templates, context = make(rng)
        case = {"templates": templates, "name": "page.html", "context": context}
        case["component"] = rng.choice(["", "", "cart_1"])
        with tempfile.TemporaryDirectory() as directory:
            for name, source in templates.items():
                with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
                    file.write(source)
            try:
                view = rust.RustLiveView(templates["page.html"], [directory])
                view.set_dj_if_id_namespace(case["component"])
                view.update_state(context)
                case["output"] = view.render()
            except Exception as error:
                case["error"] = f"{type(error).__name__}: {error}"
        print(json.dumps(case))


if __name__ == "__main__":
    main()
