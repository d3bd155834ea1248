"""Two at once, on threads of their own: the lock of the schedule decides, and nobody ends up in both tiers."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from threading import Barrier

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from rotations.rota import services
from rotations.rota.models import Override, Publication, Shift
from rotations.rota.selectors import final_timeline, on_call_at
from rotations.rota.timelines import both_tiers
from rotations.schedule.spans import Span
from rotations.schedule.tiers import Tier
from tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db(transaction=True)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def at_once(*works):
    """Run each on a thread and a connection of its own; what each returned, or the code of its refusal."""
    barrier = Barrier(len(works))

    def run(work):
        try:
            barrier.wait(10)
            return work()
        except ValidationError as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def nothing_overlaps(rows):
    """Rows in force of one tier, in order: none begins before the one before it has ended."""
    for tier in Tier:
        spans = sorted((row.starts_at, row.ends_at) for row in rows if row.tier == tier)
        assert all(before[1] <= after[0] for before, after in pairwise(spans))


def test_two_first_publications_at_once_leave_one_plan(rotation, now):
    at_once(*[lambda: services.publish(rotation, by=None, now=now)] * 3)
    assert Publication.objects.count() == 3
    nothing_overlaps(Shift.objects.in_force())
    assert not Shift.objects.exclude(withdrawn_at=None).exists()
    assert len(on_call_at(now + DAY)[rotation.schedule_id]) == 2


def test_two_workers_extend_a_horizon_once(rota, now):
    counts = at_once(*[lambda: services.extend_horizons(now=now + 14 * DAY)] * 4)
    assert sum(counts) == 1
    nothing_overlaps(Shift.objects.in_force())


def test_publishing_and_extending_at_once_leave_one_plan(rota, now):
    later = now + 14 * DAY
    services.end_seat(seat=rota.rotation.seats.get(position=1), by=None, now=later)
    at_once(
        lambda: services.extend_horizons(now=later),
        lambda: services.publish(rota.rotation, by=None, now=later),
    )
    nothing_overlaps(Shift.objects.in_force())
    holds = final_timeline(rota.schedule, Span(now, later + 80 * DAY))
    assert all(hold.person for hold in holds)
    assert not both_tiers(holds)


def test_of_two_overrides_of_one_time_the_later_supersedes_the_earlier(rota, now):
    people = [rota.colleague, MembershipFactory(team=rota.team).user]

    def approve(person):
        return services.approve_override(
            schedule=rota.schedule, tier=Tier.PRIMARY, user=person, starts_at=now + HOUR, ends_at=now + DAY,
            by=rota.manager, now=now,
        )  # fmt: skip

    at_once(*[lambda person=person: approve(person) for person in people])
    assert Override.objects.in_force().count() == 1
    assert Override.objects.count() == 2
    nothing_overlaps(Override.objects.in_force())


def test_one_person_offered_both_tiers_at_once_gets_one(rota, now):
    def approve(tier):
        return services.approve_override(
            schedule=rota.schedule, tier=tier, user=rota.colleague, starts_at=now + HOUR, ends_at=now + DAY,
            by=rota.manager, now=now,
        )  # fmt: skip

    answers = at_once(*[lambda tier=tier: approve(tier) for tier in Tier])
    assert sorted(isinstance(answer, Override) for answer in answers) == [False, True]
    assert "both_tiers" in answers
    assert not both_tiers(final_timeline(rota.schedule, Span(now, now + 7 * DAY)))


def test_an_override_and_a_publication_at_once_put_nobody_into_both_tiers(rota, now):
    """Whichever comes first: the override is refused, or the plan goes round its person."""
    services.end_seat(seat=rota.rotation.seats.get(position=3), by=None, now=now)
    person = rota.rotation.seats.get(position=4).user

    def approve():
        return services.approve_override(
            schedule=rota.schedule, tier=Tier.PRIMARY, user=person, starts_at=now + 20 * DAY, ends_at=now + 60 * DAY,
            by=rota.manager, now=now,
        )  # fmt: skip

    at_once(approve, lambda: services.publish(rota.rotation, by=None, now=now))
    assert not both_tiers(final_timeline(rota.schedule, Span(now, now + 80 * DAY)))
