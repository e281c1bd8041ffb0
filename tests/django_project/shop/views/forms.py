"""Input: a validated form, bound fields, an upload."""

import hashlib

from django import forms
from djust import LiveView
from djust.decorators import event_handler
from djust.uploads import UploadMixin


class OrderForm(forms.Form):
    """What someone orders."""

    name = forms.CharField(min_length=2, max_length=60)
    email = forms.EmailField()
    amount = forms.IntegerField(min_value=1, max_value=20)
    password = forms.CharField(required=False)


class OrderView(LiveView):
    """Validates while typing and when sent."""

    template_name = "shop/form.html"

    def mount(self, request, **kwargs):
        self.values = {"name": "", "email": "", "amount": "1"}
        self.errors = {}
        self.accepted = []

    @event_handler
    def validate_field(self, field: str = "", value: str = "", **kwargs):
        """Checks one field."""
        if field not in OrderForm.base_fields:
            return
        self.values = {**self.values, field: value}
        form = OrderForm(self.values)
        form.is_valid()
        errors = {name: list(found) for name, found in form.errors.items()}
        self.errors = {name: found for name, found in errors.items() if name == field}

    @event_handler
    def send(self, **kwargs):
        """Accepts the order or shows every error."""
        form = OrderForm(kwargs)
        if form.is_valid():
            order = {name: form.cleaned_data[name] for name in ("name", "email", "amount")}
            self.accepted = [*self.accepted, order]
            self.values = {"name": "", "email": "", "amount": "1"}
            self.errors = {}
        else:
            self.errors = {name: list(found) for name, found in form.errors.items()}


class BoundView(LiveView):
    """Fields bound with `dj-model`."""

    template_name = "shop/bound.html"

    def mount(self, request, **kwargs):
        self.first = ""
        self.size = 3
        self.subscribed = False
        self.color = "red"
        self.shown = 0

    @event_handler
    def show(self, **kwargs):
        """Renders what is bound so far."""
        self.shown += 1


class UploadView(UploadMixin, LiveView):
    """One text file, in chunks that fit djust's message size."""

    template_name = "shop/upload.html"

    def mount(self, request, **kwargs):
        self.files = []
        self.allow_upload(
            "document", accept=".txt,.csv", max_entries=3, max_file_size=5_000_000,
            chunk_size=32 * 1024,
        )  # fmt: skip

    @event_handler
    def keep(self, **kwargs):
        """Takes what has arrived."""
        for entry in self.consume_uploaded_entries("document"):
            content = entry.data
            told = {
                "name": entry.client_name,
                "length": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            }
            self.files = [*self.files, told]
