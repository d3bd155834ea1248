"""What a bar stands for, and the words on it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from rotations.calendar import pieces as words
from rotations.calendar.pieces import Piece, State, pieces_of
from rotations.people.models import User
from rotations.schedule.spans import Span
from rotations.schedule.tiers import Tier
from rotations.schedule.timeline import Hold

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 12, 7, 8, tzinfo=UTC)
NOW = MONDAY
WEEK = timedelta(weeks=1)
PEOPLE = {1: User(pk=1, name="Jonas Weber", colour=1), 2: User(pk=2, name="Priya Raman", colour=5)}
WINDOW = Span(MONDAY - 4 * WEEK, MONDAY + 4 * WEEK)


def held(person: int | None, start: datetime, end: datetime, **more) -> Hold:
    return Hold(Tier.PRIMARY, person, start, end, **more)


def pieces(*holds: Hold, published: Span | None = WINDOW) -> list[Piece]:
    return pieces_of(holds, PEOPLE, published=published, window=WINDOW)[Tier.PRIMARY]


COVER = Piece(Tier.PRIMARY, MONDAY, MONDAY + WEEK, State.HELD, person=PEOPLE[2], covers=PEOPLE[1], by_override=True)
GAP = Piece(Tier.SECONDARY, MONDAY, MONDAY + timedelta(days=2), State.GAP)


@pytest.mark.parametrize(
    ("piece", "hours", "text"),
    [
        (COVER, 20, "Priya for Jonas"),
        (COVER, 19, "Priya"),
        (COVER, 13, "PR"),
        (COVER, 3, ""),
        (GAP, 14, "Gap: nobody is secondary"),
        (GAP, 13, "Gap"),
        (Piece(Tier.PRIMARY, MONDAY, MONDAY + WEEK, State.UNPUBLISHED), 168, "Not published"),
        (Piece(Tier.PRIMARY, MONDAY, MONDAY + WEEK, State.UNPUBLISHED), 9, ""),
    ],
)
def test_a_bar_says_as_much_as_it_has_room_for(piece, hours, text):
    assert words.text_on_bar(piece, hours) == text


def test_the_label_begins_with_the_visible_text():
    assert words.label(COVER, "PR", BERLIN, now=NOW) == (
        "PR: Priya Raman, primary, covering for Jonas Weber, Mon 7 Dec, 09:00 to Mon 14 Dec, 09:00 CET"
    )
    assert words.label(GAP, words.nobody_is(GAP.tier), BERLIN, now=NOW) == (
        "Gap: nobody is secondary, Mon 7 Dec, 09:00 to Wed 9 Dec, 09:00 CET"
    )


def test_what_reaches_beyond_the_time_looked_at_does_not_pretend_to_end_there():
    [piece] = pieces(held(1, WINDOW.start, WINDOW.end, shift=7))
    assert words.sentence(piece, BERLIN, now=NOW) == (
        "Jonas Weber, primary, before Mon 9 Nov, 09:00 to after Mon 4 Jan 2027, 09:00 CET"
    )


def test_nobody_on_call_is_a_gap_where_shifts_were_published_and_nothing_elsewhere():
    published = Span(MONDAY - WEEK, MONDAY + WEEK)
    found = pieces(held(None, WINDOW.start, WINDOW.end), published=published)
    assert [(piece.state, piece.start) for piece in found] == [
        (State.UNPUBLISHED, WINDOW.start),
        (State.GAP, published.start),
        (State.UNPUBLISHED, published.end),
    ]


def test_a_gap_that_was_published_is_a_gap_even_beyond_the_shortest_horizon():
    [piece] = pieces(held(None, MONDAY, MONDAY + WEEK, shift=3), published=None)
    assert piece.state is State.GAP


def test_gaps_that_follow_each_other_are_one():
    found = pieces(held(None, MONDAY, MONDAY + WEEK, shift=3), held(None, MONDAY + WEEK, MONDAY + 2 * WEEK))
    assert [(piece.start, piece.end) for piece in found] == [(MONDAY, MONDAY + 2 * WEEK)]


def test_a_bar_leads_to_the_reason_at_its_first_instant():
    assert COVER.why == "tier=primary&at=2026-12-07T08%3A00%3A00Z"
