"""The only writers of schedules, rosters, shifts and overrides."""

import secrets
from datetime import date, datetime, time

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.text import slugify
from django.utils.translation import gettext as _

from rotations.people.models import Team, User
from rotations.people.services import record
from rotations.rota.guards import locked_schedule, require_manager
from rotations.rota.horizons import extend_horizons
from rotations.rota.models import Rotation, Schedule, Seat
from rotations.rota.overriding import approve_override, withdraw_override
from rotations.rota.publishing import publish, refuse_long_shifts
from rotations.rota.selectors import takers
from rotations.schedule.handoffs import Unit
from rotations.schedule.planner import Pairing

__all__ = [
    "add_seat",
    "approve_override",
    "create_rotation",
    "create_schedule",
    "end_seat",
    "extend_horizons",
    "publish",
    "withdraw_override",
]


@transaction.atomic
def create_schedule(*, team: Team, name: str, by: User | None, now: datetime) -> Schedule:
    """Add a schedule; its address is made of the team's name and its own.

    Raises `PermissionDenied` for anybody but a manager, `ValidationError` for a name that the team has used.
    """
    require_manager(by, team.pk)
    slug = slugify(f"{team.name} {name}")[:80] or secrets.token_hex(4)
    if Schedule.objects.filter(slug=slug).exists():
        slug = f"{slug[:71]}-{secrets.token_hex(4)}"
    schedule = Schedule(team=team, name=name.strip(), slug=slug)
    schedule.full_clean()
    schedule.save()
    record("schedule.added", schedule, team=team, by=by, now=now)
    return schedule


@transaction.atomic
def create_rotation(
    *,
    schedule: Schedule,
    name: str,
    time_zone: str,
    anchor_on: date,
    handoff_at: time,
    every: int = 1,
    unit: Unit = Unit.WEEKS,
    tiers: int = 2,
    pairing: Pairing = Pairing.TRAIL,
    by: User | None,
    now: datetime,
) -> Rotation:
    """Add a rotation, as a draft: nobody is on call by it until it is published.

    Raises `PermissionDenied` for anybody but a manager, and `ValidationError`, with `shift_too_long` above four weeks.
    """
    require_manager(by, schedule.team_id)
    rotation = Rotation(
        schedule=locked_schedule(schedule.pk),
        name=name.strip(),
        time_zone=time_zone,
        anchor_on=anchor_on,
        handoff_at=handoff_at,
        every=every,
        unit=unit,
        tiers=tiers,
        pairing=pairing,
    )
    rotation.full_clean()
    refuse_long_shifts(rotation.cadence)
    rotation.save()
    record("rotation.added", rotation, team=schedule.team, by=by, now=now)
    return rotation


@transaction.atomic
def add_seat(
    *,
    rotation: Rotation,
    user: User,
    is_senior: bool = False,
    starts_at: datetime | None = None,
    by: User | None,
    now: datetime,
) -> Seat:
    """Put a person at the end of the roster, from `starts_at` (now) on; counts from the next publication.

    Raises `PermissionDenied` for anybody but a manager, and `ValidationError`, with `not_in_team` for people who
    cannot be on call for the team.
    """
    schedule = rotation.schedule
    require_manager(by, schedule.team_id)
    locked_schedule(schedule.pk)
    if not takers(schedule).filter(pk=user.pk).exists():
        raise ValidationError(
            _("%(name)s cannot be on call for %(team)s. Choose a responder or a manager of the team."),
            code="not_in_team",
            params={"name": user, "team": schedule.team},
        )
    last = rotation.seats.aggregate(last=Max("position"))["last"]
    position = 0 if last is None else last + 1
    seat = Seat(rotation=rotation, user=user, position=position, is_senior=is_senior, starts_at=starts_at or now)
    seat.full_clean()
    seat.save()
    record("seat.added", seat, team=schedule.team, by=by, now=now)
    return seat


@transaction.atomic
def end_seat(*, seat: Seat, ends_at: datetime | None = None, by: User | None, now: datetime) -> Seat:
    """Take a person out of the roster from `ends_at` (now) on; counts from the next publication.

    Raises `PermissionDenied` for anybody but a manager, and `ValidationError`: `ended`, or an end before the start.
    """
    schedule = seat.rotation.schedule
    require_manager(by, schedule.team_id)
    locked_schedule(schedule.pk)
    seat = Seat.objects.select_related("rotation__schedule__team", "user").get(pk=seat.pk)
    if seat.ends_at and seat.ends_at <= now:
        raise ValidationError(_("%(name)s has left this roster already."), code="ended", params={"name": seat.user})
    seat.ends_at = ends_at or now
    seat.full_clean()
    seat.save(update_fields=["ends_at"])
    record("seat.ended", seat, team=schedule.team, detail={"ends_at": seat.ends_at.isoformat()}, by=by, now=now)
    return seat
