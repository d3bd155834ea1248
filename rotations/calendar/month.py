"""The geometry of a month: weeks of 168 columns, one an hour, so that a bar's place is its colspan. Pure.

A day always has 24 columns. On a day of 23 or 25 hours an instant stands at its fraction of the day, rounded.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Generic, Protocol, TypeVar

from rotations.schedule.spans import Span

HOURS = 24
COLUMNS = 7 * HOURS


class Lasting(Protocol):
    """Anything with a start and an end."""

    @property
    def start(self) -> datetime: ...

    @property
    def end(self) -> datetime: ...


What = TypeVar("What", bound=Lasting)


@dataclass(frozen=True, slots=True)
class Place(Generic[What]):
    """Where one piece stands in one week, and whether it runs over the week's edges."""

    what: What
    colspan: int
    from_before: bool
    goes_on: bool


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days of a reader's wall clock, Monday first; `midnights` are the eight instants that bound them."""

    days: tuple[date, ...]
    midnights: tuple[datetime, ...]

    @property
    def number(self) -> int:
        """As ISO 8601 counts."""
        return self.days[0].isocalendar().week

    @property
    def span(self) -> Span:
        return Span(self.midnights[0], self.midnights[-1])

    def day_span(self, index: int) -> Span:
        return Span(self.midnights[index], self.midnights[index + 1])

    def column(self, at: datetime) -> int:
        """The column at whose left edge an instant stands: 0 to 168."""
        if at <= self.midnights[0]:
            return 0
        if at >= self.midnights[-1]:
            return COLUMNS
        # Of days that begin together (a date skipped at the date line has no length) the last one counts.
        index = bisect_right(self.midnights, at) - 1
        day = self.day_span(index)
        return index * HOURS + round(HOURS * ((at - day.start) / day.length))


def month_start(day: date) -> date:
    """The first of a day's month."""
    return day.replace(day=1)


def months_on(month: date, count: int) -> date:
    """The first of the month `count` months later, or earlier."""
    years, index = divmod(month.month - 1 + count, 12)
    return date(month.year + years, index + 1, 1)


def midnight(day: date, zone: tzinfo) -> datetime:
    """The first instant of a day. Where a clock change skips midnight, that is the instant of the change."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def weeks_of(month: date, zone: tzinfo) -> list[Week]:
    """The weeks that hold any day of a month."""
    monday = month - timedelta(days=month.weekday())
    last = months_on(month, 1)
    weeks = []
    while monday < last:
        days = [monday + timedelta(days=count) for count in range(8)]
        weeks.append(Week(days=tuple(days[:7]), midnights=tuple(midnight(day, zone) for day in days)))
        monday = days[7]
    return weeks


def place(week: Week, pieces: Sequence[What]) -> list[Place[What]]:
    """Lay pieces that follow each other without a hole into a week. The colspans add up to 168.

    However short, a piece gets a column: a page of twenty minutes is somebody's. (More pieces than columns: those
    that have none left are passed over.)
    """
    seen = [piece for piece in pieces if piece.end > week.span.start and piece.start < week.span.end]
    places, column = [], 0
    for position, piece in enumerate(seen):
        still_to_come = len(seen) - 1 - position
        until = min(max(week.column(piece.end), column + 1), COLUMNS - still_to_come)
        if until > column:
            before, after = piece.start < week.span.start, piece.end > week.span.end
            places.append(Place(what=piece, colspan=until - column, from_before=before, goes_on=after))
            column = until
    return places
