"""Laws, over random histories of a schedule: two different people or a marked gap, and a past that stays."""

import contextlib
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rotations.people.models import Role, TimeOff
from rotations.rota import services
from rotations.rota.models import Override, Shift
from rotations.rota.selectors import final_timeline, published_until
from rotations.rota.timelines import both_tiers
from rotations.schedule.spans import Span
from rotations.schedule.tiers import Tier
from tests.factories import MembershipFactory
from tests.rotations.rota.shapes import rotation_of

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
START = datetime(2026, 12, 9, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)

hours = st.integers(0, 24 * 100)
actions = st.one_of(
    st.tuples(st.just("wait"), hours),
    st.tuples(st.just("publish"), st.none() | hours),
    st.tuples(st.just("extend")),
    st.tuples(st.just("override"), st.sampled_from(Tier), st.integers(0, 5), hours, st.integers(1, 24 * 20)),
    st.tuples(st.just("withdraw"), st.integers(0, 5)),
    st.tuples(st.just("time_off"), st.integers(0, 5), hours, st.integers(1, 24 * 20)),
    st.tuples(st.just("leave"), st.integers(0, 5)),
    st.tuples(st.just("return"), st.integers(0, 5)),
)


class History:
    """A schedule of four people and two more who may help out, and all that happens to it."""

    def __init__(self):
        self.now = START
        self.rotation = rotation_of(4, START)
        self.schedule = self.rotation.schedule
        self.manager = MembershipFactory(team=self.schedule.team, role=Role.MANAGER).user
        helpers = [MembershipFactory(team=self.schedule.team).user for _ in range(2)]
        self.people = [*[seat.user for seat in self.rotation.seats.all()], *helpers]
        services.publish(self.rotation, by=None, now=self.now)

    def do(self, action, *arguments):
        self.now += timedelta(seconds=61)
        with contextlib.suppress(ValidationError), transaction.atomic():
            getattr(self, action)(*arguments)

    def wait(self, hours):
        self.now += hours * HOUR

    def publish(self, hours):
        wanted = None if hours is None else self.now + hours * HOUR
        services.publish(self.rotation, effective_from=wanted, by=self.manager, now=self.now)

    def extend(self):
        services.extend_horizons(now=self.now)

    def override(self, tier, person, after, length):
        start = self.now + after * HOUR
        services.approve_override(
            schedule=self.schedule, tier=tier, user=self.people[person], starts_at=start,
            ends_at=start + length * HOUR, by=self.manager, now=self.now,
        )  # fmt: skip

    def withdraw(self, number):
        standing = list(Override.objects.in_force().filter(ends_at__gt=self.now).order_by("pk"))
        if standing:
            services.withdraw_override(override=standing[number % len(standing)], by=self.manager, now=self.now)

    def time_off(self, person, after, length):
        start = self.now + after * HOUR
        TimeOff.objects.create(user=self.people[person], starts_at=start, ends_at=start + length * HOUR)

    def leave(self, person):
        seat = self.rotation.seats.filter(user=self.people[person], ends_at=None).first()
        if seat:
            services.end_seat(seat=seat, by=self.manager, now=self.now)

    def return_(self, person):
        services.add_seat(rotation=self.rotation, user=self.people[person], by=self.manager, now=self.now)


setattr(History, "return", History.return_)


def who(schedule, start, end):
    """Who held what, without regard to which row said so."""
    pieces = []
    for hold in final_timeline(schedule, Span(start, end)):
        if pieces and pieces[-1][:2] == (hold.tier, hold.person) and pieces[-1][3] == hold.start:
            pieces[-1] = (*pieces[-1][:3], hold.end)
        else:
            pieces.append((hold.tier, hold.person, hold.start, hold.end))
    return pieces


def assert_nothing_overlaps(rows):
    for tier in Tier:
        spans = sorted((row.starts_at, row.ends_at) for row in rows if row.tier == tier)
        assert all(before[1] <= after[0] for before, after in pairwise(spans))


def assert_tiled(holds, start, end):
    """Every instant is accounted for, by a person or by a gap that says so."""
    for tier in Tier:
        pieces = [hold for hold in holds if hold.tier is tier]
        assert (pieces[0].start, pieces[-1].end) == (start, end)
        assert all(before.end == after.start for before, after in pairwise(pieces))


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(actions, max_size=10))
def test_whatever_happens_the_past_stays_and_nobody_holds_both_tiers(db, happenings):
    with transaction.atomic():
        history = History()
        for action in happenings:
            before = who(history.schedule, START, history.now + timedelta(seconds=61))
            past = history.now + timedelta(seconds=61)
            history.do(*action)
            assert who(history.schedule, START, past) == before
            assert_nothing_overlaps(Shift.objects.in_force())
            assert_nothing_overlaps(Override.objects.in_force())
            assert not Shift.objects.filter(starts_at__lt=F("withdrawn_at")).exists()
            end = max(published_until(history.schedule), history.now + HOUR)
            holds = final_timeline(history.schedule, Span(START, end))
            assert not both_tiers(holds)
            assert_tiled(holds, START, end)
        transaction.set_rollback(True)
