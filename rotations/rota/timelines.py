"""Rows laid over one another: shifts and overrides of the database as the pure timeline takes them."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rotations.rota.models import Override, Shift
from rotations.schedule.spans import Span
from rotations.schedule.tiers import Tier
from rotations.schedule.timeline import ApprovedOverride, Hold, PublishedShift, overlay

UNSAVED = 0  # a proposed shift has no number yet


@dataclass(frozen=True, slots=True)
class Collision:
    """One person in both tiers of a schedule at once."""

    person: int
    span: Span


def stored_timeline(schedule_id: int, window: Span) -> list[Hold]:
    """The final timeline of a schedule. Two queries."""
    shifts = Shift.objects.in_force().touching(window.start, window.end).filter(rotation__schedule=schedule_id)
    overrides = Override.objects.in_force().touching(window.start, window.end).filter(schedule=schedule_id)
    columns = ("pk", "tier", "user_id", "starts_at", "ends_at")
    return overlay(
        [PublishedShift(pk, Tier(tier), *rest) for pk, tier, *rest in shifts.order_by().values_list(*columns)],
        [ApprovedOverride(pk, Tier(tier), *rest) for pk, tier, *rest in overrides.order_by().values_list(*columns)],
        window,
    )


def proposed_timeline(shifts: Iterable[Shift], overrides: Iterable[Override], window: Span) -> list[Hold]:
    """The same of rows that are not all saved."""
    return overlay(
        [PublishedShift(row.pk or UNSAVED, Tier(row.tier), row.user_id, row.starts_at, row.ends_at) for row in shifts],
        [ApprovedOverride(row.pk, Tier(row.tier), row.user_id, row.starts_at, row.ends_at) for row in overrides],
        window,
    )


def both_tiers(holds: Iterable[Hold]) -> list[Collision]:
    """Where a timeline has one person in both tiers: nowhere, or it must not become real."""
    return list(_collisions(list(holds)))


def _collisions(holds: list[Hold]) -> Iterator[Collision]:
    """Walk both tiers, each in order of time, side by side."""
    primary = deque(hold for hold in holds if hold.tier is Tier.PRIMARY)
    secondary = deque(hold for hold in holds if hold.tier is Tier.SECONDARY)
    while primary and secondary:
        first, second = primary[0], secondary[0]
        start, end = max(first.start, second.start), min(first.end, second.end)
        if start < end and first.person is not None and first.person == second.person:
            yield Collision(first.person, Span(start, end))
        (primary if first.end <= second.end else secondary).popleft()
