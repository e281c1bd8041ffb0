"""People: addresses, objects of all kinds, components, mistakes."""

import collections
import dataclasses
import enum
import itertools
import random
import uuid

from djust import LiveComponent, LiveView
from djust.decorators import debounce, event_handler

from office.desk.models import Person
from office.page import page


class Mood(enum.Enum):
    """How somebody is."""

    GOOD = 1
    BAD = 2


@dataclasses.dataclass
class Card:
    """A dataclass with others in it."""

    title: str
    tags: list = dataclasses.field(default_factory=list)
    mood: Mood = Mood.GOOD


Point = collections.namedtuple("Point", "x y")


class Directory(LiveView):
    """The page and the order stand in the address."""

    template = page(
        "office.people.views.Directory", "<h1>{{ order }} {{ number }}</h1>{% for n in names %}<p>{{ n }}</p>{% endfor %}"
    )

    def mount(self, request, **kwargs):
        self.order, self.number, self.names = "name", 1, []

    def handle_params(self, params, uri):
        self.order = params.get("order", "name")
        self.number = int(params.get("page", "1"))
        people = Person.objects.order_by(self.order if self.order in ("name", "born") else "name")
        self.names = [person.name for person in people[(self.number - 1) * 2 : self.number * 2]]

    @event_handler
    def turn_page(self, by: int = 1, **kwargs):
        self.number += by
        self.live_patch(params={"order": self.order, "page": self.number})


class Cards(LiveView):
    """Objects, changed by replacing and in place."""

    template = page("office.people.views.Cards", "{% for c in cards %}<p>{{ c.title }} {{ c.tags|join:',' }}</p>{% endfor %}")

    def mount(self, request, **kwargs):
        self.cards = [Card("one"), Card("two", ["a"])]
        self.point = Point(1, 2)
        self.seen = collections.Counter()
        self.recent = collections.deque(maxlen=3)

    @event_handler
    def tag(self, index: int = 0, text: str = "t", **kwargs):
        card = self.cards[index]
        changed = dataclasses.replace(card, tags=[*card.tags, text], mood=Mood.BAD)
        self.cards = [*self.cards[:index], changed, *self.cards[index + 1 :]]
        self.seen[text] += 1
        self.recent.append(text)
        self.point = self.point._replace(x=self.point.x + 1)

    @event_handler
    def spoil(self, **kwargs):
        self.cards[0].tags.append("in place")


class Dice(LiveView):
    """Chance, from everywhere."""

    template = page("office.people.views.Dice", "<p>{{ rolled }} {{ ticket }}</p>")

    def mount(self, request, **kwargs):
        self.rolled, self.ticket, self.rolls = 0, "", 0

    @event_handler
    def count(self, **kwargs):
        self.rolls += 1

    @event_handler
    def roll(self, **kwargs):
        self.rolled = random.randint(1, 10**6)
        self.ticket = str(uuid.uuid4())


class Counter(LiveView):
    """Keeps an iterator and a lambda to itself."""

    template = page("office.people.views.Counter", "<p>{{ n }}</p>")

    def mount(self, request, **kwargs):
        self._numbers = itertools.count(10)
        self._double = lambda n: 2 * n
        self.n = 0

    @event_handler
    def step(self, **kwargs):
        self.n = self._double(self.n + 1)


class Star(LiveComponent):
    """Stars that can be clicked."""

    template = "<span>{{ lit }}</span>"

    def mount(self, **kwargs):
        self.lit = kwargs.get("lit", 0)

    def get_context_data(self):
        return {"lit": self.lit}


class Rating(LiveView):
    """A component that mount() makes."""

    template = page("office.people.views.Rating", "{{ star.render }}<p>{{ votes }}</p>")

    def mount(self, request, **kwargs):
        self.star = Star(lit=1)
        self.votes = 0

    @event_handler
    def vote(self, lit: int = 1, **kwargs):
        self.votes += 1
        self.star.lit = lit


class Search(LiveView):
    """Debounced, with a cache of its own."""

    template = page("office.people.views.Search", "<p>{{ text }}</p>{% for n in found %}<i>{{ n }}</i>{% endfor %}")
    known = ["ann", "bob", "carl", "dora", "eve"]

    def mount(self, request, **kwargs):
        self.text, self.found, self._cache = "", [], {}

    @debounce(0.1)
    @event_handler
    def search(self, value: str = "", **kwargs):
        self.text = value
        if value not in self._cache:
            self._cache[value] = [name for name in self.known if value in name]
        self.found = self._cache[value]


class Clumsy(LiveView):
    """Handlers that go wrong."""

    template = page("office.people.views.Clumsy", "<p>{{ n }}</p>")

    def mount(self, request, **kwargs):
        self.n = 0
        self.rows = [1, 2, 3]

    @event_handler
    def divide(self, by: int = 1, **kwargs):
        self.n = 10 // by

    @event_handler
    def pick(self, index: int = 0, **kwargs):
        self.n = self.rows[index]

    @event_handler
    def assign(self, **kwargs):
        n = self.n + 1
        return n
