"""The page around a view."""

from django.utils.safestring import mark_safe


def page(view, inside):
    """A whole page with a root."""
    return mark_safe(
        "<!doctype html><html><head><title>Office</title></head><body>"
        f'<main dj-root dj-view="{view}">{inside}</main></body></html>'
    )
