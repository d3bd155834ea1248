"""The geometry of a month: 168 columns a week, on every clock change, in every zone."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rotations.calendar import month as months

BERLIN = ZoneInfo("Europe/Berlin")
DECEMBER = date(2026, 12, 1)


@dataclass(frozen=True)
class Stretch:
    start: datetime
    end: datetime


def at(*parts: int, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime(*parts, tzinfo=zone)


def week_of(day: date, zone: ZoneInfo = BERLIN) -> months.Week:
    return next(week for week in months.weeks_of(day.replace(day=1), zone) if day in week.days)


def test_a_month_has_the_weeks_that_hold_any_of_its_days():
    weeks = months.weeks_of(DECEMBER, BERLIN)
    assert [week.number for week in weeks] == [49, 50, 51, 52, 53]
    assert weeks[0].days[0] == date(2026, 11, 30)
    assert weeks[-1].days[-1] == date(2027, 1, 3)


def test_months_are_counted_over_the_turn_of_the_year():
    assert months.months_on(DECEMBER, 1) == date(2027, 1, 1)
    assert months.months_on(date(2027, 1, 1), -1) == DECEMBER


def test_a_bar_stands_where_its_hours_are():
    week = week_of(date(2026, 12, 7))
    handoff = at(2026, 12, 7, 9)
    places = months.place(week, [Stretch(at(2026, 11, 30, 9), handoff), Stretch(handoff, at(2026, 12, 14, 9))])
    assert [place.colspan for place in places] == [9, 159]
    assert [(place.from_before, place.goes_on) for place in places] == [(True, False), (False, True)]


def test_a_bar_that_ends_with_the_week_does_not_go_on():
    week = week_of(date(2026, 12, 7))
    [place] = months.place(week, [Stretch(at(2026, 12, 7), at(2026, 12, 14))])
    assert (place.colspan, place.from_before, place.goes_on) == (168, False, False)


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_a_day_of_23_or_25_hours_has_24_columns_and_noon_stands_near_its_middle(day):
    week = week_of(day)
    assert week.column(datetime.combine(day, datetime.min.time(), tzinfo=BERLIN)) == 144
    noon = week.column(datetime(day.year, day.month, day.day, 12, tzinfo=BERLIN))
    assert noon in {155, 156, 157}
    assert week.column(week.midnights[-1]) == 168


def test_a_midnight_that_the_clocks_skip_is_the_instant_of_the_change():
    beirut = ZoneInfo("Asia/Beirut")  # 2026-03-29 00:00 does not exist there
    assert months.midnight(date(2026, 3, 29), beirut) == datetime(2026, 3, 28, 22, tzinfo=UTC)


def test_a_date_that_a_zone_skipped_belongs_to_who_was_on_call_before():
    apia = ZoneInfo("Pacific/Apia")  # there was no 30 December 2011
    week = week_of(date(2011, 12, 28), apia)
    change = datetime(2011, 12, 30, 10, tzinfo=UTC)
    places = months.place(week, [Stretch(week.span.start, change), Stretch(change, week.span.end)])
    assert [place.colspan for place in places] == [5 * 24, 2 * 24]


def test_twenty_minutes_are_somebodys_and_get_a_column():
    week = week_of(date(2026, 12, 7))
    start, end = at(2026, 12, 9, 9, 5), at(2026, 12, 9, 9, 25)
    places = months.place(week, [Stretch(week.span.start, start), Stretch(start, end), Stretch(end, week.span.end)])
    assert [place.colspan for place in places] == [57, 1, 110]


def test_what_does_not_touch_the_week_is_not_placed():
    week = week_of(date(2026, 12, 7))
    before, after = Stretch(at(2026, 12, 1), at(2026, 12, 7)), Stretch(at(2026, 12, 14), at(2026, 12, 15))
    assert months.place(week, [before, Stretch(before.end, after.start), after])[0].colspan == 168


@given(
    zone=st.timezones(),
    day=st.dates(date(1980, 1, 1), date(2060, 1, 1)),
    cuts=st.lists(st.floats(0.001, 0.999), max_size=40, unique=True),
)
def test_the_columns_of_a_week_always_add_up(zone, day, cuts):
    for week in months.weeks_of(day.replace(day=1), zone):
        edges = [week.span.start - timedelta(days=3)]
        edges += [week.span.start + cut * week.span.length for cut in sorted(cuts)]
        edges += [week.span.end + timedelta(days=3)]
        pieces = [Stretch(start, end) for start, end in pairwise(edges) if start < end]
        places = months.place(week, pieces)
        assert sum(place.colspan for place in places) == months.COLUMNS
        assert all(place.colspan > 0 for place in places)
        assert len(places) == len(pieces)


@given(zone=st.timezones(), day=st.dates(date(1980, 1, 1), date(2060, 1, 1)), minutes=st.integers(0, 44_000))
def test_columns_never_run_backwards(zone, day, minutes):
    week = months.weeks_of(day.replace(day=1), zone)[0]
    earlier = week.span.start + timedelta(minutes=minutes)
    later = earlier + timedelta(minutes=37)
    assert 0 <= week.column(earlier) <= week.column(later) <= months.COLUMNS
