"""The page of one schedule: what is published, what publishing would change, and which overrides hold."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Max, Prefetch
from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rotations.people.models import User
from rotations.people.permissions import may_manage
from rotations.rota.models import Override, Publication, Rotation, Schedule, Seat, Shift
from rotations.rota.on_call import Holder, on_call_at
from rotations.rota.planning import Proposal
from rotations.rota.publishing import propose_draft
from rotations.rota.selectors import overrides_to_come, people_by_id
from rotations.schedule.handoffs import Unit
from rotations.schedule.tiers import Tier

CHANGES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Change:
    """One shift that publishing changes: who holds it before and after; nobody: None."""

    tier: Tier
    starts_at: datetime
    ends_at: datetime
    before: User | None
    after: User | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What publishing a rotation would do, in counts and the first changes; or why it cannot be done."""

    added: int = 0
    changed: int = 0
    kept: int = 0
    effective_from: datetime | None = None
    until: datetime | None = None
    digest: str = ""
    changes: tuple[Change, ...] = ()
    more: int = 0
    problem: str = ""

    @property
    def shifts(self) -> int:
        """How many shifts publishing would write or withdraw; none: there is nothing to publish."""
        return self.added + self.changed


@dataclass(frozen=True, slots=True)
class RotationCard:
    """One rotation as its schedule's page shows it. `is_next` marks the one button that asks to be pressed."""

    rotation: Rotation
    cadence: str
    roster: Sequence[Seat]
    published_until: datetime | None
    preview: Preview | None
    is_next: bool


@dataclass(frozen=True, slots=True)
class SchedulePage:
    """A schedule, who holds its tiers, its rotations and its overrides."""

    schedule: Schedule
    duties: Sequence[tuple[Tier, Holder | None]]
    cards: Sequence[RotationCard]
    overrides: Sequence[Override]
    may_manage: bool


def schedule_page(schedule: Schedule, reader: User, *, now: datetime) -> SchedulePage:
    """What the page of a schedule says to a reader. Only managers are shown what publishing would do."""
    manages = may_manage(reader, schedule.team_id)
    holders = on_call_at(now, schedule_ids=[schedule.pk]).get(schedule.pk, {})
    rotations = _rotations(schedule, now)
    tiers = list(Tier)[: max((rotation.tiers for rotation in rotations), default=2)]
    return SchedulePage(
        schedule=schedule,
        duties=[(tier, holders.get(tier)) for tier in tiers],
        cards=_cards(rotations, manages=manages, now=now),
        overrides=list(overrides_to_come(schedule, now)),
        may_manage=manages,
    )


def _rotations(schedule: Schedule, now: datetime) -> list[Rotation]:
    seats = Seat.objects.exclude(ends_at__lte=now).select_related("user").order_by("position", "pk")
    rotations = Rotation.objects.active().filter(schedule=schedule)
    return list(rotations.prefetch_related(Prefetch("seats", queryset=seats)))


def _cards(rotations: Sequence[Rotation], *, manages: bool, now: datetime) -> list[RotationCard]:
    rows = Publication.objects.filter(rotation__in=rotations).values_list("rotation").annotate(until=Max("until"))
    until = dict(rows)
    previews = {rotation.pk: preview(rotation, now=now) for rotation in rotations if manages}
    asking = [pk for pk, shown in previews.items() if shown.shifts]
    return [
        RotationCard(
            rotation=rotation,
            cadence=cadence_in_words(rotation),
            roster=list(rotation.seats.all()),
            published_until=until.get(rotation.pk),
            preview=previews.get(rotation.pk),
            is_next=asking[:1] == [rotation.pk],
        )
        for rotation in rotations
    ]


def preview(rotation: Rotation, *, now: datetime) -> Preview:
    """What publishing would do now, without doing it."""
    try:
        proposal = propose_draft(rotation.pk, now=now)
    except ValidationError as refusal:
        return Preview(problem=" ".join(refusal.messages))
    places = sorted({_place(shift) for shift in [*proposal.added, *proposal.withdrawn]})
    changed = {_place(shift) for shift in proposal.withdrawn}
    return Preview(
        added=len(places) - len(changed),
        changed=len(changed),
        kept=len(proposal.kept),
        effective_from=proposal.window.start,
        until=proposal.plan.until,
        digest=proposal.digest,
        changes=tuple(_changes(proposal, places[:CHANGES_SHOWN])),
        more=max(0, len(places) - CHANGES_SHOWN),
    )


def _place(shift: Shift) -> tuple[datetime, str]:
    return shift.starts_at, shift.tier


def _changes(proposal: Proposal, places: Iterable[tuple[datetime, str]]) -> list[Change]:
    before = {_place(shift): shift for shift in proposal.withdrawn}
    after = {_place(shift): shift for shift in proposal.added}
    people = people_by_id(shift.user_id for shift in [*proposal.withdrawn, *proposal.added])

    def person(shift: Shift | None) -> User | None:
        return people.get(shift.user_id) if shift and shift.user_id else None

    return [
        Change(
            tier=Tier(place[1]),
            starts_at=place[0],
            ends_at=(after.get(place) or before[place]).ends_at,
            before=person(before.get(place)),
            after=person(after.get(place)),
        )
        for place in places
    ]


def cadence_in_words(rotation: Rotation) -> str:
    """Every week, Monday at 09:00, Europe/Berlin."""
    words: dict[str, Any] = {
        "every": rotation.every,
        "day": date_format(rotation.anchor_on, "l"),
        "date": date_format(rotation.anchor_on, _("D j M Y")),
        "time": date_format(rotation.handoff_at, "H:i"),
        "zone": rotation.time_zone,
    }
    text = {
        Unit.HOURS: ngettext(
            "Every hour, counted from %(date)s at %(time)s, %(zone)s",
            "Every %(every)d hours, counted from %(date)s at %(time)s, %(zone)s",
            rotation.every,
        ),
        Unit.DAYS: ngettext(
            "Every day at %(time)s, %(zone)s",
            "Every %(every)d days at %(time)s, %(zone)s, counted from %(date)s",
            rotation.every,
        ),
        Unit.WEEKS: ngettext(
            "Every week, %(day)s at %(time)s, %(zone)s",
            "Every %(every)d weeks, %(day)s at %(time)s, %(zone)s, counted from %(date)s",
            rotation.every,
        ),
    }[Unit(rotation.unit)]
    return text % words
