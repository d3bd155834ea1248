"""Who is on call, when, and why: what the calendar, the pager, the API and the reports read, and nothing else."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Max, OuterRef, Q, QuerySet, Subquery

from rotations.people.models import Membership, Role, User
from rotations.rota.explaining import Evidence, Explanation, explanation
from rotations.rota.models import Override, Publication, Rotation, Schedule, Shift
from rotations.rota.on_call import Holder, OnCall, on_call_at
from rotations.rota.timelines import proposed_timeline, stored_timeline
from rotations.schedule.planner import Reason
from rotations.schedule.spans import Span
from rotations.schedule.tiers import Tier
from rotations.schedule.timeline import Hold

__all__ = ["Holder", "OnCall", "on_call_at"]


@dataclass(frozen=True, slots=True)
class Duty:
    """A stretch for which a person holds a tier. `covers` is whom the shift names, when an override holds it."""

    schedule: Schedule
    tier: Tier
    starts_at: datetime
    ends_at: datetime
    override_id: int | None
    covers: int | None


def final_timeline(schedule: Schedule, window: Span) -> list[Hold]:
    """Who holds each tier throughout the window: published shifts overlaid by approved overrides. Two queries.

    Ordered by tier, then start. A piece without a person is a gap; so is all time beyond `published_until`.
    """
    return stored_timeline(schedule.pk, window)


def people_by_id(ids: Iterable[int | None]) -> dict[int, User]:
    """The people of a timeline. One query."""
    return User.objects.in_bulk({pk for pk in ids if pk is not None})


def schedules() -> QuerySet[Schedule]:
    """All schedules in use, with their teams: any signed-in person reads them."""
    return Schedule.objects.active().filter(team__archived_at__isnull=True).select_related("team")


def schedules_of(user: User) -> QuerySet[Schedule]:
    """Those of the teams that a person is on."""
    return schedules().filter(team__memberships__user=user)


def takers(schedule: Schedule) -> QuerySet[User]:
    """Who may hold a tier of a schedule: active members of its team, but observers, who cannot acknowledge."""
    wanted = Membership.objects.filter(team=schedule.team_id, role__in=[Role.MANAGER, Role.RESPONDER])
    return User.objects.filter(is_active=True, memberships__in=wanted).order_by("name", "pk")


def filled_tiers(schedule: Schedule) -> list[Tier]:
    """The tiers that a schedule fills: as many as its widest rotation, both while it has none. One query."""
    widest = Rotation.objects.active().filter(schedule=schedule).aggregate(tiers=Max("tiers"))["tiers"]
    return list(Tier)[:widest]


def published_until(schedule: Schedule) -> datetime | None:
    """How far the schedule's rotations are published; None if none ever was. One query."""
    rotations = Rotation.objects.active().filter(schedule=schedule)
    until: datetime | None = Publication.objects.filter(rotation__in=rotations).aggregate(until=Max("until"))["until"]
    return until


def rotations_published_until_before(at: datetime) -> QuerySet[Rotation]:
    """Rotations in use that were published, but not as far as `at`."""
    latest = Publication.objects.filter(rotation=OuterRef("pk")).order_by("-pk").values("until")[:1]
    return (
        Rotation.objects.active()
        .filter(schedule__in=schedules())
        .alias(published_until=Subquery(latest))
        .filter(published_until__lt=at)
        .select_related("schedule__team")
        .order_by("pk")
    )


def short_horizons(now: datetime) -> QuerySet[Rotation]:
    """Rotations whose published shifts end sooner than HORIZON_WARNING from now: extending them has failed."""
    return rotations_published_until_before(now + settings.HORIZON_WARNING)


def next_shifts(user: User, now: datetime, limit: int) -> list[Duty]:
    """What a person holds now and next, over all schedules, overrides counted; soonest first. Three queries."""
    own = Override.objects.in_force().filter(user=user, ends_at__gt=now)
    held = Q(user=user) | Q(rotation__schedule__in=own.values("schedule"))  # the latter say whom an override covers
    shifts = list(Shift.objects.in_force().filter(held, ends_at__gt=now).select_related("rotation"))
    concerned = Q(schedule__in={shift.rotation.schedule_id for shift in shifts}) | Q(pk__in=own)
    overrides = list(Override.objects.in_force().filter(concerned, ends_at__gt=now))
    ids = {shift.rotation.schedule_id for shift in shifts} | {override.schedule_id for override in overrides}
    by_id = schedules().in_bulk(ids)
    window = Span(now, max([now, *(row.ends_at for row in shifts), *(row.ends_at for row in overrides)]))
    duties = [
        Duty(schedule, hold.tier, hold.start, hold.end, hold.override, hold.covers)
        for pk, schedule in by_id.items()
        for hold in proposed_timeline(
            [shift for shift in shifts if shift.rotation.schedule_id == pk],
            [override for override in overrides if override.schedule_id == pk],
            window,
        )
        if hold.person == user.pk
    ]
    return sorted(duties, key=lambda duty: (duty.starts_at, duty.schedule.name, duty.tier))[:limit]


def overrides_to_come(schedule: Schedule, now: datetime) -> QuerySet[Override]:
    """Overrides that hold now or later: those that can still be withdrawn."""
    return (
        Override.objects.in_force()
        .filter(schedule=schedule, ends_at__gt=now)
        .select_related("user", "approved_by", "schedule")
        .order_by("starts_at", "pk")
    )


def explain(schedule: Schedule, tier: Tier, at: datetime) -> Explanation:
    """Why this person holds (or held) this tier at an instant, or why nobody does. ≤ 4 queries."""
    shift = (
        Shift.objects.in_force()
        .covering(at)
        .filter(rotation__schedule=schedule, tier=tier)
        .select_related("rotation", "user", "publication__by")
        .order_by("-starts_at")
        .first()
    )
    override = (
        Override.objects.in_force()
        .covering(at)
        .filter(schedule=schedule, tier=tier)
        .select_related("user", "approved_by")
        .first()
    )
    people = people_by_id(skip.person for skip in Reason.from_json(shift.reason).skipped) if shift else {}
    until = None if shift or override else published_until(schedule)
    return explanation(Evidence(schedule, tier, at, shift, override, until, people))
