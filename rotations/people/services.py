"""The only writers of people, teams and tokens, and the audit writer that every room's services call."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from rotations.people import permissions
from rotations.people.models import PERSON_COLOURS, ApiToken, AuditEntry, Membership, Role, Team, User


def record(
    action: str,
    subject: object,
    *,
    team: Team | None = None,
    detail: Mapping[str, Any] | None = None,
    by: User | None,
    now: datetime,
) -> AuditEntry:
    """Write one line of the audit log, in the caller's transaction. `action` is `noun.verb_in_the_past`."""
    return AuditEntry.objects.create(
        at=now, by=by, team=team, action=action, subject=str(subject)[:120], detail=dict(detail or {})
    )


@transaction.atomic
def create_user(
    *,
    email: str,
    name: str,
    time_zone: str = "UTC",
    password: str | None = None,
    is_superuser: bool = False,
    is_demo: bool = False,
    by: User | None,
    now: datetime,
) -> User:
    """Add a person. Without a password they cannot sign in until they have set one by a reset link.

    Raises `ValidationError` for a taken address or an unknown time zone.
    """
    user = User(
        email=User.objects.normalize_email(email),
        name=name.strip(),
        time_zone=time_zone,
        is_superuser=is_superuser,
        is_staff=is_superuser,
        is_demo=is_demo,
    )
    user.set_password(password)
    user.full_clean()
    user.save()
    record("person.added", user, by=by, now=now)
    return user


@transaction.atomic
def create_team(*, name: str, is_demo: bool = False, by: User | None, now: datetime) -> Team:
    """Add a team; its address is made from its name. Raises `ValidationError` for a taken name."""
    team = Team(name=name.strip(), slug=slugify(name) or secrets.token_hex(4), is_demo=is_demo)
    team.full_clean()
    team.save()
    record("team.added", team, team=team, by=by, now=now)
    return team


@transaction.atomic
def add_member(*, team: Team, user: User, role: Role, by: User | None, now: datetime) -> Membership:
    """Put a person on a team. On their first team they get the lowest colour that is free there (LOOKS §3)."""
    Team.objects.select_for_update().get(pk=team.pk)
    if not user.memberships.exists():
        taken = set(User.objects.filter(memberships__team=team).values_list("colour", flat=True))
        free = (colour for colour in range(1, PERSON_COLOURS + 1) if colour not in taken)
        user.colour = next(free, 1)
        user.save(update_fields=["colour"])
    membership = Membership(team=team, user=user, role=role)
    membership.full_clean()
    membership.save()
    record("member.added", user, team=team, detail={"role": role}, by=by, now=now)
    return membership


@transaction.atomic
def create_api_token(
    *, user: User, name: str, token: str | None = None, by: User, now: datetime
) -> tuple[ApiToken, str]:
    """Make a key for a program that acts as `user`. The key itself is returned once and never kept."""
    token = token or f"tdm_{secrets.token_urlsafe(32)}"
    kept = ApiToken.objects.create(user=user, name=name, digest=digest_of(token), created_at=now)
    record("token.created", name, detail={"for": user.email}, by=by, now=now)
    return kept, token


@transaction.atomic
def revoke_api_token(*, token: ApiToken, by: User, now: datetime) -> None:
    """Make a token worthless, at once and for good. Revoking it again changes nothing.

    Raises `PermissionDenied` unless it is the person's own, or an administrator asks.
    """
    if not permissions.may_revoke_token(by, token):
        raise PermissionDenied(_("This token is somebody else's."))
    if ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=now):
        record("token.revoked", token.name, detail={"for": token.user.email}, by=by, now=now)


def digest_of(token: str) -> str:
    """What is kept of a token. A random token of 256 bits needs no salt and no slow hash."""
    return sha256(token.encode()).hexdigest()


@transaction.atomic
def change_preferences(*, user: User, time_zone: str, theme: str, by: User, now: datetime) -> None:
    """Set how times and colours are shown to a person. Raises `ValidationError` for an unknown zone or theme."""
    user.time_zone, user.theme = time_zone, theme
    user.full_clean()
    user.save(update_fields=["time_zone", "theme"])
    record("person.preferences_changed", user, detail={"time_zone": time_zone, "theme": theme}, by=by, now=now)
