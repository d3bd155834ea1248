"""What the laws of the pure rules are tried on: every IANA zone, clock changes before all, and made-up rosters."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from rotations.schedule.handoffs import Cadence, Unit
from rotations.schedule.planner import Absence, Duty, Rules, SeatTerm
from rotations.schedule.spans import Span

ZONES = sorted(available_timezones())
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2037, 12, 31)
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
MONDAY = datetime(2026, 12, 7, 9, tzinfo=UTC)
WEEKLY = Rules(Cadence(every=1, unit=Unit.WEEKS, anchor_on=MONDAY.date(), handoff_at=time(9), time_zone="UTC"))

# Other tests may run beside these, so a slow example proves nothing.
law = settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


MIDNIGHTS = [midnight(FIRST_DAY) + n * DAY for n in range((LAST_DAY - FIRST_DAY).days + 1)]


@cache
def days_of_change(zone: str) -> list[date]:
    """The days (UTC) from 1990 to 2037 on which the clocks of a zone change."""
    offsets = ZoneInfo(zone)
    shown = [at.astimezone(offsets).utcoffset() for at in MIDNIGHTS]
    return [at.date() for at, (before, after) in zip(MIDNIGHTS, pairwise(shown), strict=False) if before != after]


zones = st.sampled_from(ZONES)
times = st.times().map(lambda at: at.replace(second=0, microsecond=0)) | st.builds(
    time, st.integers(0, 3), st.sampled_from([0, 15, 30, 45])
)


@st.composite
def days_in(draw: st.DrawFn, zone: str) -> date:
    """A day, more often than not one on which the clocks change."""
    changes = days_of_change(zone)
    anywhere = st.dates(FIRST_DAY, LAST_DAY)
    return draw(st.sampled_from(changes) | anywhere if changes else anywhere)


@st.composite
def cadences(draw: st.DrawFn) -> Cadence:
    unit = draw(st.sampled_from(Unit))
    most = {Unit.HOURS: 72, Unit.DAYS: 31, Unit.WEEKS: 6}[unit]
    every = draw(st.integers(1, most) | st.sampled_from([1, 8, 12] if unit is Unit.HOURS else [1]))
    zone = draw(zones)
    return Cadence(every=every, unit=unit, anchor_on=draw(days_in(zone)), handoff_at=draw(times), time_zone=zone)


@st.composite
def spans(draw: st.DrawFn, longest: timedelta = 8 * WEEK, begin: datetime = MONDAY, reach: int = 24 * 7 * 30) -> Span:
    """A span of whole hours, at least one."""
    start = begin + draw(st.integers(-24 * 7, reach)) * HOUR
    return Span(start, start + draw(st.integers(1, longest // HOUR)) * HOUR)


@st.composite
def rosters(draw: st.DrawFn, *, comings_and_goings: bool = True, smallest: int = 1) -> list[SeatTerm]:
    """Seats 0, 1, 2 …, held by people 100, 101, 102 … in some order; some join or leave on the way."""
    people = draw(st.permutations(range(100, 100 + draw(st.integers(smallest, 7)))))
    seats = []
    for position, person in enumerate(people):
        starts_at, ends_at = MONDAY - WEEK, None
        if comings_and_goings:
            starts_at += draw(st.just(0) | st.integers(0, 24 * 7 * 20)) * HOUR
            ends_at = draw(
                st.none() | st.integers(1, 24 * 7 * 20).map(lambda hours, start=starts_at: start + hours * HOUR)
            )
        seats.append(SeatTerm(person, position, starts_at, ends_at, is_senior=draw(st.booleans())))
    return seats


people = st.integers(100, 107)
absences = st.lists(st.builds(Absence, people, spans(3 * WEEK)), max_size=12)
duties = st.lists(st.builds(Duty, people, spans(2 * WEEK)), max_size=6)
