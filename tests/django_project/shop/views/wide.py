"""A state of twenty-one names, as a page of a shop has."""

from djust import LiveView
from djust.decorators import event_handler
from django.utils.safestring import mark_safe


class WideView(LiveView):
    """Twenty rows and twenty other names."""

    template = mark_safe(
        '<!doctype html><html><head><title>Wide</title></head><body><div dj-root dj-view="shop.views.wide.WideView">'
        "<h1>{{ title }}</h1><p>{{ count }} of {{ limit }}, {{ note }}, {{ owner }} {{ city }} {{ colour }}</p>"
        '<table>{% for row in rows %}<tr dj-key="{{ row.id }}"><td>{{ row.name }}</td><td>{{ row.price }}</td>'
        "<td>{{ row.count }}</td></tr>{% endfor %}</table>"
        "{% if is_open %}<p>open</p>{% endif %}<p>{{ first }} {{ second }} {{ third }} {{ fourth }} {{ fifth }}</p>"
        '<button dj-click="step">Step</button></div></body></html>'
    )

    def mount(self, request, **kwargs):
        self.title, self.note, self.owner, self.city, self.colour = "Wide", "none", "Ann", "Bern", "red"
        self.count, self.limit, self.page, self.size, self.total = 0, 10_000, 1, 20, 0.0
        self.is_open, self.is_new, self.is_paid = True, False, False
        self.first, self.second, self.third, self.fourth, self.fifth = 1, 2, 3, 4, 5
        self.tags = ["a", "b", "c"]
        self.filters = {"kind": "nut", "stock": True}
        self.rows = [{"id": n, "name": f"row {n}", "price": n * 1.5, "count": n} for n in range(20)]

    @event_handler
    def step(self, by: int = 1, **kwargs):
        """Changes a row and three other names."""
        self.count += by
        self.is_open = self.count % 3 != 0
        self.total += 1.5
        at = self.count % 20
        self.rows = [{**row, "count": row["count"] + by} if row["id"] == at else row for row in self.rows]
