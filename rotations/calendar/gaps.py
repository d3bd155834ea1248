"""Gaps of many schedules at once: time within what is published in which nobody holds a tier."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from rotations.calendar.selectors import published_span, tiers_of
from rotations.rota.models import Override, Schedule, Shift
from rotations.rota.timelines import proposed_timeline
from rotations.schedule.spans import Span
from rotations.schedule.tiers import Tier


@dataclass(frozen=True, slots=True)
class Gap:
    """Nobody holds `tier` of `schedule` over [start, end)."""

    schedule: Schedule
    tier: Tier
    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        return self.end - self.start


def gaps_of(schedules: Collection[Schedule], window: Span) -> list[Gap]:
    """The gaps in a window of schedules from `schedules_with_horizon`, soonest first. Two queries, however many."""
    shifts, overrides = _by_schedule([schedule.pk for schedule in schedules], window)
    found = [
        Gap(schedule, hold.tier, hold.start, hold.end)
        for schedule in schedules
        if (published := published_span(schedule)) and (seen := published.intersection(window))
        for hold in proposed_timeline(shifts[schedule.pk], overrides[schedule.pk], seen)
        if hold.person is None and hold.tier in tiers_of(schedule)
    ]
    return sorted(found, key=lambda gap: (gap.start, gap.schedule.name, gap.tier))


def _by_schedule(
    ids: Collection[int], window: Span
) -> tuple[defaultdict[int, list[Shift]], defaultdict[int, list[Override]]]:
    shifts: defaultdict[int, list[Shift]] = defaultdict(list)
    overrides: defaultdict[int, list[Override]] = defaultdict(list)
    in_window = Shift.objects.in_force().touching(window.start, window.end).filter(rotation__schedule__in=ids)
    for shift in in_window.select_related("rotation").defer("reason"):
        shifts[shift.rotation.schedule_id].append(shift)
    for override in Override.objects.in_force().touching(window.start, window.end).filter(schedule__in=ids):
        overrides[override.schedule_id].append(override)
    return shifts, overrides
