"""Laws of the final timeline, checked hour by hour."""

from datetime import datetime
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rotations.schedule.spans import Span
from rotations.schedule.tiers import Tier
from rotations.schedule.timeline import ApprovedOverride, Hold, PublishedShift, overlay
from tests.rotations.schedule.strategies import HOUR, MONDAY, law

PRIMARY, SECONDARY = Tier.PRIMARY, Tier.SECONDARY
DAY = Span(MONDAY, MONDAY + 24 * HOUR)


def shift(id: int, tier: Tier, person: int | None, start: int, end: int) -> PublishedShift:  # noqa: A002 - its field
    return PublishedShift(id, tier, person, MONDAY + start * HOUR, MONDAY + end * HOUR)


def override(id: int, tier: Tier, person: int, start: int, end: int) -> ApprovedOverride:  # noqa: A002 - its field
    return ApprovedOverride(id, tier, person, MONDAY + start * HOUR, MONDAY + end * HOUR)


def hold(tier: Tier, person: int | None, start: int, end: int, **source: int | None) -> Hold:
    return Hold(tier, person, MONDAY + start * HOUR, MONDAY + end * HOUR, **source)


@st.composite
def rows_of(draw: st.DrawFn, make: type, first_id: int, who: st.SearchStrategy[int | None]) -> list[Any]:
    """Rows of both tiers that do not overlap within a tier, as the database keeps them, in any order."""
    rows = []
    for tier in Tier:
        edges = sorted(draw(st.sets(st.integers(-10, 40), max_size=9)))
        for start, end in pairwise(edges):
            if draw(st.booleans()):
                times = (MONDAY + start * HOUR, MONDAY + end * HOUR)
                rows.append(make(first_id + len(rows), tier, draw(who), *times))
    return draw(st.permutations(rows))


people = st.integers(1, 4)
many_shifts = rows_of(PublishedShift, 100, st.none() | people)
many_overrides = rows_of(ApprovedOverride, 500, people)
windows = st.builds(
    lambda start, hours: Span(MONDAY + start * HOUR, MONDAY + (start + hours) * HOUR),
    st.integers(-15, 40),
    st.integers(1, 30),
)


def holder(holds: list[Hold], tier: Tier, at: datetime) -> Hold:
    (found,) = [piece for piece in holds if piece.tier == tier and piece.start <= at < piece.end]
    return found


def hours(window: Span) -> list[datetime]:
    return [window.start + n * HOUR for n in range(window.length // HOUR)]


@law
@given(many_shifts, many_overrides, windows)
def test_each_tier_fills_the_window_once(shifts, overrides, window) -> None:
    holds = overlay(shifts, overrides, window)
    for tier in Tier:
        own = [piece for piece in holds if piece.tier == tier]
        assert own[0].start == window.start
        assert own[-1].end == window.end
        assert all(before.end == after.start for before, after in pairwise(own))
    assert holds == sorted(holds, key=lambda piece: (list(Tier).index(piece.tier), piece.start))


@law
@given(many_shifts, many_overrides, windows)
def test_an_override_holds_inside_its_window_and_changes_nothing_outside(shifts, overrides, window) -> None:
    plain, final = overlay(shifts, [], window), overlay(shifts, overrides, window)
    for tier in Tier:
        for at in hours(window):
            before, after = holder(plain, tier, at), holder(final, tier, at)
            over = [row for row in overrides if row.tier == tier and row.start <= at < row.end]
            if over:
                assert (after.person, after.override) == (over[0].person, over[0].id)
                assert (after.covers, after.shift) == (before.person, before.shift)
            else:
                assert (after.person, after.shift, after.override, after.covers) == (
                    before.person,
                    before.shift,
                    None,
                    None,
                )


@law
@given(many_shifts, windows)
def test_without_overrides_it_is_the_shifts(shifts, window) -> None:
    holds = overlay(shifts, [], window)
    for tier in Tier:
        for at in hours(window):
            own = [row for row in shifts if row.tier == tier and row.start <= at < row.end]
            piece = holder(holds, tier, at)
            assert (piece.shift, piece.person) == ((own[0].id, own[0].person) if own else (None, None))


@law
@given(many_shifts, many_overrides, windows)
def test_laying_the_same_overrides_over_it_again_changes_nothing(shifts, overrides, window) -> None:
    once = overlay(shifts, overrides, window)
    as_shifts = [PublishedShift(n, piece.tier, piece.person, piece.start, piece.end) for n, piece in enumerate(once)]
    twice = overlay(as_shifts, overrides, window)
    for tier in Tier:
        for at in hours(window):
            assert holder(once, tier, at).person == holder(twice, tier, at).person


@law
@given(many_shifts, many_overrides, windows)
def test_neighbours_differ_in_something(shifts, overrides, window) -> None:
    for before, after in pairwise(overlay(shifts, overrides, window)):
        source = (before.tier, before.person, before.shift, before.override, before.covers)
        assert source != (after.tier, after.person, after.shift, after.override, after.covers)


@law
@given(many_shifts, many_overrides, windows, st.integers(0, 30))
def test_two_halves_of_a_window_agree_with_the_whole(shifts, overrides, window, cut) -> None:
    middle = min(window.start + cut * HOUR, window.end)
    whole = overlay(shifts, overrides, window)
    halves = [
        *overlay(shifts, overrides, Span(window.start, middle)),
        *overlay(shifts, overrides, Span(middle, window.end)),
    ]
    for tier in Tier:
        for at in hours(window):
            assert holder(whole, tier, at).person == holder(halves, tier, at).person


@law
@given(st.randoms(use_true_random=False), many_shifts, many_overrides, windows)
def test_the_order_of_rows_does_not_matter(random, shifts, overrides, window) -> None:
    shuffled = [*shifts], [*overrides]
    for rows in shuffled:
        random.shuffle(rows)
    assert overlay(*shuffled, window) == overlay(shifts, overrides, window)


def test_an_override_of_part_of_a_shift_leaves_the_rest_to_its_person() -> None:
    week = [shift(1, PRIMARY, 7, -24, 48), shift(2, SECONDARY, 8, -24, 48)]
    assert overlay(week, [override(9, PRIMARY, 3, 6, 9)], DAY) == [
        hold(PRIMARY, 7, 0, 6, shift=1),
        hold(PRIMARY, 3, 6, 9, shift=1, override=9, covers=7),
        hold(PRIMARY, 7, 9, 24, shift=1),
        hold(SECONDARY, 8, 0, 24, shift=2),
    ]


def test_an_override_over_a_handoff_says_whom_it_covers_in_each_part() -> None:
    shifts = [shift(1, PRIMARY, 7, 0, 12), shift(2, PRIMARY, 8, 12, 24)]
    assert overlay(shifts, [override(9, PRIMARY, 3, 10, 14)], DAY, tiers=[PRIMARY]) == [
        hold(PRIMARY, 7, 0, 10, shift=1),
        hold(PRIMARY, 3, 10, 12, shift=1, override=9, covers=7),
        hold(PRIMARY, 3, 12, 14, shift=2, override=9, covers=8),
        hold(PRIMARY, 8, 14, 24, shift=2),
    ]


def test_an_override_fills_time_in_which_there_is_nobody() -> None:
    shifts = [shift(1, PRIMARY, None, 0, 12)]
    assert overlay(shifts, [override(9, PRIMARY, 3, 6, 18)], DAY, tiers=[PRIMARY]) == [
        hold(PRIMARY, None, 0, 6, shift=1),
        hold(PRIMARY, 3, 6, 12, shift=1, override=9),
        hold(PRIMARY, 3, 12, 18, override=9),
        hold(PRIMARY, None, 18, 24),
    ]


def test_an_empty_schedule_is_one_gap_for_each_tier() -> None:
    assert overlay([], [], DAY) == [hold(PRIMARY, None, 0, 24), hold(SECONDARY, None, 0, 24)]


def test_an_empty_window_holds_nothing() -> None:
    assert overlay([shift(1, PRIMARY, 7, 0, 24)], [], Span(MONDAY, MONDAY)) == []


def test_where_shifts_overlap_the_one_that_arrives_holds() -> None:
    shifts = [shift(2, PRIMARY, 8, 10, 24), shift(1, PRIMARY, 7, 0, 11)]
    assert overlay(shifts, [], DAY, tiers=[PRIMARY]) == [
        hold(PRIMARY, 7, 0, 10, shift=1),
        hold(PRIMARY, 8, 10, 24, shift=2),
    ]


def test_where_overrides_overlap_the_one_approved_last_holds() -> None:
    over = [override(5, PRIMARY, 4, 6, 24), override(6, PRIMARY, 3, 0, 12)]
    assert overlay([], over, DAY, tiers=[PRIMARY]) == [
        hold(PRIMARY, 3, 0, 12, override=6),
        hold(PRIMARY, 4, 12, 24, override=5),
    ]
