"""The page around a cause's markup."""

from django.utils.safestring import mark_safe

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Cause</title><link rel="icon" href="data:,">
<style>body {font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto}</style>
</head><body{attributes}>{body}</body></html>"""


def page(body, attributes=""):
    """A whole page as an inline template."""
    return mark_safe(_PAGE.replace("{attributes}", attributes).replace("{body}", body))


def root(view, inside='<p id="v">{{ n }}</p><button id="go" dj-click="go">Go</button>'):
    """A page whose root is declared the usual way."""
    return page(f'<div dj-root dj-view="causes.views.{view}">{inside}</div>')
