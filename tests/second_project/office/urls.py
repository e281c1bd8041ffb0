"""Every view at its name."""

from django.urls import path

from office.desk import views as desk
from office.people import views as people
from office.reports import views as reports

VIEWS = [
    desk.TaskBoard, desk.NoteEditor, desk.Basket, desk.Remembering, desk.Clock, desk.Chart, desk.Toggle,
    people.Directory, people.Cards, people.Dice, people.Counter, people.Rating, people.Search, people.Clumsy,
    reports.Progress, reports.Waiter, reports.Pulse, reports.Loud, reports.Journal, reports.Intake,
]  # fmt: skip
urlpatterns = [path(f"{view.__name__.lower()}/", view.as_view()) for view in VIEWS]
