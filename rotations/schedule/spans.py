"""Spans of time, half-open [start, end), and the algebra on them. Instants are aware; no clock is read here.

An empty span (start = end) is allowed, because a gap in the clocks can swallow a slot; it overlaps nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """[start, end): an instant belongs to it from `start` on and until just before `end`. Kept in UTC.

    UTC, because two instants of one other zone are compared by their wall clocks, which run twice over some hours.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.utcoffset() is None or self.end.utcoffset() is None:
            raise ValueError("A span lies between aware instants.")
        if self.start.tzinfo is not UTC or self.end.tzinfo is not UTC:
            object.__setattr__(self, "start", self.start.astimezone(UTC))
            object.__setattr__(self, "end", self.end.astimezone(UTC))
        if self.end < self.start:
            raise ValueError(f"A span does not end before it starts: {self.start} to {self.end}.")

    def __bool__(self) -> bool:
        """Whether it has any length."""
        return self.start < self.end

    def __contains__(self, at: datetime) -> bool:
        return self.start <= at < self.end

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    def encloses(self, other: Self) -> bool:
        """Whether all of `other` lies within."""
        return self.start <= other.start and other.end <= self.end

    def overlaps(self, other: Self) -> bool:
        """Whether they share any time. Neighbours that only touch do not, nor does an empty span."""
        return max(self.start, other.start) < min(self.end, other.end)

    def intersection(self, other: Self) -> Self | None:
        """The time both have, or None if they share none."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return type(self)(start, end) if start < end else None


def union(spans: Iterable[Span]) -> list[Span]:
    """The same time as few, disjoint spans in order: what overlaps or touches is one."""
    joined: list[Span] = []
    for span in sorted(filter(None, spans)):
        if joined and span.start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined


def gaps(window: Span, spans: Iterable[Span]) -> list[Span]:
    """The time of `window` that none of `spans` has, in order."""
    found: list[Span] = []
    open_from = window.start
    for span in union(spans):
        if span.end <= open_from:
            continue
        if span.start >= window.end:
            break
        if span.start > open_from:
            found.append(Span(open_from, span.start))
        open_from = span.end
    return [*found, Span(open_from, window.end)] if open_from < window.end else found


def subtract(spans: Iterable[Span], holes: Iterable[Span]) -> list[Span]:
    """The time that `spans` have and `holes` do not, as few disjoint spans in order."""
    closed = union(holes)
    return [piece for span in union(spans) for piece in gaps(span, closed)]
