"""People, what they have to do, and what they write down."""

from django.db import models


class Person(models.Model):
    """Somebody in the office."""

    name = models.CharField(max_length=80)
    born = models.DateField(null=True, blank=True)
    salary = models.DecimalField(max_digits=9, decimal_places=2, default=0)


class Task(models.Model):
    """Something to do."""

    title = models.CharField(max_length=120)
    owner = models.ForeignKey(Person, null=True, on_delete=models.CASCADE, related_name="tasks")
    is_done = models.BooleanField(default=False)
    made = models.DateTimeField(auto_now_add=True)


class Note(models.Model):
    """A few lines."""

    text = models.TextField()
    version = models.PositiveIntegerField(default=1)
