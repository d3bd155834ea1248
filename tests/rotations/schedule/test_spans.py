"""Laws of the algebra of spans, checked hour by hour."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rotations.schedule.spans import Span, gaps, subtract, union
from tests.rotations.schedule.strategies import HOUR, MONDAY, law

HOURS = [MONDAY + n * HOUR for n in range(60)]
hour = st.integers(0, 50)
some_spans = st.builds(lambda a, b: Span(MONDAY + min(a, b) * HOUR, MONDAY + max(a, b) * HOUR), hour, hour)
many_spans = st.lists(some_spans, max_size=8)


def hours_of(*spans: Span) -> set[datetime]:
    return {at for at in HOURS for span in spans if at in span}


def are_few_and_in_order(spans: list[Span]) -> bool:
    return all(spans) and all(before.end < after.start for before, after in pairwise(spans))


def test_a_span_needs_aware_instants() -> None:
    with pytest.raises(ValueError, match="aware"):
        Span(datetime(2026, 12, 7), MONDAY)  # noqa: DTZ001 - that is the point
    with pytest.raises(ValueError, match="aware"):
        Span(MONDAY, datetime(2026, 12, 8))  # noqa: DTZ001 - that is the point


def test_a_span_does_not_end_before_it_starts() -> None:
    with pytest.raises(ValueError, match="before it starts"):
        Span(MONDAY, MONDAY - timedelta(microseconds=1))


def test_a_span_knows_its_length_over_an_hour_that_occurs_twice() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    first, second = (datetime(2026, 10, 25, 2, 30, tzinfo=berlin, fold=fold) for fold in (0, 1))
    assert Span(first, second).length == HOUR
    assert Span(first, second).start.tzinfo is UTC


def test_an_empty_span_holds_nothing_and_overlaps_nothing() -> None:
    empty = Span(MONDAY, MONDAY)
    around = Span(MONDAY - HOUR, MONDAY + HOUR)
    assert not empty
    assert MONDAY not in empty
    assert not empty.overlaps(around)
    assert around.intersection(empty) is None
    assert around.encloses(empty)
    assert gaps(around, [empty]) == [around]


@law
@given(some_spans, some_spans)
def test_two_spans_share_what_each_of_them_has(one: Span, other: Span) -> None:
    shared = one.intersection(other)
    assert hours_of(*filter(None, [shared])) == hours_of(one) & hours_of(other)
    assert one.overlaps(other) == other.overlaps(one) == (shared is not None)


@law
@given(some_spans, some_spans)
def test_a_span_encloses_another_when_it_has_all_of_its_time(one: Span, other: Span) -> None:
    if other:
        assert one.encloses(other) == (hours_of(other) <= hours_of(one))


@law
@given(many_spans)
def test_a_union_has_the_same_time_in_as_few_spans_as_can_be(spans: list[Span]) -> None:
    joined = union(spans)
    assert hours_of(*joined) == hours_of(*spans)
    assert are_few_and_in_order(joined)
    assert union(joined) == joined


@law
@given(many_spans, many_spans)
def test_subtracting_leaves_what_only_the_first_have(spans: list[Span], holes: list[Span]) -> None:
    left = subtract(spans, holes)
    assert hours_of(*left) == hours_of(*spans) - hours_of(*holes)
    assert are_few_and_in_order(left)


@law
@given(some_spans, many_spans)
def test_gaps_and_spans_fill_the_window_together(window: Span, spans: list[Span]) -> None:
    found = gaps(window, spans)
    assert hours_of(*found) == hours_of(window) - hours_of(*spans)
    assert are_few_and_in_order(found)
