"""Tasks and notes: querysets in the state, a ModelForm, a cart in the session, writes in transactions."""

import datetime
import logging
from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, F
from django.utils import timezone
from djust import LiveView, state
from djust.decorators import event_handler

from office.desk.models import Note, Person, Task
from office.page import page

log = logging.getLogger(__name__)


class TaskBoard(LiveView):
    """A queryset in the state, evaluated anew with every change."""

    template = page(
        "office.desk.views.TaskBoard",
        "{% for task in tasks %}<p>{{ task.title }} {% if task.is_done %}done{% endif %}</p>{% endfor %}<b>{{ open }}</b>",
    )

    def mount(self, request, **kwargs):
        self._load()

    def _load(self):
        self.tasks = Task.objects.order_by("pk")
        self.open = self.tasks.filter(is_done=False).count()

    @event_handler
    def add(self, title: str = "", **kwargs):
        Task.objects.create(title=title)
        self._load()

    @event_handler
    def finish(self, pk: int = 0, **kwargs):
        Task.objects.filter(pk=pk).update(is_done=True)
        self._load()

    @event_handler
    def clear(self, **kwargs):
        with transaction.atomic():
            Task.objects.filter(is_done=True).delete()
        self._load()


class NoteForm(forms.ModelForm):
    """A note with at least five letters."""

    class Meta:
        model = Note
        fields = ["text"]

    def clean_text(self):
        if len(self.cleaned_data["text"]) < 5:
            raise ValidationError("too short")
        return self.cleaned_data["text"]


class NoteEditor(LiveView):
    """A ModelForm and its instance, both in the state."""

    template = page(
        "office.desk.views.NoteEditor",
        "<p>{{ note.text }} ({{ note.version }})</p><ul>{% for e in problems %}<li>{{ e }}</li>{% endfor %}</ul>",
    )

    def mount(self, request, **kwargs):
        self.note = Note.objects.get_or_create(pk=1, defaults={"text": "first text"})[0]
        self.form = NoteForm(instance=self.note)
        self.problems = []

    @event_handler
    def save(self, text: str = "", **kwargs):
        form = NoteForm({"text": text}, instance=Note.objects.get(pk=self.note.pk))
        if form.is_valid():
            form.save()
            Note.objects.filter(pk=self.note.pk).update(version=F("version") + 1)
            self.note = Note.objects.get(pk=self.note.pk)
            self.problems = []
        else:
            self.problems = [str(error) for error in form.errors["text"]]
        self.form = form


class Basket(LiveView):
    """A dictionary with numbers as keys, money, and a computed total."""

    template = page("office.desk.views.Basket", "{% for line in lines %}<i>{{ line }}</i>{% endfor %}<b>{{ total }}</b>")
    prices = {1: Decimal("0.10"), 2: Decimal("2.50")}

    def mount(self, request, **kwargs):
        self.amounts = {}
        self.total = Decimal("0")

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        context["lines"] = [f"{amount} of {key}" for key, amount in sorted(self.amounts.items())]
        return context

    @event_handler
    def put(self, key: int = 1, **kwargs):
        self.amounts = {**self.amounts, key: self.amounts.get(key, 0) + 1}
        self.total = sum((self.prices[k] * n for k, n in self.amounts.items()), Decimal("0"))


class Remembering(LiveView):
    """Reads and writes the session."""

    template = page("office.desk.views.Remembering", "<p>{{ visits }} {{ last }}</p>")

    def mount(self, request, **kwargs):
        self.visits = request.session.get("visits", 0)
        self.last = request.session.get("last", "never")

    @event_handler
    def visit(self, **kwargs):
        self.visits += 1
        self.request.session["visits"] = self.visits
        self.request.session["last"] = "here"
        self.request.session.save()
        self.last = self.request.session["last"]


class Clock(LiveView):
    """What time it is, in several ways."""

    template = page("office.desk.views.Clock", "<p>{{ at }} {{ day }} {{ age }}</p>")

    def mount(self, request, **kwargs):
        self.at = timezone.now()
        self.day = datetime.date.today()
        self.age = 0

    @event_handler
    def look(self, **kwargs):
        now = timezone.now()
        self.age = int((now - self.at).total_seconds())
        self.at = now
        log.info("looked at %s", now)


class Chart(LiveView):
    """Counts by the database, with annotations."""

    template = page("office.desk.views.Chart", "{% for row in rows %}<p>{{ row.name }}: {{ row.n }}</p>{% endfor %}")

    def mount(self, request, **kwargs):
        self.rows = []

    @event_handler
    def draw(self, **kwargs):
        people = Person.objects.annotate(n=Count("tasks")).order_by("name")
        self.rows = list(people.values("name", "n"))

    @event_handler
    def hire(self, name: str = "", **kwargs):
        person = Person.objects.create(name=name, born=datetime.date(1990, 1, 2), salary="1000.50")
        Task.objects.bulk_create([Task(title=f"{name} {n}", owner=person) for n in range(3)])
        self.draw()


class Toggle(LiveView):
    """djust's own state() fields."""

    template = page("office.desk.views.Toggle", "{% if is_open %}<p>open {{ times }}</p>{% else %}<p>shut</p>{% endif %}")
    is_open = state(False)
    times = state(0)

    def mount(self, request, **kwargs):
        self.plain = "x"

    @event_handler
    def flip(self, **kwargs):
        self.is_open = not self.is_open
        self.times += 1
