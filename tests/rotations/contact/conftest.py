"""A person, a mail server that is told to Django, and a clock that tests turn by hand."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest

from rotations.contact.models import MessageKind
from rotations.contact.services import Draft
from tests.rotations.contact import receivers


class Clock:
    """Stands still until it is turned."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def turn(self, **ahead: float) -> datetime:
        self.at += timedelta(**ahead)
        return self.at


@pytest.fixture
def clock(now):
    return Clock(now)


@pytest.fixture(autouse=True)
def _loopback_may_be_reached_and_nothing_waits_long(settings):
    settings.INTERNAL_HOSTS_ALLOWED = ["127.0.0.0/8"]
    settings.CHANNEL_TIMEOUT = timedelta(seconds=1)
    settings.CHANNEL_CONNECT_TIMEOUT = timedelta(seconds=1)
    settings.EMAIL_TIMEOUT = 1


@pytest.fixture
def mail_goes_to(settings):
    """Point Django at a mail server on loopback."""

    def point(port: int) -> None:
        settings.EMAIL_URL = f"smtp://127.0.0.1:{port}"
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False

    return point


@pytest.fixture
def mail(mail_goes_to):
    """A mail server that accepts everything."""
    with receivers.mail_server() as receiver:
        mail_goes_to(receiver.port)
        yield receiver


def page_for(user, *, kind=MessageKind.PAGE, tier=None, subject="INC-1 Payouts fail") -> Draft:
    return Draft(user.pk, kind, subject, "Nothing was paid out for 5 minutes.", "/incidents/1/", tier)


def path_of(url: str) -> str:
    return urlsplit(url).path
