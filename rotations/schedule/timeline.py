"""The final timeline: published shifts with approved overrides laid over them. Everything that shows or pages reads it.

It knows spans and numbers only: a person, a shift and an override are the ids of their rows.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from rotations.schedule.spans import Span
from rotations.schedule.tiers import Tier


@dataclass(frozen=True, slots=True)
class PublishedShift:
    """One shift in force, as the timeline needs it. Without a person it is a gap that was published."""

    id: int
    tier: Tier
    person: int | None
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class ApprovedOverride:
    """One override in force, as the timeline needs it."""

    id: int
    tier: Tier
    person: int
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Hold:
    """One piece of the final timeline: `person` holds `tier` over [start, end), by a shift or by an override.

    `person` empty: a gap, nobody holds the tier (`shift` then tells a published gap from time without any shift).
    `covers` is the person whom the shift names when an override holds it.
    """

    tier: Tier
    person: int | None
    start: datetime
    end: datetime
    shift: int | None = None
    override: int | None = None
    covers: int | None = None


Row = TypeVar("Row", PublishedShift, ApprovedOverride)


def overlay(
    shifts: Iterable[PublishedShift],
    overrides: Iterable[ApprovedOverride],
    window: Span,
    *,
    tiers: Iterable[Tier] = tuple(Tier),
) -> list[Hold]:
    """Who holds each of `tiers` throughout `window`, ordered by tier, then start; gaps are Holds without a person.

    Where shifts overlap, the one that starts last holds (it arrives); where overrides do, the one approved last.
    """
    if not window:
        return []
    published, approved, wanted = list(shifts), list(overrides), set(tiers)
    return [
        hold
        for tier in Tier
        if tier in wanted
        for hold in _holds(tier, _touching(published, tier, window), _touching(approved, tier, window), window)
    ]


def _touching(rows: Iterable[Row], tier: Tier, window: Span) -> list[Row]:
    return [row for row in rows if row.tier == tier and row.start < window.end and row.end > window.start]


def _holds(
    tier: Tier, shifts: Sequence[PublishedShift], overrides: Sequence[ApprovedOverride], window: Span
) -> Iterator[Hold]:
    """One tier from edge to edge; an edge at which neither the shift nor the override changes is none."""
    edges = [edge for shift in shifts for edge in (shift.start, shift.end)]
    edges += [edge for override in overrides for edge in (override.start, override.end)]
    shift_layer = _Layer(shifts, precedence=lambda row: (row.start, row.id))
    override_layer = _Layer(overrides, precedence=lambda row: row.id)
    start, shift, override = window.start, shift_layer.at(window.start), override_layer.at(window.start)
    for edge in sorted({edge for edge in edges if window.start < edge < window.end}):
        next_shift, next_override = shift_layer.at(edge), override_layer.at(edge)
        if next_shift is not shift or next_override is not override:
            yield _hold(tier, start, edge, shift, override)
            start, shift, override = edge, next_shift, next_override
    yield _hold(tier, start, window.end, shift, override)


def _hold(
    tier: Tier, start: datetime, end: datetime, shift: PublishedShift | None, override: ApprovedOverride | None
) -> Hold:
    """What a shift and an override (or the lack of them) come to."""
    named = shift.person if shift else None
    shift_id = shift.id if shift else None
    if override is None:
        return Hold(tier, named, start, end, shift=shift_id)
    return Hold(tier, override.person, start, end, shift=shift_id, override=override.id, covers=named)


class _Layer(Generic[Row]):
    """Rows read forward in time: which of those that hold at an instant comes before the others."""

    def __init__(self, rows: Iterable[Row], *, precedence: Callable[[Row], Any]) -> None:
        self._coming: list[Row] = sorted(rows, key=lambda row: row.start, reverse=True)
        self._holding: list[Row] = []
        self._precedence: Callable[[Row], Any] = precedence

    def at(self, instant: datetime) -> Row | None:
        """The row that holds; ask for later and later instants only."""
        while self._coming and self._coming[-1].start <= instant:
            self._holding.append(self._coming.pop())
        self._holding = [row for row in self._holding if row.end > instant]
        return max(self._holding, key=self._precedence, default=None)
