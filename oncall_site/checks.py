"""Wrong settings, told at the start with what to do about them."""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core import checks

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
SERVED_HERE = "django.db.backends.sqlite3"


def is_loopback() -> bool:
    """Whether the site's own address can be reached from this machine only."""
    return urlsplit(settings.SITE_URL).hostname in LOOPBACK


def settings_agree(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[checks.CheckMessage]:
    """What cannot work, whatever the machine."""
    return [*_address(), *_timeouts()]


def settings_fit_a_deployment(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[checks.CheckMessage]:
    """What works on one machine for one person, and not for a company at night."""
    return [*_reached_from_outside(), *_parts()]


def _address() -> Iterator[checks.CheckMessage]:
    parts = urlsplit(settings.SITE_URL)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query:
        yield checks.Error(
            f"SITE_URL is {settings.SITE_URL!r}, which is no address of a site.",
            hint="Give scheme and host, and a port if it is not the usual one: https://oncall.example.com",
            id="tandem.E001",
        )


def _timeouts() -> Iterator[checks.CheckMessage]:
    if settings.CHANNEL_TIMEOUT + settings.CHANNEL_CONNECT_TIMEOUT >= settings.DELIVERY_LEASE:
        yield checks.Error(
            "A sender may take longer than its lease, so that a message would be sent twice.",
            hint="Make DELIVERY_LEASE longer than CHANNEL_CONNECT_TIMEOUT and CHANNEL_TIMEOUT together.",
            id="tandem.E002",
        )
    if settings.HORIZON_WARNING >= settings.HORIZON:
        yield checks.Error(
            "HORIZON_WARNING_WEEKS is not shorter than HORIZON_WEEKS, so that every schedule would warn for ever.",
            hint="Publish further ahead (HORIZON_WEEKS), or warn later (HORIZON_WARNING_WEEKS).",
            id="tandem.E003",
        )


def _reached_from_outside() -> Iterator[checks.CheckMessage]:
    if not settings.HTTPS:
        yield checks.Warning(
            "SITE_URL is not https: passwords and acknowledge links travel in the clear.",
            hint="Serve Tandem behind TLS and set SITE_URL=https://… (and BEHIND_PROXY=1 behind a proxy that sets "
            "X-Forwarded-Proto).",
            id="tandem.W001",
        )
    if not settings.EMAIL_URL:
        yield checks.Warning(
            "EMAIL_URL is not set: nobody gets e-mail, neither pages nor password resets.",
            hint="EMAIL_URL=smtp+tls://user:password@host:587, and DEFAULT_FROM_EMAIL.",
            id="tandem.W002",
        )


def _parts() -> Iterator[checks.CheckMessage]:
    if settings.DATABASES["default"]["ENGINE"] == SERVED_HERE and settings.REDIS_URL:
        yield checks.Warning(
            "REDIS_URL is set, but the database is SQLite: a file that only this machine's processes share.",
            hint="Set DATABASE_URL=postgres://… before processes run on a second machine.",
            id="tandem.W003",
        )
    if settings.DATABASES["default"]["ENGINE"] != SERVED_HERE and not settings.REDIS_URL:
        yield checks.Warning(
            "REDIS_URL is not set: the broker is the embedded one, which only `manage.py run` starts.",
            hint="Set REDIS_URL=redis://… where web, beat and workers are started one by one.",
            id="tandem.W004",
        )
