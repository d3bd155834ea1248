"""Gaps are time within what is published in which nobody holds a tier."""

from datetime import timedelta

import pytest

from rotations.calendar.gaps import gaps_of
from rotations.calendar.selectors import schedules_with_horizon
from rotations.rota import services
from rotations.schedule.spans import Span
from rotations.schedule.tiers import Tier
from tests.factories import RotationFactory, SeatFactory, TimeOffFactory
from tests.rotations.rota.shapes import rotation_of

pytestmark = pytest.mark.django_db
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)


def gaps(window):
    return gaps_of(list(schedules_with_horizon()), window)


def test_gaps_are_those_within_what_is_published(now):
    rotation = rotation_of(3, now)
    for seat in rotation.seats.all()[:2]:
        TimeOffFactory(user=seat.user, starts_at=now + 2 * WEEK, ends_at=now + 2 * WEEK + DAY)
    publication = services.publish(rotation, by=None, now=now)
    assert [gap.tier for gap in gaps(Span(now - WEEK, now + 52 * WEEK))] == [Tier.SECONDARY]
    assert gaps(Span(publication.until, publication.until + WEEK)) == []


def test_a_schedule_of_one_tier_has_no_gap_where_a_secondary_would_be(now):
    services.publish(rotation_of(1, now, tiers=1), by=None, now=now)
    assert gaps(Span(now, now + 4 * WEEK)) == []


def test_a_schedule_that_was_never_published_has_no_gaps(now):
    SeatFactory(rotation=RotationFactory())
    assert gaps(Span(now, now + WEEK)) == []


def test_gaps_of_one_schedule_or_twenty_take_two_queries(now, django_assert_num_queries):
    for count in (1, 20):
        for _ in range(count):
            services.publish(rotation_of(2, now), by=None, now=now)
        schedules = list(schedules_with_horizon())
        with django_assert_num_queries(2):
            gaps_of(schedules, Span(now, now + 4 * WEEK))
