"""Handoffs in every IANA zone, on every clock change from 1990 to 2037, against a walk minute by minute."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rotations.schedule.handoffs import Cadence, Unit, first_instant
from rotations.schedule.spans import Span
from tests.rotations.schedule.strategies import (
    DAY,
    HOUR,
    ZONES,
    cadences,
    days_in,
    days_of_change,
    law,
    midnight,
    times,
    zones,
)

MINUTE = timedelta(minutes=1)
MOMENT = timedelta(microseconds=1)
indexes = st.integers(-400, 400)


def walk(zone: str, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Minute by minute: the instant, and the furthest time that the wall clock has shown by then."""
    shown = ZoneInfo(zone)
    furthest = datetime.min  # noqa: DTZ901 - wall clocks have no zone
    at = start - 2 * DAY  # further than any clock was ever set back
    while at < end:
        furthest = max(furthest, at.astimezone(shown).replace(tzinfo=None))
        if at >= start:
            yield at, furthest
        at += MINUTE


def slots_by_walking(cadence: Cadence, start: datetime, end: datetime) -> list[tuple[int, datetime]]:
    """The index of each slot in [start, end), and the first minute in there that belongs to it."""
    step = timedelta(**{cadence.unit.value: cadence.every})
    anchor = datetime.combine(cadence.anchor_on, cadence.handoff_at)
    minutes = walk(cadence.time_zone, start, end)
    if cadence.unit is Unit.HOURS and 24 % cadence.every:
        first = anchor_by_walking(cadence)
        indexed = (((at - first) // step, at) for at, _ in minutes)
    else:
        indexed = (((furthest - anchor) // step, at) for at, furthest in minutes)
    return [(index, next(run)[1]) for index, run in groupby(indexed, key=lambda pair: pair[0])]


def anchor_by_walking(cadence: Cadence) -> datetime:
    wall = datetime.combine(cadence.anchor_on, cadence.handoff_at)
    around = wall.replace(tzinfo=UTC)
    return next(at for at, furthest in walk(cadence.time_zone, around - DAY, around + 2 * DAY) if furthest >= wall)


def slots_by_arithmetic(cadence: Cadence, start: datetime, end: datetime) -> list[tuple[int, datetime]]:
    return [(index, max(span.start, start)) for index, span in cadence.slots(Span(start, end))]


@law
@given(st.data())
def test_slots_are_those_that_a_walk_minute_by_minute_finds(data: st.DataObject) -> None:
    cadence = data.draw(cadences())
    start = midnight(data.draw(days_in(cadence.time_zone))) - DAY / 2
    assert slots_by_arithmetic(cadence, start, start + 2 * DAY) == slots_by_walking(cadence, start, start + 2 * DAY)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_every_clock_change_of_every_zone_is_handed_off_as_a_walk_finds_it() -> None:
    """Hourly, and daily at a time that the change skips or repeats."""
    seen = set()
    for zone in ZONES:
        for day in days_of_change(zone):
            start, end = midnight(day) - 3 * HOUR, midnight(day) + DAY + 3 * HOUR
            clocks = tuple((at, at.astimezone(ZoneInfo(zone)).utcoffset()) for at in (start, end))
            if clocks in seen and zone != "Europe/Berlin":
                continue  # the same change under another name
            seen.add(clocks)
            change = next(b for a, b in pairwise(walk(zone, start, end)) if b[1] - a[1] != MINUTE)[1]
            for cadence in (
                Cadence(every=1, unit=Unit.HOURS, anchor_on=day, handoff_at=time(0, 30), time_zone=zone),
                Cadence(
                    every=1, unit=Unit.DAYS, anchor_on=day, handoff_at=(change - 10 * MINUTE).time(), time_zone=zone
                ),
            ):
                assert slots_by_arithmetic(cadence, start, end) == slots_by_walking(cadence, start, end), cadence


@law
@given(cadences(), indexes)
def test_slots_tile_time_and_every_instant_knows_its_slot(cadence: Cadence, index: int) -> None:
    before, slot, after = (cadence.slot_span(near) for near in (index - 1, index, index + 1))
    assert before.end == slot.start <= slot.end == after.start
    if slot:
        assert cadence.slot_at(slot.start) == index
        assert cadence.slot_at(slot.end - MOMENT) == index
        assert cadence.slot_at(slot.start + slot.length / 2) == index
    else:
        assert cadence.slot_at(slot.start) > index


@law
@given(cadences(), indexes)
def test_a_handoff_shows_its_time_on_the_wall_unless_clocks_jump_over_it(cadence: Cadence, index: int) -> None:
    if cadence.unit is Unit.HOURS and 24 % cadence.every:
        return
    zone = ZoneInfo(cadence.time_zone)
    step = timedelta(**{cadence.unit.value: cadence.every})
    wanted = datetime.combine(cadence.anchor_on, cadence.handoff_at) + index * step
    start = cadence.slot_span(index).start
    shown = start.astimezone(zone)
    if shown.replace(tzinfo=None) == wanted:
        assert shown.fold == 0
    else:
        assert (start - MOMENT).astimezone(zone).replace(tzinfo=None) < wanted < shown.replace(tzinfo=None)


@law
@given(cadences(), indexes, st.integers(0, 50))
def test_hours_that_do_not_divide_a_day_are_as_long_as_they_say(cadence: Cadence, index: int, further: int) -> None:
    if cadence.unit is not Unit.HOURS or 24 % cadence.every == 0:
        return
    apart = cadence.slot_span(index + further).start - cadence.slot_span(index).start
    assert apart == further * cadence.every * HOUR


@law
@given(st.data())
def test_slots_of_a_window_are_whole_and_in_order_and_leave_nothing_out(data: st.DataObject) -> None:
    cadence = data.draw(cadences())
    start = midnight(data.draw(days_in(cadence.time_zone))) + data.draw(st.integers(0, 3000)) * MINUTE
    window = Span(start, start + data.draw(st.integers(1, 20000)) * MINUTE)
    slots = list(cadence.slots(window))
    assert all(span and span == cadence.slot_span(index) for index, span in slots)
    assert all(before[1].end == after[1].start for before, after in pairwise(slots))
    assert window.start in slots[0][1]
    assert slots[-1][1].start < window.end <= slots[-1][1].end


@law
@given(zones, st.data())
def test_a_later_time_on_the_wall_is_never_reached_earlier(zone: str, data: st.DataObject) -> None:
    day = data.draw(days_in(zone))
    walls = sorted(datetime.combine(day, data.draw(times)) + n * HOUR for n in (0, 1, 5, 24))
    instants = [first_instant(wall, ZoneInfo(zone)) for wall in walls]
    assert instants == sorted(instants)


def daily(zone: str, handoff_at: time, anchor_on: date) -> Cadence:
    return Cadence(every=1, unit=Unit.DAYS, anchor_on=anchor_on, handoff_at=handoff_at, time_zone=zone)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def test_an_empty_window_has_no_slots() -> None:
    assert list(daily("UTC", time(9), date(2026, 3, 28)).slots(Span(utc(2026, 3, 28), utc(2026, 3, 28)))) == []


def test_a_handoff_in_the_hour_that_spring_skips_moves_to_its_end() -> None:
    cadence = daily("Europe/Berlin", time(2, 30), date(2026, 3, 28))
    assert cadence.slot_span(0) == Span(utc(2026, 3, 28, 1, 30), utc(2026, 3, 29, 1, 0))
    assert cadence.slot_span(1) == Span(utc(2026, 3, 29, 1, 0), utc(2026, 3, 30, 0, 30))


def test_a_handoff_in_the_hour_that_autumn_repeats_takes_the_first() -> None:
    cadence = daily("Europe/Berlin", time(2, 30), date(2026, 10, 24))
    assert cadence.slot_span(1).start == utc(2026, 10, 25, 0, 30)
    assert cadence.slot_at(utc(2026, 10, 25, 1, 10)) == 1  # 02:10 for the second time


def test_an_hourly_slot_that_spring_swallows_has_no_length_and_is_nobodys() -> None:
    hourly = Cadence(
        every=1, unit=Unit.HOURS, anchor_on=date(2026, 3, 29), handoff_at=time(0), time_zone="Europe/Berlin"
    )
    assert not hourly.slot_span(2)
    assert hourly.slot_at(utc(2026, 3, 29, 1)) == 3
    assert 2 not in dict(hourly.slots(Span(utc(2026, 3, 28), utc(2026, 3, 30))))


def test_twelve_hour_shifts_change_at_eight_and_at_twenty_all_year() -> None:
    halves = Cadence(
        every=12, unit=Unit.HOURS, anchor_on=date(2026, 1, 1), handoff_at=time(8), time_zone="Europe/Berlin"
    )
    year = Span(utc(2026, 1, 1, 7), utc(2027, 1, 1, 7))
    shown = {span.start.astimezone(ZoneInfo("Europe/Berlin")).time() for _, span in halves.slots(year)}
    assert shown == {time(8), time(20)}
    lengths = {span.length // HOUR for _, span in halves.slots(year)}
    assert lengths == {11, 12, 13}


def test_a_half_hour_of_summer_time_on_lord_howe_is_half_an_hour() -> None:
    spring = daily("Australia/Lord_Howe", time(2, 15), date(2026, 10, 3))
    assert spring.slot_span(1).start == utc(2026, 10, 3, 15, 30)  # 02:00 +10:30 jumps to 02:30 +11
    autumn = daily("Australia/Lord_Howe", time(1, 45), date(2026, 4, 4))
    assert autumn.slot_span(1).start == utc(2026, 4, 4, 14, 45)  # the first 01:45, still +11


def test_the_friday_that_samoa_skipped_was_nobodys() -> None:
    cadence = daily("Pacific/Apia", time(0), date(2011, 12, 29))
    assert not cadence.slot_span(1)
    assert cadence.slot_at(utc(2011, 12, 30, 10)) == 2
    assert cadence.slot_span(2).start == utc(2011, 12, 30, 10)
    at_nine = daily("Pacific/Apia", time(9), date(2011, 12, 29))
    assert at_nine.slot_span(1).length == 9 * HOUR  # from the jump at midnight to Saturday at nine


def test_the_saturday_that_kwajalein_skipped_was_nobodys() -> None:
    assert not daily("Pacific/Kwajalein", time(0), date(1993, 8, 20)).slot_span(1)


def test_clocks_that_go_back_for_ramadan_in_casablanca_are_followed() -> None:
    cadence = daily("Africa/Casablanca", time(2, 30), date(2026, 2, 14))
    assert cadence.slot_span(1).start == utc(2026, 2, 15, 1, 30)  # the first 02:30, still +01
    assert cadence.slot_span(2).start == utc(2026, 2, 16, 2, 30)
    back = daily("Africa/Casablanca", time(2, 30), date(2026, 3, 21))
    assert back.slot_span(1).start == utc(2026, 3, 22, 2, 0)  # skipped: +01 from here on


def test_offsets_of_seconds_are_kept_to_the_second() -> None:
    monrovia = ZoneInfo("Africa/Monrovia")  # 44 min 30 s behind until 7 January 1972
    assert first_instant(datetime.combine(date(1972, 1, 6), time(9)), monrovia) == utc(1972, 1, 6, 9, 44, 30)
    assert first_instant(datetime.combine(date(1972, 1, 7), time(0, 20)), monrovia) == utc(1972, 1, 7, 0, 44, 30)


def test_a_cadence_reads_back_what_it_stored() -> None:
    cadence = daily("Asia/Kathmandu", time(9, 45), date(2026, 12, 7))
    assert Cadence.from_json(cadence.to_json()) == cadence


def test_a_cadence_that_never_hands_off_is_refused() -> None:
    with pytest.raises(ValueError, match="1 or more"):
        Cadence(every=0, unit=Unit.DAYS, anchor_on=date(2026, 12, 7), handoff_at=time(9), time_zone="UTC")


def test_a_handoff_with_a_zone_of_its_own_is_refused() -> None:
    with pytest.raises(ValueError, match="wall clock"):
        daily("Europe/Berlin", time(9, tzinfo=UTC), date(2026, 12, 7))
