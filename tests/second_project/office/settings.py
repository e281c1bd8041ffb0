"""Settings of the second test project: an office, written in other ways than the shop."""

import os
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
SECRET_KEY = "only-for-the-second-test-project"
DEBUG = True
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
INSTALLED_APPS = [
    "daphne",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "channels",
    "djust",
    "office.desk",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "office.urls"
ASGI_APPLICATION = "office.asgi.application"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {}}]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("DJSCOPE_TEST_DB", HERE / "office.sqlite3"),
        "OPTIONS": {"timeout": 10},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
LIVEVIEW_ALLOWED_MODULES = ["office."]
LIVEVIEW_CONFIG = {
    "update_check": False,
    "rate_limit": {
        "rate": 1_000_000, "burst": 1_000_000, "max_connections_per_ip": 10_000, "max_warnings": 1_000_000,
    },
}  # fmt: skip
SILENCED_SYSTEM_CHECKS = [
    "djust.C401", "djust.S005", "djust.T002", "djust.T010", "djust.T012", "djust.T018",
    "djust.V001", "djust.V002", "djust.V006", "djust.V007", "djust.V008",
]  # fmt: skip
USE_TZ = True
TIME_ZONE = "America/New_York"
STATIC_URL = "static/"
