"""The final timeline: published shifts with approved overrides laid over them. Everything that shows or pages reads it.

It knows spans and numbers only: a person, a shift and an override are the ids of their rows.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

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


def overlay(
    shifts: Iterable[PublishedShift],
    overrides: Iterable[ApprovedOverride],
    window: Span,
    *,
    tiers: Iterable[Tier] = tuple(Tier),
) -> list[Hold]:
    """Who holds each of `tiers` throughout `window`, ordered by tier, then start; gaps are Holds without a person."""
    raise NotImplementedError
