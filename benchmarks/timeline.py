"""How long it takes to lay a year's overrides over a year's shifts."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from statistics import median
from time import perf_counter

from rotations.schedule.spans import Span
from rotations.schedule.tiers import Tier
from rotations.schedule.timeline import ApprovedOverride, PublishedShift, overlay

BUDGET = 0.005
START = datetime(2026, 12, 7, 8, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
YEAR = Span(START, START + 365 * DAY)
RUNS = 5


def rows() -> Iterator[tuple[str, float, float, str]]:
    """(what, seconds in the median, budget in seconds, note)."""
    for length, every in ((7 * DAY, 21 * DAY), (DAY, 7 * DAY)):
        shifts, overrides = _shifts(length), _overrides(every)
        seconds = median(_seconds(shifts, overrides) for _ in range(RUNS))
        note = f"{len(shifts)} shifts, {len(overrides)} overrides, without reading them"
        yield f"overlay of 365 days, shifts of {length.days} d", seconds, BUDGET, note


def _seconds(shifts: list[PublishedShift], overrides: list[ApprovedOverride]) -> float:
    begun = perf_counter()
    overlay(shifts, overrides, YEAR)
    return perf_counter() - begun


def _shifts(length: timedelta) -> list[PublishedShift]:
    """Both tiers of the year, eight people taking turns."""
    turns = range(YEAR.length // length)
    return [
        PublishedShift(2 * n + k, tier, (n + k) % 8, START + n * length, START + (n + 1) * length)
        for n in turns
        for k, tier in enumerate(Tier)
    ]


def _overrides(every: timedelta) -> list[ApprovedOverride]:
    """Twelve hours of primary, again and again."""
    starts = (START + n * every + 30 * HOUR for n in range(YEAR.length // every))
    return [ApprovedOverride(n, Tier.PRIMARY, 9, start, start + 12 * HOUR) for n, start in enumerate(starts)]
