"""What the databases themselves refuse, should a service ever be wrong."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from rotations.schedule.tiers import Tier
from tests.factories import SOME_MONDAY, OverrideFactory, PublicationFactory, ScheduleFactory, ShiftFactory, UserFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)


def refused():
    return pytest.raises(IntegrityError)


def test_a_slot_of_a_tier_has_one_shift_in_force():
    first = ShiftFactory()
    with refused(), transaction.atomic():
        ShiftFactory(publication=first.publication)
    ShiftFactory(publication=first.publication, withdrawn_at=SOME_MONDAY)


def test_a_shift_or_override_ends_after_it_starts():
    for factory in (ShiftFactory, OverrideFactory):
        with refused(), transaction.atomic():
            factory(starts_at=SOME_MONDAY, ends_at=SOME_MONDAY)


def test_an_unknown_tier_is_refused():
    for factory in (ShiftFactory, OverrideFactory):
        with refused(), transaction.atomic():
            factory(tier="third")


@pytest.mark.postgres
def test_two_people_never_hold_one_tier_of_a_rotation_at_once():
    first = ShiftFactory()
    with refused(), transaction.atomic():
        ShiftFactory(publication=first.publication, starts_at=SOME_MONDAY + DAY, ends_at=SOME_MONDAY + 2 * DAY)
    ShiftFactory(publication=first.publication, starts_at=first.ends_at, ends_at=first.ends_at + WEEK)


@pytest.mark.postgres
def test_one_person_never_holds_both_tiers_of_a_rotation_at_once():
    person, publication = UserFactory(), PublicationFactory()
    ShiftFactory(publication=publication, user=person)
    with refused(), transaction.atomic():
        ShiftFactory(publication=publication, user=person, tier=Tier.SECONDARY)
    ShiftFactory(publication=publication, user=None, tier=Tier.SECONDARY)


@pytest.mark.postgres
def test_two_people_never_override_one_tier_at_once():
    first = OverrideFactory()
    with refused(), transaction.atomic():
        OverrideFactory(schedule=first.schedule)
    OverrideFactory(schedule=first.schedule, withdrawn_at=SOME_MONDAY)
    OverrideFactory(schedule=first.schedule, tier=Tier.SECONDARY)


@pytest.mark.postgres
def test_one_person_never_overrides_both_tiers_at_once():
    person, schedule = UserFactory(), ScheduleFactory()
    OverrideFactory(schedule=schedule, user=person)
    with refused(), transaction.atomic():
        OverrideFactory(schedule=schedule, user=person, tier=Tier.SECONDARY)
    OverrideFactory(user=person, tier=Tier.SECONDARY)
