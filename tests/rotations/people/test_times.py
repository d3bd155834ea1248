"""Instants, spans and durations are written as LOOKS §7 wants them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rotations.people import times

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 12, 9, 9, 0, tzinfo=UTC)


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=BERLIN)


def test_an_instant_says_weekday_day_month_24_hours_and_the_zone():
    assert times.instant(datetime(2026, 12, 14, 8, 0, tzinfo=UTC), BERLIN, now=NOW) == "Mon 14 Dec, 09:00 CET"


def test_a_year_is_said_only_when_it_is_not_the_current_one():
    assert times.instant(at(2027, 1, 4, 9), BERLIN, now=NOW) == "Mon 4 Jan 2027, 09:00 CET"
    new_year = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert times.instant(new_year, BERLIN, now=new_year) == "Fri 1 Jan, 00:30 CET"  # the reader's year has turned


def test_now_is_said_in_full():
    assert times.full_instant(at(2026, 12, 9, 3, 7), BERLIN) == "Wednesday 9 December 2026, 03:07 CET"


def test_a_range_names_the_zone_once_at_its_end():
    text = times.span(at(2026, 12, 14, 9), at(2026, 12, 21, 9), BERLIN, now=NOW)
    assert text == "Mon 14 Dec, 09:00 to Mon 21 Dec, 09:00 CET"


def test_a_range_over_a_clock_change_names_the_zone_at_both_ends():
    text = times.span(at(2026, 10, 24, 9), at(2026, 10, 26, 9), BERLIN, now=NOW)
    assert text == "Sat 24 Oct, 09:00 CEST to Mon 26 Oct, 09:00 CET"


def test_a_range_within_a_day_says_the_day_once():
    assert times.span(at(2026, 12, 14, 9), at(2026, 12, 14, 17), BERLIN, now=NOW) == "Mon 14 Dec, 09:00 to 17:00 CET"


def test_the_hour_that_comes_twice_is_told_apart_by_its_zone():
    first, second = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert times.clock(first, BERLIN) == "02:30:00 CEST"
    assert times.clock(second, BERLIN) == "02:30:00 CET"


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("Europe/Berlin", "Europe/Berlin (CET, UTC+1)"),
        ("America/St_Johns", "America/St_Johns (NST, UTC\u22123:30)"),
        ("Asia/Dubai", "Asia/Dubai (UTC+4)"),
        ("UTC", "UTC"),
    ],
)
def test_the_foot_names_the_zone_its_letters_and_its_distance_from_utc(zone, words):
    assert times.zone_in_words(NOW, ZoneInfo(zone)) == words


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=-3), "0 s"),
        (timedelta(seconds=40), "40 s"),
        (timedelta(minutes=2, seconds=59), "2 min"),
        (timedelta(hours=15), "15 h"),
        (timedelta(hours=3, minutes=30), "3 h 30 min"),
        (timedelta(hours=48), "48 h"),
        (timedelta(days=7), "7 days"),
        (timedelta(days=7, hours=4), "7 days 4 h"),
    ],
)
def test_a_duration_says_its_two_largest_units(length, words):
    assert times.duration(length).replace(times.NBSP, " ") == words


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(minutes=3, seconds=12), "3:12"),
        (timedelta(seconds=-1), "0:00"),
        (timedelta(hours=1, seconds=125), "1:02:05"),
    ],
)
def test_a_countdown_counts_minutes_and_seconds(left, words):
    assert times.counting(left) == words


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  # strategies want naive bounds
    st.timezones(),
)
def test_every_instant_in_every_zone_names_its_zone(instant, zone):
    assert times.abbreviation(instant, zone).strip()
    assert times.instant(instant, zone, now=NOW).endswith(times.abbreviation(instant, zone))
