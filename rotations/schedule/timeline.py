"""The final timeline: published shifts with approved overrides laid over them. Everything that shows or pages reads it.

It knows spans and numbers only: a person, a shift and an override are the ids of their rows.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
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
        for hold in _merged(
            _pieces(tier, _touching(published, tier, window), _touching(approved, tier, window), window)
        )
    ]


def _touching(rows: Iterable[Row], tier: Tier, window: Span) -> list[Row]:
    return [row for row in rows if row.tier == tier and row.start < window.end and row.end > window.start]


def _pieces(
    tier: Tier, shifts: Sequence[PublishedShift], overrides: Sequence[ApprovedOverride], window: Span
) -> Iterator[Hold]:
    """One Hold between any two neighbouring instants at which something starts or ends."""
    edges = [edge for shift in shifts for edge in (shift.start, shift.end)]
    edges += [edge for override in overrides for edge in (override.start, override.end)]
    instants = [*sorted({window.start, *(edge for edge in edges if edge in window)}), window.end]
    shift_layer = _Layer(shifts, precedence=lambda row: (row.start, row.id))
    override_layer = _Layer(overrides, precedence=lambda row: row.id)
    for start, end in pairwise(instants):
        yield _hold(tier, start, end, shift_layer.at(start), override_layer.at(start))


def _hold(
    tier: Tier, start: datetime, end: datetime, shift: PublishedShift | None, override: ApprovedOverride | None
) -> Hold:
    """What a shift and an override (or the lack of them) come to."""
    named = shift.person if shift else None
    shift_id = shift.id if shift else None
    if override is None:
        return Hold(tier, named, start, end, shift=shift_id)
    return Hold(tier, override.person, start, end, shift=shift_id, override=override.id, covers=named)


def _merged(pieces: Iterable[Hold]) -> list[Hold]:
    """Neighbours that differ in nothing but their time, as one."""
    merged: list[Hold] = []
    for piece in pieces:
        if merged and replace(merged[-1], start=piece.start, end=piece.end) == piece:
            merged[-1] = replace(merged[-1], end=piece.end)
        else:
            merged.append(piece)
    return merged


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
