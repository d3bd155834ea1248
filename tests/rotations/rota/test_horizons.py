"""The horizon moves on by itself, by the settings last published; when it does not, somebody hears of it."""

from datetime import timedelta

import pytest
from django.conf import settings
from structlog.testing import capture_logs

from rotations.contact.models import Message
from rotations.people.clock import database_now
from rotations.people.models import Role, TimeOff
from rotations.rota import services
from rotations.rota.models import Publication, Rotation, Shift
from rotations.rota.selectors import final_timeline, published_until, short_horizons
from rotations.rota.tasks import extend_horizons
from rotations.schedule.handoffs import Unit
from rotations.schedule.spans import Span
from tests.factories import MembershipFactory
from tests.rotations.rota.shapes import rotation_of

pytestmark = pytest.mark.django_db
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)


def test_extending_day_by_day_gives_what_publishing_at_once_gives(rota, now):
    for day in range(1, 30):
        services.extend_horizons(now=now + day * DAY)
    assert published_until(rota.schedule) >= now + 29 * DAY + settings.HORIZON
    by_day = list(Shift.objects.in_force().order_by("starts_at", "tier").values_list("tier", "user", "starts_at"))
    services.publish(rota.rotation, by=None, now=now + 29 * DAY)
    again = list(Shift.objects.in_force().order_by("starts_at", "tier").values_list("tier", "user", "starts_at"))
    assert again == by_day


def test_extending_twice_changes_nothing(rota, now):
    assert services.extend_horizons(now=now + WEEK) == 1
    before = list(Shift.objects.order_by("pk").values())
    assert services.extend_horizons(now=now + WEEK) == 0
    assert list(Shift.objects.order_by("pk").values()) == before


def test_a_draft_that_nobody_published_does_not_count(rota, now):
    Rotation.objects.filter(pk=rota.rotation.pk).update(unit=Unit.DAYS)
    services.end_seat(seat=rota.rotation.seats.get(position=0), by=None, now=now)
    services.extend_horizons(now=now + 3 * WEEK)
    latest = Publication.objects.latest()
    assert latest.by is None
    assert latest.settings == Publication.objects.earliest("pk").settings
    assert all(shift.ends_at - shift.starts_at > 6 * DAY for shift in latest.shifts.all())


def test_rotations_that_were_never_published_are_left_alone(rotation, now):
    assert services.extend_horizons(now=now) == 0
    assert not Shift.objects.exists()


def test_after_a_long_silence_the_past_stays_a_gap(rota, now):
    late = now + 40 * WEEK
    until = published_until(rota.schedule)
    services.extend_horizons(now=late)
    holds = final_timeline(rota.schedule, Span(until, late + WEEK))
    assert {hold.person is None for hold in holds if hold.end <= late} == {True}
    assert all(hold.person for hold in holds if hold.start >= late)


def test_one_rotation_that_cannot_be_extended_holds_up_no_other_and_is_said_loudly(rota, now):
    other = rotation_of(3, now, schedule__team=rota.team)
    services.publish(other, by=None, now=now)
    Publication.objects.filter(rotation=rota.rotation).update(settings={})
    with capture_logs() as logs:
        assert services.extend_horizons(now=now + 9 * WEEK) == 1
    said = {(log["event"], log["rotation"]) for log in logs}
    assert said == {("horizon_not_extended", rota.rotation.pk), ("horizon_short", rota.rotation.pk)}
    assert list(short_horizons(now + 9 * WEEK)) == [rota.rotation]


def test_managers_are_told_of_a_short_horizon_once_a_day(rota, now):
    deputy = MembershipFactory(team=rota.team, role=Role.MANAGER).user
    Publication.objects.filter(rotation=rota.rotation).update(settings={})
    late = now + 9 * WEEK
    for at in (late, late + timedelta(hours=1), late + DAY):
        services.extend_horizons(now=at)
    messages = Message.objects.order_by("pk")
    assert [message.recipient for message in messages[:2]] in ([rota.manager, deputy], [deputy, rota.manager])
    assert len(messages) == 4
    assert "published only until Mon 8 Mar, 09:00 CET" in messages[0].subject
    assert messages[0].path == f"/schedules/{rota.schedule.slug}/"


def test_a_healthy_horizon_tells_nobody(rota, now):
    with capture_logs() as logs:
        services.extend_horizons(now=now + DAY)
    assert not logs
    assert not Message.objects.exists()


def test_a_rotation_that_would_overlap_another_is_not_extended(rota, now):
    """Its successor was published for the time after it: that is how one rotation is replaced by another."""
    until = published_until(rota.schedule)
    successor = rotation_of(3, now, schedule=rota.schedule)
    services.publish(successor, effective_from=until, by=None, now=now)
    with capture_logs() as logs:
        services.extend_horizons(now=now + WEEK)
    assert logs[0]["event"] == "horizon_not_extended"
    assert not Shift.objects.filter(rotation=rota.rotation, starts_at__gte=until).exists()


def test_time_off_taken_since_is_planned_around(rota, now):
    person = rota.rotation.seats.get(position=0).user
    until = published_until(rota.schedule)
    TimeOff.objects.create(user=person, starts_at=until, ends_at=until + 20 * WEEK)
    services.extend_horizons(now=now + 5 * WEEK)
    assert not Shift.objects.filter(user=person, starts_at__gte=until).exists()


def test_the_task_extends_by_the_databases_clock(rota):
    extend_horizons()
    assert published_until(rota.schedule) >= database_now() + settings.HORIZON - timedelta(minutes=1)
