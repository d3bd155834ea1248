"""The first administrator: a signed link that works once, on an installation that nobody administers yet.

Whoever starts Tandem reads the link on their own terminal; it is worth nothing as soon as somebody has used it.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.signing import BadSignature, Signer
from django.db import connection, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from rotations.people.models import User
from rotations.people.services import create_user

VALID_FOR = timedelta(hours=24)
SIGNER = Signer(salt="rotations.people.first_administrator")


def is_needed() -> bool:
    """Whether nobody administers this installation yet. A deactivated administrator counts: the link is for day one."""
    return not User.objects.filter(is_superuser=True).exists()


def make_token(*, now: datetime) -> str:
    """A signed token that lets whoever holds it become the first administrator, for 24 hours from `now`."""
    return SIGNER.sign_object({"until": (now + VALID_FOR).timestamp()}, compress=False)


def make_link(*, now: datetime) -> str:
    """The whole address to print: `SITE_URL` and a token."""
    path = reverse("first-administrator", args=[make_token(now=now)])
    return f"{settings.SITE_URL}{path}"


def read_token(token: str, *, now: datetime) -> None:
    """Accept a token that may be used at `now`; otherwise raise `ValidationError`: `forged`, `expired` or `used`."""
    try:
        until = SIGNER.unsign_object(token)["until"]
    except BadSignature as forged:
        raise ValidationError(
            _("This link is not complete. Copy it whole from the terminal."), code="forged"
        ) from forged
    if now.timestamp() >= until:
        raise ValidationError(_("This link is older than 24 hours. Start Tandem again for a new one."), code="expired")
    if not is_needed():
        raise ValidationError(_("Tandem has an administrator already. Ask them to add you."), code="used")


@transaction.atomic
def create_first_administrator(
    *, token: str, email: str, name: str, time_zone: str, password: str, now: datetime
) -> User:
    """Use the link: add the first administrator.

    Of two submissions at once one wins, and the other is told that the link is used. Raises `ValidationError` as
    `read_token` does, for a weak password, a malformed address and an unknown time zone.
    """
    _wait_for_other_submissions()
    read_token(token, now=now)
    validate_password(password, User(email=email, name=name))
    return create_user(
        email=email, name=name, time_zone=time_zone, password=password, is_superuser=True, by=None, now=now
    )


def _wait_for_other_submissions() -> None:
    """Let one transaction at a time look for an administrator. SQLite's IMMEDIATE transactions do so by themselves."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f'LOCK TABLE "{User._meta.db_table}" IN SHARE ROW EXCLUSIVE MODE')
