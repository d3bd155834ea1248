"""Laws and examples of the planner: turns for the primary, `trail` for the secondary."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rotations.schedule.planner import (
    Absence,
    Assignment,
    Certificate,
    Concern,
    Duty,
    HistoryRow,
    Inputs,
    Obstacle,
    Plan,
    Reason,
    Rule,
    Rules,
    SeatTerm,
    Skip,
    plan,
    settings_from_json,
    settings_to_json,
    verify,
)
from rotations.schedule.spans import Span
from rotations.schedule.tiers import Tier
from tests.rotations.schedule.strategies import HOUR, MONDAY, WEEK, WEEKLY, absences, duties, law, rosters

PRIMARY, SECONDARY = Tier.PRIMARY, Tier.SECONDARY
weeks = st.integers(1, 26)
tiers = st.sampled_from([1, 2])


def weeks_from(start: int, end: int) -> Span:
    return Span(MONDAY + start * WEEK, MONDAY + end * WEEK)


def planned(seats: Sequence[SeatTerm], window: Span, *, rules: Rules = WEEKLY, **given_: object) -> Plan:
    """A plan in which what is not named is empty."""
    rest = {"absences": [], "busy": [], "history": [], "projection": [], **given_}
    return plan(rules, seats, **rest, window=window)


def as_history(*plans: Plan) -> list[HistoryRow]:
    return [HistoryRow(row.slot, row.tier, row.person) for each in plans for row in each.assignments]


def holders(made: Plan, tier: Tier) -> list[int | None]:
    return [row.person for row in made.assignments if row.tier == tier]


def roster(*people: int) -> list[SeatTerm]:
    return [SeatTerm(person, position, MONDAY - WEEK) for position, person in enumerate(people)]


def off(person: int, start: int, end: int) -> Absence:
    return Absence(person, weeks_from(start, end))


def touching(rows: Iterable[Absence | Duty], row: Assignment) -> set[int]:
    return {other.person for other in rows if other.span.overlaps(Span(row.start, row.end))}


# Laws that always hold


@law
@given(rosters(), absences, duties, weeks, tiers)
def test_every_slot_has_its_tiers_in_order_each_with_a_reason(seats, away, busy, length, count) -> None:
    window = weeks_from(0, length)
    made = planned(seats, window, rules=replace(WEEKLY, tiers=count), absences=away, busy=busy)
    slots = [(index, tier) for index, _ in WEEKLY.cadence.slots(window) for tier in list(Tier)[:count]]
    assert [(row.slot, row.tier) for row in made.assignments] == slots
    assert all(row.reason.rule in Rule for row in made.assignments)
    assert all((row.person is None) == (row.reason.rule is Rule.UNCOVERED) for row in made.assignments)
    assert made.until == window.end


@law
@given(rosters(), absences, duties, weeks)
def test_nobody_holds_both_tiers_or_serves_while_off_or_busy_or_without_a_seat(seats, away, busy, length) -> None:
    made = planned(seats, weeks_from(0, length), absences=away, busy=busy)
    for row in made.assignments:
        if row.person is None:
            continue
        assert row.person not in touching(away, row) | touching(busy, row)
        (seat,) = (seat for seat in seats if seat.person == row.person)
        assert seat.starts_at <= row.start
        assert seat.ends_at is None or row.end <= seat.ends_at
        assert [other.person for other in made.assignments if other.slot == row.slot].count(row.person) == 1


@law
@given(rosters(), absences, duties, weeks)
def test_a_tier_is_uncovered_only_when_nobody_can_take_it(seats, away, busy, length) -> None:
    made = planned(seats, weeks_from(0, length), absences=away, busy=busy)
    for row in made.assignments:
        span = Span(row.start, row.end)
        free = {seat.person for seat in seats if seat.counts_for(span)} - touching(away, row) - touching(busy, row)
        served = {other.person for other in made.assignments if other.slot == row.slot} - {None}
        assert len(served) == min(2, len(free))
        assert row.person is not None or row.tier == SECONDARY or not free
    uncovered = tuple((row.slot, row.tier) for row in made.assignments if row.person is None)
    assert made.certificate.uncovered == uncovered


@law
@given(rosters(), absences, duties, weeks, st.randoms(use_true_random=False))
def test_the_same_inputs_in_any_order_give_the_same_plan_and_hash(seats, away, busy, length, random: Random) -> None:
    past = planned(seats, weeks_from(-4, 0), absences=away, busy=busy)
    rows = [seats, away, busy, as_history(past)]
    shuffled = [random.sample(each, len(each)) for each in rows]
    plans = [
        planned(these, weeks_from(0, length), absences=a, busy=b, history=h) for these, a, b, h in (rows, shuffled)
    ]
    assert plans[0] == plans[1]


@law
@given(rosters(), absences, duties, weeks, st.integers(1, 25))
def test_two_halves_are_the_whole(seats, away, busy, length, cut) -> None:
    end = length + cut
    given_ = {"absences": away, "busy": busy}
    whole = planned(seats, weeks_from(0, end), **given_)
    first = planned(seats, weeks_from(0, cut), **given_)
    second = planned(seats, weeks_from(cut, end), history=as_history(first), **given_)
    assert first.assignments + second.assignments == whole.assignments


@law
@given(rosters(), absences, duties, weeks, st.integers(0, 24 * 7 * 10))
def test_planning_again_on_its_own_output_changes_nothing(seats, away, busy, length, hours) -> None:
    """Also from an instant within a slot, and with what is published beyond the window already known."""
    window = Span(MONDAY + hours * HOUR, MONDAY + hours * HOUR + length * WEEK)
    past = planned(seats, weeks_from(-3, 11), absences=away, busy=busy)
    once = planned(seats, window, absences=away, busy=busy, history=as_history(past))
    earlier = [row for row in as_history(past) if row.slot < once.assignments[0].slot]
    again = planned(
        seats, window, absences=away, busy=busy, history=[*earlier, *as_history(once)], projection=once.assignments
    )
    assert again == once


@law
@given(rosters(), absences, st.lists(st.builds(off, st.integers(100, 107), st.just(-9), st.just(0))), weeks)
def test_editing_past_absences_changes_nothing(seats, away, of_the_past, length) -> None:
    past = planned(seats, weeks_from(-9, 0), absences=away)
    after = [
        planned(seats, weeks_from(0, length), absences=these, history=as_history(past))
        for these in (away, [*away, *of_the_past])
    ]
    assert after[0] == after[1]


@law
@given(rosters(), absences, st.integers(1, 20), st.integers(0, 6), st.booleans())
def test_a_seat_that_joins_or_leaves_changes_nothing_before_it_does(seats, away, week, position, joins) -> None:
    at = MONDAY + week * WEEK
    before = planned(seats, weeks_from(0, 26), absences=away)
    if joins:
        changed = [*seats, SeatTerm(999, position, at)]
    else:
        leaving = seats[position % len(seats)]
        end = min(at, leaving.ends_at or at)
        changed = [replace(seat, ends_at=end) if seat is leaving and end > seat.starts_at else seat for seat in seats]
    after = planned(changed, weeks_from(0, 26), absences=away)
    assert [row for row in before.assignments if row.end <= at] == [row for row in after.assignments if row.end <= at]


# A constant roster without absences


@law
@given(rosters(comings_and_goings=False, smallest=2), st.integers(-8, 8), st.integers(1, 40))
def test_primaries_go_round_in_roster_order_and_the_last_one_backs_up(seats, start, length) -> None:
    made = planned(seats, weeks_from(start, start + length), rules=WEEKLY)
    people = [seat.person for seat in seats]
    begin = [replace(seat, starts_at=MONDAY - 9 * WEEK) for seat in seats]
    made = planned(begin, weeks_from(start, start + length))
    assert holders(made, PRIMARY) == [people[n % len(people)] for n in range(length)]
    assert holders(made, SECONDARY) == [people[(n - 1) % len(people)] for n in range(length)]


@law
@given(rosters(comings_and_goings=False, smallest=2), st.integers(1, 60))
def test_both_tiers_are_even_to_a_shift_at_every_handoff(seats, length) -> None:
    made = planned(seats, weeks_from(0, length))
    for tier in Tier:
        served = Counter({seat.person: 0 for seat in seats})
        for person in holders(made, tier):
            served[person] += 1
            assert max(served.values()) - min(served.values()) <= 1
    assert all(spread <= 1 for spread in made.certificate.spread.values())
    assert made.certificate.warnings == ()


@law
@given(rosters(comings_and_goings=False), st.integers(1, 40))
def test_a_single_tier_goes_round_alone(seats, length) -> None:
    made = planned(seats, weeks_from(0, length), rules=replace(WEEKLY, tiers=1))
    people = [seat.person for seat in seats]
    assert [row.person for row in made.assignments] == [people[n % len(people)] for n in range(length)]


# Examples


def test_each_primary_backs_up_the_next_one() -> None:
    made = planned(roster(1, 2, 3), weeks_from(0, 4))
    assert holders(made, PRIMARY) == [1, 2, 3, 1]
    assert holders(made, SECONDARY) == [3, 1, 2, 3]
    rules = [row.reason.rule for row in made.assignments if row.tier == SECONDARY]
    assert rules == [Rule.OPENING, Rule.SHAPE, Rule.SHAPE, Rule.SHAPE]


def test_who_is_off_is_passed_over_and_comes_next() -> None:
    made = planned(roster(1, 2, 3), weeks_from(0, 4), absences=[off(2, 1, 2)])
    assert holders(made, PRIMARY) == [1, 3, 2, 1]
    reason = made.assignments[2].reason
    assert reason.skipped == (Skip(2, Obstacle.OFF),)
    assert reason.counting == (1, 3)


def test_an_absence_of_an_hour_keeps_a_person_from_the_whole_shift() -> None:
    hour = Absence(1, Span(MONDAY + HOUR, MONDAY + 2 * HOUR))
    assert holders(planned(roster(1, 2, 3), weeks_from(0, 1), absences=[hour]), PRIMARY) == [2]


def test_an_absence_that_ends_at_the_handoff_keeps_nobody_from_the_next_shift() -> None:
    assert holders(planned(roster(1, 2, 3), weeks_from(0, 1), absences=[off(1, -1, 0), off(1, 1, 2)]), PRIMARY) == [1]


def test_who_is_busy_elsewhere_is_passed_over_but_counts() -> None:
    made = planned(roster(1, 2, 3), weeks_from(0, 2), busy=[Duty(1, weeks_from(0, 1))])
    assert holders(made, PRIMARY) == [2, 1]
    assert made.assignments[0].reason.skipped == (Skip(1, Obstacle.BUSY),)
    assert made.assignments[0].reason.counting == (1, 2, 3)


def test_when_the_last_primary_cannot_the_one_who_was_secondary_longest_ago_fills_in() -> None:
    made = planned(roster(1, 2, 3, 4), weeks_from(0, 3), absences=[off(2, 2, 3)])
    filler = made.assignments[5]
    assert (filler.person, filler.reason.rule) == (4, Rule.FILLER)
    assert filler.reason.skipped == (Skip(2, Obstacle.OFF), Skip(3, Obstacle.OTHER_TIER))
    assert filler.reason.last_slot == 0


def test_when_the_last_primary_left_the_reason_says_so() -> None:
    seats = roster(1, 2, 3)
    seats[0] = replace(seats[0], ends_at=MONDAY + WEEK)
    made = planned(seats, weeks_from(0, 2))
    assert made.assignments[3].reason.skipped[0] == Skip(1, Obstacle.NOT_SEATED)


def test_one_free_person_is_primary_and_the_secondary_is_uncovered() -> None:
    made = planned(roster(1, 2, 3), weeks_from(0, 1), absences=[off(1, 0, 1), off(3, 0, 1)])
    assert [row.person for row in made.assignments] == [2, None]
    assert made.certificate.uncovered == ((0, SECONDARY),)
    assert set(made.assignments[1].reason.skipped) == {
        Skip(1, Obstacle.OFF),
        Skip(2, Obstacle.OTHER_TIER),
        Skip(3, Obstacle.OFF),
    }


def test_an_empty_roster_is_uncovered_in_both_tiers() -> None:
    made = planned([], weeks_from(0, 2))
    assert [row.person for row in made.assignments] == [None] * 4
    assert made.certificate.uncovered == ((0, PRIMARY), (0, SECONDARY), (1, PRIMARY), (1, SECONDARY))
    assert made.certificate.tallies == ()


def test_a_joiner_comes_in_half_a_round_later() -> None:
    seats = [*roster(1, 2, 3, 4), SeatTerm(5, 4, MONDAY + 8 * WEEK)]
    assert holders(planned(seats, weeks_from(0, 15)), PRIMARY) == [1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 5, 3, 4, 1, 2]


def test_a_seat_that_begins_within_a_slot_counts_from_the_next() -> None:
    on_time, late = ([*roster(1, 2, 3, 4), SeatTerm(5, 4, at)] for at in (MONDAY + 8 * WEEK, MONDAY + 7 * WEEK + HOUR))
    assert planned(late, weeks_from(0, 15)).assignments == planned(on_time, weeks_from(0, 15)).assignments


def test_a_seat_that_ends_within_a_slot_counts_until_the_slot_before() -> None:
    seats = roster(1, 2)
    seats[1] = replace(seats[1], ends_at=MONDAY + 2 * WEEK - HOUR)
    assert holders(planned(seats, weeks_from(0, 3)), PRIMARY) == [1, 1, 1]


def test_who_comes_back_after_a_long_time_is_a_joiner_again() -> None:
    seats = roster(1, 2, 3, 4)
    seats[3] = replace(seats[3], ends_at=MONDAY + 4 * WEEK)
    seats.append(SeatTerm(4, 3, MONDAY + 9 * WEEK))
    assert holders(planned(seats, weeks_from(0, 16)), PRIMARY) == [1, 2, 3, 4, 1, 2, 3, 1, 2, 3, 4, 1, 2, 3, 4, 1]


def test_who_is_there_from_the_first_slot_comes_before_who_joins_in_the_first_round() -> None:
    seats = [SeatTerm(person, person, MONDAY) for person in range(6)]
    made = planned([*seats, SeatTerm(6, 6, MONDAY + WEEK)], weeks_from(0, 8))
    assert holders(made, PRIMARY) == [0, 1, 2, 3, 6, 4, 5, 0]


def test_publishing_for_the_first_time_within_a_slot_starts_with_the_first_in_the_roster() -> None:
    today = MONDAY + WEEK / 2
    seats = [SeatTerm(person, position, today) for position, person in enumerate([4, 5, 6])]
    made = planned(seats, Span(today, MONDAY + 3 * WEEK))
    assert (made.assignments[0].start, made.assignments[0].end) == (today, MONDAY + WEEK)
    assert holders(made, PRIMARY) == [4, 5, 6]
    assert holders(made, SECONDARY) == [6, 4, 5]


def test_slots_before_the_anchor_are_planned_like_any_other() -> None:
    seats = [replace(seat, starts_at=MONDAY - 60 * WEEK) for seat in roster(1, 2, 3)]
    made = planned(seats, weeks_from(-50, -40))
    assert holders(made, PRIMARY) == [1, 2, 3, 1, 2, 3, 1, 2, 3, 1]
    assert made.assignments[0].slot == -50


def test_the_last_slot_is_planned_whole() -> None:
    made = planned(roster(1, 2), Span(MONDAY, MONDAY + WEEK + HOUR))
    assert made.until == MONDAY + 2 * WEEK


def test_a_person_with_two_seats_at_once_takes_one_turn() -> None:
    assert holders(planned([*roster(1, 2), SeatTerm(1, 2, MONDAY)], weeks_from(0, 4)), PRIMARY) == [1, 2, 1, 2]


def test_a_reason_tells_the_place_in_the_roster_and_the_turn_before() -> None:
    made = planned(roster(7, 8, 9), weeks_from(0, 5))
    reason = made.assignments[8].reason
    assert (reason.rule, reason.place, reason.roster_size, reason.last_slot) == (Rule.TURN, 2, 3, 1)


def test_a_window_without_length_cannot_be_planned() -> None:
    with pytest.raises(ValueError, match="window"):
        planned(roster(1), Span(MONDAY, MONDAY))


def test_three_tiers_are_refused() -> None:
    with pytest.raises(ValueError, match="one tier or two"):
        Rules(WEEKLY.cadence, tiers=3)


# The certificate


def test_the_certificate_counts_what_each_person_does_and_is_entitled_to() -> None:
    made = planned(roster(1, 2, 3), weeks_from(0, 4), absences=[off(2, 1, 2)])
    counted = {(tally.person, tally.tier): (tally.served, tally.entitled) for tally in made.certificate.tallies}
    assert counted[1, PRIMARY] == (2, 1.5)  # a third of three slots and a half of the one without 2
    assert counted[2, PRIMARY] == (1, 1.0)
    assert counted[3, PRIMARY] == (1, 1.5)
    assert made.certificate.spread[PRIMARY] == 1.0


def test_a_shift_that_nobody_could_take_entitles_nobody_to_anything() -> None:
    made = planned(roster(1, 2), weeks_from(0, 3), absences=[off(1, 0, 1), off(2, 0, 1)])
    counted = {(tally.person, tally.tier): (tally.served, tally.entitled) for tally in made.certificate.tallies}
    assert counted[1, PRIMARY] == counted[2, PRIMARY] == (1, 1.0)


def test_the_certificate_warns_of_a_person_who_carries_too_much() -> None:
    away = [off(person, 0, 20) for person in (2, 3, 4, 5)]
    made = planned(roster(1, 2, 3, 4, 5, 6, 7, 8), weeks_from(0, 20), absences=away)
    assert {(caution.concern, caution.person) for caution in made.certificate.warnings} == {
        (Concern.SHARE, person) for person in (1, 6, 7, 8)
    }
    assert made.certificate.warnings[0].percent == 50


@law
@given(rosters(), absences, duties, weeks)
def test_a_certificate_is_verified_by_planning_again(seats, away, busy, length) -> None:
    window = weeks_from(0, length)
    made = planned(seats, window, absences=away, busy=busy)
    inputs = Inputs(WEEKLY, seats, away, busy, [], [], window)
    assert verify(made.certificate, inputs)
    stored = Certificate.from_json(json.loads(json.dumps(made.certificate.to_json())))
    assert stored == made.certificate
    assert verify(stored, inputs)
    assert not verify(replace(stored, plan_hash="0" * 64), inputs)
    assert not verify(stored, replace(inputs, rules=replace(WEEKLY, tiers=1)))
    assert not verify(stored, replace(inputs, seats=[*seats, SeatTerm(999, 0, MONDAY)]))


@law
@given(rosters(), absences, duties, weeks)
def test_settings_and_reasons_read_back_what_they_stored(seats, away, busy, length) -> None:
    rules, read_seats = settings_from_json(json.loads(json.dumps(settings_to_json(WEEKLY, seats))))
    assert (rules, list(read_seats)) == (WEEKLY, seats)
    for row in planned(seats, weeks_from(0, length), absences=away, busy=busy).assignments:
        assert Reason.from_json(json.loads(json.dumps(row.reason.to_json()))) == row.reason


def test_a_reason_of_an_earlier_day_may_know_less() -> None:
    assert Reason.from_json({"rule": "turn"}) == Reason(Rule.TURN)


def test_a_rotation_in_a_zone_with_summer_time_keeps_its_turns_over_the_change() -> None:
    cadence = replace(WEEKLY.cadence, time_zone="Europe/Berlin")
    year = Span(datetime(2026, 12, 7, 8, tzinfo=UTC), datetime(2027, 12, 6, 8, tzinfo=UTC))
    made = planned(roster(1, 2, 3, 4), year, rules=replace(WEEKLY, cadence=cadence))
    assert holders(made, PRIMARY) == [1, 2, 3, 4] * 13
    assert {row.start.hour for row in made.assignments} == {7, 8}
