"""The engine beside djust's own, on the same inputs, in turns, in one window of time.

    python against_djust.py DJSCOPE [--rows 1000] [--rounds 7]

DJSCOPE is the program; Python has to have djust. Times are those that each engine measures inside itself
(`get_render_timing()`, `us`), except for `diff` and `render`, where djust is timed around the call that only converts
a string. A round of one engine follows a round of the other; what is compared are medians of rounds.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time

from djust._rust import RustLiveView, diff_html

LIST = """<div dj-root dj-view="app.V"><h1>{{ title }}</h1><ul id="list">
{% for item in items %}<li dj-key="{{ item.id }}" class="{{ item.cls }}"><span class="name">{{ item.label }}</span> <button dj-click="pick" dj-value-id="{{ item.id }}">Pick</button></li>
{% endfor %}</ul><p>{{ items|length }} rows</p></div>"""
TABLE = """<div dj-root><h1>{{ title }}</h1><table><thead><tr><th>Name</th><th>State</th></tr></thead><tbody>
{% for item in items %}<tr dj-key="{{ item.id }}" class="{{ item.cls }}"><td>{{ item.label }}</td><td><button dj-click="pick">Pick</button></td></tr>
{% endfor %}</tbody></table></div>"""
COUNTER = """<div dj-root dj-view="app.C"><h1>Counter</h1><p>Count: <b>{{ count }}</b></p>
<button dj-click="inc">+</button><button dj-click="dec">-</button></div>"""


def rows(count, cls="row"):
    return [{"id": i, "label": f"Item number {i}", "cls": cls} for i in range(count)]


def edited(items):
    items = [dict(row) for row in items]
    items[len(items) // 2]["label"] = "CHANGED label here"
    return items


class Ours:
    """`djscope engine REQUEST`, which answers line by line."""

    def __init__(self, program, request):
        self.process = subprocess.Popen(
            [program, "engine", request], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, question):
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            sys.exit(f"{question}: {answer}")
        return answer

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def session(template, name, first, second, steps):
    states = [second if number % 2 else first for number in range(steps)]
    changed = [None] + [[name]] * (steps - 1)
    return {
        "template": template,
        "steps": [{"state": {name: state, "title": "T"} if not number else {name: state}, "changed": change}
                  for number, (state, change) in enumerate(zip(states, changed))],
    }


def theirs_session(question, loop_cache):
    view = RustLiveView(question["template"])
    view.set_loop_render_cache_enabled(loop_cache)
    times = []
    for step in question["steps"]:
        view.update_state(step["state"])
        if step["changed"] is not None:
            view.set_changed_keys(step["changed"])
        _, patches, _ = view.render_with_diff()
        times.append(view.get_render_timing()["total_ms"])
    return [time for number, time in enumerate(times) if number % 2], json.loads(patches)


def ours_session(ours, question):
    steps = ours.ask(question)["steps"]
    return [step["us"] / 1000 for number, step in enumerate(steps) if number % 2], steps[-1]["patches"]


def in_turns(rounds, first, second):
    """Median of each, and the median of the ratios of rounds that follow each other."""
    pairs = []
    for number in range(rounds):
        order = [first, second] if number % 2 else [second, first]
        times = {id(side): side() for side in order}
        pairs.append((times[id(first)], times[id(second)]))
    theirs = statistics.median(a for a, _ in pairs)
    ours = statistics.median(b for _, b in pairs)
    return theirs, ours, statistics.median(a / b for a, b in pairs)


def row(name, target, theirs, ours, ratio):
    met = "met" if ratio >= target else "MISSED"
    print(f"| {name} | {theirs:.4f} | {ours:.4f} | {ratio:.1f} | {target} | {met} |", flush=True)


def compare_session(program, name, target, question, rounds):
    ours = Ours(program, "session")
    for loop_cache in (False, True):
        theirs = lambda: statistics.median(theirs_session(question, loop_cache)[0])
        mine = lambda: statistics.median(ours_session(ours, question)[0])
        suffix = ", djust with its loop cache" if loop_cache else ""
        row(name + suffix, target, *in_turns(rounds, theirs, mine))
    ours.close()


def timed(repeats, call):
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def compare_diff(program, rounds, items):
    ours = Ours(program, "diff")
    pages = {}
    for name, state in (("edit", edited(items)), ("reversed", items[::-1]), ("none", items)):
        view = RustLiveView(LIST)
        view.update_state({"title": "T", "items": items})
        old = view.render()
        view.update_state({"items": state})
        pages[name] = (old, view.render())
    for name, (old, new) in pages.items():
        question = {"old": old, "new": new}
        theirs = lambda: timed(9, lambda: diff_html(old, new))
        mine = lambda: statistics.median(ours.ask(question)["us"] / 1000 for _ in range(9))
        row(f"diff of two pages of {len(old) // 1000} KB, {name}", 4, *in_turns(rounds, theirs, mine))
    ours.close()


def compare_render(program, rounds, items):
    ours = Ours(program, "render")
    view = RustLiveView(LIST)
    view.update_state({"title": "T", "items": items})
    question = {"templates": {"x": LIST}, "name": "x", "context": {"title": "T", "items": items}}
    theirs = lambda: timed(9, view.render)
    mine = lambda: statistics.median(ours.ask(question)["us"] / 1000 for _ in range(9))
    row("render of the list", 3, *in_turns(rounds, theirs, mine))
    ours.close()


def peak_kib(process_id):
    """What a process took at most so far."""
    with open(f"/proc/{process_id}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))


THEIRS = """
import sys
sys.path.insert(0, {folder!r})
from against_djust import LIST, edited, peak_kib, rows, session, theirs_session
theirs_session(session(LIST, "items", rows({count}), edited(rows({count})), 4), False)
print(peak_kib("self"))
"""


def compare_memory(program):
    folder = __file__.rpartition("/")[0] or "."
    peaks = {}
    for count in (1, 10_000):
        code = THEIRS.format(folder=folder, count=count)
        theirs = int(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
        ours = Ours(program, "session")
        ours.ask(session(LIST, "items", rows(count), edited(rows(count)), 4))
        peaks[count] = (theirs, peak_kib(ours.process.pid))
        ours.close()
    theirs, ours = (peaks[10_000][side] - peaks[1][side] for side in (0, 1))
    print(f"\nPeak memory of four renders of 10,000 rows, beyond a page of one row, state included: "
          f"djust {theirs / 1024:.0f} MiB, ours {ours / 1024:.0f} MiB ({ours / theirs:.2f} of it)")


def growth(program, rounds):
    print("\n| rows of a table, one edited | djust, ms | ours, ms | ratio |\n|---|---|---|---|")
    ours = Ours(program, "session")
    for count in (100, 1_000, 10_000):
        question = session(TABLE, "items", rows(count), edited(rows(count)), 12)
        theirs = lambda: statistics.median(theirs_session(question, True)[0])
        mine = lambda: statistics.median(ours_session(ours, question)[0])
        their_ms, our_ms, ratio = in_turns(max(3, rounds // 2), theirs, mine)
        print(f"| {count} | {their_ms:.4f} | {our_ms:.4f} | {ratio:.1f} |", flush=True)
    ours.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    items = rows(options.rows)
    print(f"{options.rows} rows, {options.rounds} rounds\n")
    print("| case | djust, ms | ours, ms | ratio | target | |\n|---|---|---|---|---|---|")
    cases = [
        ("one label edited", 10, LIST, "items", items, edited(items)),
        ("reversed", 5, LIST, "items", items, items[::-1]),
        ("every row's class", 4, LIST, "items", items, rows(options.rows, "row active")),
        ("one row appended", 1, LIST, "items", items, items + [{"id": -1, "label": "new", "cls": "row"}]),
        ("nothing changed", 1, LIST, "items", items, [dict(row) for row in items]),
    ]
    for name, target, template, key, first, second in cases:
        question = session(template, key, first, second, 20)
        compare_session(options.program, name, target, question, options.rounds)
    compare_session(options.program, "counter", 1, session(COUNTER, "count", 1, 2, 400), options.rounds)
    compare_diff(options.program, options.rounds, items)
    compare_render(options.program, options.rounds, items)
    growth(options.program, options.rounds)
    compare_memory(options.program)


if __name__ == "__main__":
    main()
