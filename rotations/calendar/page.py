"""A month of one schedule, ready to print: the template loops over this and decides nothing. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from functools import cached_property

from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _

from rotations.calendar import month as months
from rotations.calendar import pieces as words
from rotations.calendar.month import Place, Week
from rotations.calendar.pieces import Piece, State
from rotations.people import times
from rotations.people.models import User
from rotations.rota.models import Schedule
from rotations.schedule.spans import Span
from rotations.schedule.tiers import Tier


@dataclass(frozen=True, slots=True)
class Absence:
    """A person is off over [start, end)."""

    person: User
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Cell:
    """One bar in one week's row. Without `why` nothing is published there, and nothing leads anywhere."""

    colspan: int
    css: str
    text: str
    label: str
    why: str


@dataclass(frozen=True, slots=True)
class Row:
    tier: Tier
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Day:
    on: date
    text: str
    css: str
    off: list[User]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list: a bar over the whole width, and when."""

    heading: str
    css: str
    why: str
    piece: Piece


@dataclass(frozen=True, slots=True)
class PrintedWeek:
    number: int
    start: datetime
    days: list[Day]
    rows: list[Row]
    entries: list[Entry]
    off: list[Absence]
    is_over: bool
    is_current: bool


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose eyes it is for: their zone, and the instant at which they look."""

    zone: tzinfo
    now: datetime

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()


@dataclass(frozen=True)
class MonthPage:
    """A month of a schedule: weeks with a row of bars for each tier, gaps first."""

    schedule: Schedule
    month: date
    reader: Reader
    published: Span | None
    pieces: Mapping[Tier, Sequence[Piece]]
    absences: Sequence[Absence]

    @cached_property
    def grid(self) -> list[Week]:
        return months.weeks_of(self.month, self.reader.zone)

    @property
    def title(self) -> str:
        return date_format(self.month, _("F Y"))

    @property
    def this_month(self) -> date:
        return months.month_start(self.reader.today)

    @property
    def neighbours(self) -> list[tuple[date, str]]:
        """The month before and the month after, as links say them."""
        return [
            (month, date_format(month, "F" if month.year == self.month.year else _("F Y")))
            for month in (months.months_on(self.month, -1), months.months_on(self.month, 1))
        ]

    @cached_property
    def gaps(self) -> list[Piece]:
        """What is still to come, or going on, of the time in this month that nobody holds. First things first."""
        shown = Span(self.grid[0].span.start, self.grid[-1].span.end)
        open_gaps = [
            piece
            for row in self.pieces.values()
            for piece in row
            if piece.state is State.GAP and piece.end > self.reader.now and Span(piece.start, piece.end).overlaps(shown)
        ]
        return sorted(open_gaps, key=lambda gap: (gap.start, gap.tier))

    @property
    def gaps_title(self) -> str:
        """1 gap: nobody is secondary for 48 h."""
        if len(self.gaps) > 1:
            return _("%(count)d gaps, in which nobody holds a tier") % {"count": len(self.gaps)}
        [gap] = self.gaps
        length = {"length": times.duration(gap.length)}
        if gap.tier is Tier.PRIMARY:
            return _("1 gap: nobody is primary for %(length)s") % length
        return _("1 gap: nobody is secondary for %(length)s") % length

    @cached_property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw: no shift, no cover and no gap in this month's weeks."""
        shown = Span(self.grid[0].span.start, self.grid[-1].span.end)
        return not any(
            piece.state is not State.UNPUBLISHED and Span(piece.start, piece.end).overlaps(shown)
            for row in self.pieces.values()
            for piece in row
        )

    @property
    def is_beyond_the_horizon(self) -> bool:
        """Whether some of what is shown has not been published yet."""
        return self.published is None or self.published.end < self.grid[-1].span.end

    @cached_property
    def weeks(self) -> list[PrintedWeek]:
        return [self._week(week) for week in self.grid]

    @property
    def weeks_over(self) -> list[PrintedWeek]:
        return [week for week in self.weeks if week.is_over]

    @property
    def weeks_to_come(self) -> list[PrintedWeek]:
        return [week for week in self.weeks if not week.is_over]

    def _week(self, week: Week) -> PrintedWeek:
        return PrintedWeek(
            number=week.number,
            start=week.span.start,
            days=[self._day(week, index) for index in range(7)],
            rows=[
                Row(tier, [self._cell(at) for at in months.place(week, pieces)]) for tier, pieces in self.pieces.items()
            ],
            entries=self._entries(week),
            off=_touching(self.absences, week.span),
            is_over=week.span.end <= self.reader.now,
            is_current=self.reader.now in week.span,
        )

    def _day(self, week: Week, index: int) -> Day:
        day, today = week.days[index], week.days[index] == self.reader.today
        text = date_format(day, _("j M") if day.day == 1 or (week is self.grid[0] and index == 0) else "j")
        outside = day.month != self.month.month
        return Day(
            on=day,
            text=_("%s Today") % text if today else text,
            css=" ".join(["day", *["is-outside"] * outside, *["is-today"] * today]),
            off=[absence.person for absence in _touching(self.absences, week.day_span(index))],
        )

    def _cell(self, at: Place[Piece]) -> Cell:
        piece, text = at.what, words.text_on_bar(at.what, at.colspan)
        if piece.state is State.UNPUBLISHED:
            return Cell(at.colspan, css="unpublished", text=text, label="", why="")
        short = at.colspan < words.ROOM_FOR_A_NAME
        css = [words.css(piece), *["bar-short"] * short]
        css += [*["from-before"] * at.from_before, *["goes-on"] * at.goes_on]
        label = words.label(piece, text, self.reader.zone, now=self.reader.now)
        return Cell(at.colspan, css=" ".join(css), text=text, label=label, why=piece.why)

    def _entries(self, week: Week) -> list[Entry]:
        """The pieces a list tells under a week: those that begin in it, and those that hold all of it."""
        first = week is self.grid[0]
        listed = [
            piece
            for row in self.pieces.values()
            for piece in row
            if piece.state is not State.UNPUBLISHED and _belongs(piece, week.span, first=first)
        ]
        listed.sort(key=lambda piece: (piece.start, piece.tier))
        return [Entry(words.heading(piece), words.css(piece), piece.why, piece) for piece in listed]


def _belongs(piece: Piece, week: Span, *, first: bool) -> bool:
    if not Span(piece.start, piece.end).overlaps(week):
        return False
    return first or piece.start >= week.start or piece.end >= week.end


def _touching(absences: Iterable[Absence], span: Span) -> list[Absence]:
    return [absence for absence in absences if Span(absence.start, absence.end).overlaps(span)]


def window_of(month: date, zone: tzinfo, *, margin: timedelta) -> Span:
    """The time that a month's page looks at: its weeks, and so much before and after that no shift is cut."""
    weeks = months.weeks_of(month, zone)
    return Span(weeks[0].span.start - margin, weeks[-1].span.end + margin)
