"""Settings of the test project; everything works without a network.

`DJSCOPE_TEST_DB` names the SQLite file, `DJSCOPE_TEST_POSTGRES` the folder of
a PostgreSQL socket to be used instead, `DJSCOPE_TEST_FAST=1` lifts djust's
rate and connection limits for benches and for tests that open many sockets.
"""

import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = "only-for-the-test-project"
DEBUG = os.environ.get("DJSCOPE_TEST_DEBUG") != "0"
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]

INSTALLED_APPS = [
    "daphne",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "channels",
    "djust",
    "shop",
    "causes",
    "verdicts",
    "matrix",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]

ROOT_URLCONF = "site_config.urls"
ASGI_APPLICATION = "site_config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates", BASE_DIR.parent / "matrix" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("DJSCOPE_TEST_DB", BASE_DIR / "shop.sqlite3"),
        "OPTIONS": {"timeout": 10},
    },
}
if os.environ.get("DJSCOPE_TEST_POSTGRES"):
    DATABASES["default"] = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "postgres",
        "USER": "postgres",
        "HOST": os.environ["DJSCOPE_TEST_POSTGRES"],
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

LIVEVIEW_ALLOWED_MODULES = ["shop.views", "causes.views", "matrix.views", "verdicts.views"]
LIVEVIEW_CONFIG = {"update_check": False}
if os.environ.get("DJSCOPE_TEST_FAST") == "1":
    LIVEVIEW_CONFIG["rate_limit"] = {
        "rate": 1_000_000,
        "burst": 1_000_000,
        "max_connections_per_ip": 10_000,
        "max_warnings": 1_000_000,
    }

# The shop is open to everyone, and its causes do on purpose what these checks warn of.
SILENCED_SYSTEM_CHECKS = [
    "djust.C401", "djust.S005", "djust.T002", "djust.T010", "djust.T012", "djust.T018",
    "djust.V001", "djust.V006", "djust.V007", "djust.V008",
]  # fmt: skip

STATIC_URL = "static/"
USE_TZ = True
TIME_ZONE = "Europe/Berlin"
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024 * 1024

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {
        "shop": {"handlers": ["console"], "level": "DEBUG"},
        "shop.audit": {"handlers": ["console"], "level": "INFO", "propagate": False},
    },
}
