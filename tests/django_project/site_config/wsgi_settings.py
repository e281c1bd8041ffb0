"""The test project without an ASGI server among its apps: Django's `runserver` serves it by WSGI then."""

from .settings import *  # noqa: F403

INSTALLED_APPS = [app for app in INSTALLED_APPS if app != "daphne"]  # noqa: F405
