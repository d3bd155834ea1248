"""Signed links: a person acknowledges from a message without signing in first.

A link names one incident and one person and is good for a week. Opening it changes nothing: mail scanners open links.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.core import signing

SALT = "incidents.paging.links"
GOOD_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Invitation:
    """Whom a link speaks to, and of which incident."""

    incident_id: int
    user_id: int


def path_for(incident_id: int, user_id: int) -> str:
    """The path of the page with the one big button; the site's address goes before it."""
    token = signing.dumps([incident_id, user_id], salt=SALT)
    return f"/page/{token}/"


def read(token: str) -> Invitation | None:
    """What a link says; None if it is too old, or was not signed here."""
    try:
        incident_id, user_id = signing.loads(token, salt=SALT, max_age=GOOD_FOR)
    except signing.BadSignature:
        return None
    return Invitation(incident_id, user_id)
