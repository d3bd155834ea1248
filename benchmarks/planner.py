"""How long it takes to plan a year for 50 people, 15 % of the time absent in spells of one to three weeks."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from statistics import median
from time import perf_counter

from rotations.schedule.handoffs import Cadence, Unit
from rotations.schedule.planner import Absence, Rules, SeatTerm, plan
from rotations.schedule.spans import Span

BUDGET = 0.050
PEOPLE, WEEKS, ABSENT = 50, 52, 0.15
START = datetime(2026, 12, 7, 8, tzinfo=UTC)
WEEK = timedelta(weeks=1)
RUNS = 5


def rows() -> Iterator[tuple[str, float, float, str]]:
    """(what, seconds in the median, budget in seconds, note)."""
    for unit in (Unit.WEEKS, Unit.DAYS):
        seconds = median(_seconds(unit) for _ in range(RUNS))
        note = f"{PEOPLE} people, {ABSENT:.0%} absent, {unit.value}"
        yield f"plan of one year, handoff every 1 {unit.value}", seconds, BUDGET, note


def _seconds(unit: Unit) -> float:
    cadence = Cadence(every=1, unit=unit, anchor_on=date(2026, 12, 7), handoff_at=time(9), time_zone="Europe/Berlin")
    seats = [SeatTerm(person, position=person, starts_at=START) for person in range(PEOPLE)]
    absences, year = _absences(Random(1)), Span(START, START + WEEKS * WEEK)
    begun = perf_counter()
    plan(Rules(cadence), seats, absences=absences, busy=[], history=[], projection=[], window=year)
    return perf_counter() - begun


def _absences(random: Random) -> list[Absence]:
    """For each person spells of one to three weeks that come to about 15 % of the year."""
    found = []
    for person in range(PEOPLE):
        week = 0
        while week < WEEKS:
            length = random.randint(1, 3)
            if random.random() < ABSENT / 2 / (1 - ABSENT):
                found.append(Absence(person, Span(START + week * WEEK, START + (week + length) * WEEK)))
                week += length
            week += 1
    return found
