"""A page for each case, and the list of them."""

from django.http import JsonResponse
from django.urls import path

from verdicts.case import CASES, VIEWS
from verdicts.views import broken, costly, hidden, refused, unseen  # noqa: F401


def index(request):
    """Every case, for the test."""
    return JsonResponse(CASES)


urlpatterns = [path("", index), *(path(f"{name}/", view.as_view()) for name, view in VIEWS.items())]
