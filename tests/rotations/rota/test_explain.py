"""Why: for any instant, in sentences, with the rule, those passed over, the override, and who decided when."""

from datetime import timedelta

import pytest
from django.utils import timezone

from rotations.people.models import TimeOff
from rotations.rota import services
from rotations.rota.models import Shift
from rotations.rota.selectors import explain
from rotations.schedule.tiers import Tier
from tests.factories import RotationFactory
from tests.rotations.rota.shapes import rotation_of

pytestmark = pytest.mark.django_db
DAY, HOUR, WEEK = timedelta(days=1), timedelta(hours=1), timedelta(weeks=1)


@pytest.fixture(autouse=True)
def _in_berlin():
    with timezone.override("Europe/Berlin"):
        yield


def names(rotation):
    return [seat.user.name for seat in rotation.seats.order_by("position").select_related("user")]


def test_a_shift_is_explained_by_rule_place_publication_and_time(rota, now):
    people = names(rota.rotation)
    explanation = explain(rota.schedule, Tier.PRIMARY, now + WEEK)
    text = " ".join(explanation.sentences)
    assert explanation.person.name == people[1]
    assert text.startswith(
        f"{people[1]} holds primary by the rotation {rota.rotation}, Mon 14 Dec, 09:00 to Mon 21 Dec"
    )
    assert "held primary longest ago, or never, comes first" in text
    assert "Their place in the roster: 2 of 5." in text
    assert "They had not held primary in this rotation before." in text
    assert "It was published on Wed 9 Dec, 10:00 CET" in text


def test_the_secondary_is_explained_by_the_pairing(rota, now):
    explanation = explain(rota.schedule, Tier.SECONDARY, now + WEEK)
    assert explanation.person.name == names(rota.rotation)[0]
    assert "Whoever was primary last backs up the new primary." in explanation.sentences


def test_a_later_turn_says_when_the_one_before_began(rota, now):
    explanation = explain(rota.schedule, Tier.PRIMARY, now + 6 * WEEK)
    assert "Their last shift as primary began on Mon 14 Dec 2026, 09:00 CET." in explanation.sentences


def test_an_override_is_explained_before_the_shift_under_it(rota, now):
    services.approve_override(
        schedule=rota.schedule, tier=Tier.PRIMARY, user=rota.colleague, starts_at=now + HOUR,
        ends_at=now + DAY, reason="Dentist", by=rota.manager, now=now,
    )  # fmt: skip
    explanation = explain(rota.schedule, Tier.PRIMARY, now + HOUR)
    assert explanation.person == rota.colleague
    assert explanation.sentences[:4] == (
        "Priya Raman holds primary by an override, Wed 9 Dec, 11:00 to Thu 10 Dec, 10:00 CET.",
        "Mara Lindt approved it on Wed 9 Dec, 10:00 CET.",
        "The reason given: Dentist",
        f"By the rotation {rota.rotation} {names(rota.rotation)[0]} would hold primary, "
        "Wed 9 Dec, 10:00 to Mon 14 Dec, 09:00 CET.",
    )


def test_who_was_passed_over_is_named_with_the_obstacle(now):
    rotation = rotation_of(3, now)
    off = rotation.seats.get(position=0).user
    TimeOff.objects.create(user=off, starts_at=now, ends_at=now + DAY)
    services.publish(rotation, by=None, now=now)
    sentences = explain(rotation.schedule, Tier.PRIMARY, now).sentences
    assert f"{off.name} was passed over: time off." in sentences


def test_the_past_is_explained_by_what_held_then_whatever_was_published_since(rota, now):
    before = explain(rota.schedule, Tier.PRIMARY, now + DAY)
    services.end_seat(seat=rota.rotation.seats.get(position=0), by=None, now=now + 2 * DAY)
    services.publish(rota.rotation, by=None, now=now + 2 * DAY)
    assert explain(rota.schedule, Tier.PRIMARY, now + DAY).sentences == before.sentences


def test_a_gap_says_why_nobody_could(now):
    rotation = rotation_of(2, now)
    for seat in rotation.seats.all():
        TimeOff.objects.create(user=seat.user, starts_at=now + WEEK, ends_at=now + WEEK + HOUR)
    services.publish(rotation, by=None, now=now)
    explanation = explain(rotation.schedule, Tier.SECONDARY, now + WEEK)
    assert explanation.person is None
    assert explanation.sentences[0].startswith("Nobody is secondary, Mon 14 Dec, 09:00 to")
    assert sum("passed over: time off" in sentence for sentence in explanation.sentences) == 2


def test_an_instant_beyond_the_horizon_or_before_anything_says_what_is_published(rota, now):
    beyond = explain(rota.schedule, Tier.PRIMARY, now + 52 * WEEK).sentences
    assert beyond[0].endswith("no shift is published for that time.")
    assert beyond[1].startswith("Shifts are published until ")
    unpublished = explain(RotationFactory().schedule, Tier.PRIMARY, now).sentences
    assert unpublished[1].startswith("Nothing is published for this schedule yet.")
    assert len(explain(rota.schedule, Tier.PRIMARY, now - 52 * WEEK).sentences) == 1


def test_a_reason_that_says_only_its_rule_is_explained_too(rota, now):
    Shift.objects.filter(rotation=rota.rotation).update(reason={"rule": "turn"})
    assert len(explain(rota.schedule, Tier.PRIMARY, now).sentences) == 3


def test_an_explanation_takes_at_most_four_queries(rota, now, django_assert_max_num_queries):
    for tier in Tier:
        for at in (now, now + 52 * WEEK):
            with django_assert_max_num_queries(4):
                explain(rota.schedule, tier, at)
