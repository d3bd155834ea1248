"""Who is on call, what comes next, where the gaps are: in few queries, and all of one mind."""

from datetime import timedelta

import pytest

from rotations.rota import selectors, services
from rotations.schedule.spans import Span
from rotations.schedule.tiers import Tier
from tests.factories import OverrideFactory, PublicationFactory, RotationFactory, SeatFactory, ShiftFactory

pytestmark = pytest.mark.django_db
DAY, HOUR, WEEK = timedelta(days=1), timedelta(hours=1), timedelta(weeks=1)


def schedules(number, now):
    """Schedules with both tiers held, an override on each."""
    for _ in range(number):
        publication = PublicationFactory(settings={"rules": {"tiers": 2}})
        for tier in Tier:
            ShiftFactory(publication=publication, tier=tier)
        OverrideFactory(schedule=publication.rotation.schedule, starts_at=now + HOUR, ends_at=now + 2 * HOUR)


@pytest.mark.parametrize("number", [1, 50])
def test_who_is_on_call_everywhere_takes_one_query(number, now, django_assert_num_queries):
    schedules(number, now)
    with django_assert_num_queries(1):
        found = selectors.on_call_at(now)
    assert len(found) == number
    assert all(set(tiers) == set(Tier) for tiers in found.values())


def test_who_is_on_call_names_the_person_and_until_when_they_really_hold(rota, now):
    services.approve_override(
        schedule=rota.schedule, tier=Tier.PRIMARY, user=rota.colleague,
        starts_at=now + HOUR, ends_at=now + DAY, by=rota.manager, now=now,
    )  # fmt: skip
    before = selectors.on_call_at(now, schedule_ids=[rota.schedule.pk])[rota.schedule.pk]
    assert before[Tier.PRIMARY].ends_at == now + HOUR
    assert before[Tier.SECONDARY].ends_at > now + DAY
    during = selectors.on_call_at(now + HOUR, schedule_ids=[rota.schedule.pk])[rota.schedule.pk]
    holder = during[Tier.PRIMARY]
    assert (holder.name, holder.initials, holder.first_name) == ("Priya Raman", "PR", "Priya")
    assert (holder.starts_at, holder.ends_at, bool(holder.override_id)) == (now + HOUR, now + DAY, True)


def test_only_the_schedules_asked_for_are_answered(rota, now, django_assert_num_queries):
    schedules(2, now)
    assert set(selectors.on_call_at(now, schedule_ids=[rota.schedule.pk])) == {rota.schedule.pk}
    with django_assert_num_queries(0):
        assert selectors.on_call_at(now, schedule_ids=[]) == {}


def test_whoever_holds_a_tier_by_the_timeline_is_on_call_at_every_instant(rota, now):
    for day in range(1, 40, 3):
        services.approve_override(
            schedule=rota.schedule, tier=list(Tier)[day % 2], user=rota.colleague,
            starts_at=now + day * DAY, ends_at=now + (day + 2) * DAY, by=rota.manager, now=now,
        )  # fmt: skip
    window = Span(now, selectors.published_until(rota.schedule))
    for hold in selectors.final_timeline(rota.schedule, window):
        for at in (hold.start, hold.start + (hold.end - hold.start) / 2, hold.end - timedelta(microseconds=1)):
            holder = selectors.on_call_at(at, schedule_ids=[rota.schedule.pk])[rota.schedule.pk][hold.tier]
            assert (holder.user_id, holder.override_id) == (hold.person, hold.override)
            # An override that reaches over a handoff is two pieces of the timeline, since it covers two people.
            assert holder.ends_at == hold.end if hold.override is None else holder.ends_at >= hold.end


@pytest.mark.parametrize("overrides", [1, 50])
def test_the_final_timeline_takes_two_queries(rota, now, overrides, django_assert_num_queries):
    for number in range(overrides):
        OverrideFactory(
            schedule=rota.schedule, user=rota.colleague, starts_at=now + number * DAY, ends_at=now + number * DAY + HOUR
        )
    with django_assert_num_queries(2):
        selectors.final_timeline(rota.schedule, Span(now, now + 365 * DAY))


@pytest.mark.parametrize("number", [1, 50])
def test_a_persons_next_shifts_count_overrides_over_all_schedules(rota, now, number, django_assert_num_queries):
    for _ in range(number):
        ShiftFactory(publication=PublicationFactory(), user=rota.colleague)
    services.approve_override(
        schedule=rota.schedule, tier=Tier.SECONDARY, user=rota.colleague,
        starts_at=now + HOUR, ends_at=now + DAY, by=rota.manager, now=now,
    )  # fmt: skip
    with django_assert_num_queries(3):
        duties = selectors.next_shifts(rota.colleague, now, 100)
    assert len(duties) == number + 1
    last = duties[-1]
    assert (last.schedule, last.tier, last.starts_at, last.ends_at) == (
        rota.schedule, Tier.SECONDARY, now + HOUR, now + DAY,
    )  # fmt: skip
    assert last.covers is not None
    assert len(selectors.next_shifts(rota.colleague, now, 1)) == 1


def test_a_shift_that_another_covers_is_not_among_the_next_ones(rota, now):
    primary = selectors.on_call_at(now)[rota.schedule.pk][Tier.PRIMARY]
    person = type(rota.manager).objects.get(pk=primary.user_id)
    before = selectors.next_shifts(person, now, 5)
    services.approve_override(
        schedule=rota.schedule, tier=Tier.PRIMARY, user=rota.colleague,
        starts_at=now, ends_at=primary.ends_at, by=rota.manager, now=now,
    )  # fmt: skip
    assert selectors.next_shifts(person, now, 4) == before[1:]


def test_a_schedule_that_was_never_published_says_so(now):
    rotation = RotationFactory()
    SeatFactory(rotation=rotation)
    assert selectors.published_until(rotation.schedule) is None


def test_schedules_are_those_in_use_and_a_persons_are_those_of_their_teams(rota, now):
    elsewhere = RotationFactory().schedule
    archived = RotationFactory(schedule__team=rota.team, schedule__archived_at=now).schedule
    assert set(selectors.schedules()) == {rota.schedule, elsewhere}
    assert list(selectors.schedules_of(rota.colleague)) == [rota.schedule]
    assert archived not in selectors.schedules()
