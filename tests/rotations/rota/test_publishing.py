"""Publishing: a draft becomes shifts, the past stays, what need not move is not touched."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from rotations.people.models import AuditEntry, Role, TimeOff
from rotations.rota import services
from rotations.rota.models import Override, Publication, Rotation, Shift
from rotations.rota.publishing import propose_draft
from rotations.rota.selectors import final_timeline, published_until
from rotations.rota.timelines import both_tiers
from rotations.schedule.handoffs import Unit
from rotations.schedule.spans import Span
from rotations.schedule.tiers import Tier
from tests.factories import MembershipFactory, RotationFactory, SeatFactory

pytestmark = pytest.mark.django_db
WEEK = timedelta(weeks=1)


def in_force(rotation):
    return Shift.objects.in_force().filter(rotation=rotation).order_by("starts_at", "tier")


def rows(rotation):
    """Everything about every row, withdrawn ones too: what "not touched" means."""
    return list(Shift.objects.filter(rotation=rotation).order_by("pk").values())


def test_the_first_publication_puts_two_people_on_call_at_once(rotation, now):
    publication = services.publish(rotation, by=None, now=now)
    first = in_force(rotation)[:2]
    assert [shift.starts_at for shift in first] == [now, now]
    assert first[0].user_id != first[1].user_id
    assert publication.effective_from == now
    assert publication.until >= now + timedelta(weeks=12)
    assert published_until(rotation.schedule) == publication.until


def test_a_publication_keeps_the_settings_it_took_and_its_certificate(rotation, now):
    publication = services.publish(rotation, by=None, now=now)
    assert len(publication.settings["seats"]) == 5
    assert publication.settings["rules"]["cadence"]["time_zone"] == "Europe/Berlin"
    assert publication.certificate["inputs_hash"]


def test_publishing_again_without_a_change_touches_no_row(rotation, now):
    services.publish(rotation, by=None, now=now)
    before = rows(rotation)
    services.publish(rotation, by=None, now=now + timedelta(minutes=1))
    assert rows(rotation) == before


def test_a_change_of_the_roster_withdraws_future_shifts_and_never_the_one_that_runs(rotation, now):
    services.publish(rotation, by=None, now=now)
    before = {shift.pk: shift for shift in in_force(rotation)}
    leaver = rotation.seats.get(position=2)
    later = now + timedelta(days=1)
    services.end_seat(seat=leaver, by=None, now=later)
    services.publish(rotation, by=None, now=later)
    withdrawn = [pk for pk in before if Shift.objects.get(pk=pk).withdrawn_at]
    assert withdrawn
    assert all(before[pk].starts_at > later for pk in withdrawn)
    assert not in_force(rotation).filter(starts_at__gt=later, user=leaver.user).exists()
    assert in_force(rotation).filter(pk__in=before).exists()


def test_publishing_takes_effect_at_the_first_handoff_from_the_wanted_instant_on(rotation, now):
    services.publish(rotation, by=None, now=now)
    SeatFactory(rotation=rotation, user=MembershipFactory(team=rotation.schedule.team).user, starts_at=now)
    wanted = now + timedelta(weeks=3)
    publication = services.publish(rotation, effective_from=wanted, by=None, now=now)
    handoff = rotation.cadence.slot_span(rotation.cadence.slot_at(wanted)).end
    assert publication.effective_from == handoff
    assert not in_force(rotation).filter(publication=publication, starts_at__lt=handoff).exists()


def test_a_new_cadence_begins_where_the_running_shift_ends(rotation, now):
    services.publish(rotation, by=None, now=now)
    running_until = in_force(rotation)[0].ends_at
    Rotation.objects.filter(pk=rotation.pk).update(unit=Unit.DAYS)
    publication = services.publish(Rotation.objects.get(pk=rotation.pk), by=None, now=now + timedelta(hours=3))
    assert publication.effective_from == running_until
    holds = final_timeline(rotation.schedule, Span(now, publication.until))
    assert all(hold.person for hold in holds)


def test_people_who_are_off_or_have_left_the_installation_are_planned_around(rotation, now):
    off, gone = rotation.seats.get(position=0).user, rotation.seats.get(position=1).user
    TimeOff.objects.create(user=off, starts_at=now, ends_at=now + 3 * WEEK)
    gone.is_active = False
    gone.save(update_fields=["is_active"])
    services.publish(rotation, by=None, now=now)
    assert not in_force(rotation).filter(user=gone).exists()
    assert not in_force(rotation).filter(user=off, starts_at__lt=now + 3 * WEEK).exists()
    assert in_force(rotation).filter(user=off).exists()


def test_when_nobody_can_serve_the_gap_is_published_and_seen(rotation, now):
    for seat in rotation.seats.all():
        TimeOff.objects.create(user=seat.user, starts_at=now + 2 * WEEK, ends_at=now + 4 * WEEK)
    services.publish(rotation, by=None, now=now)
    assert in_force(rotation).filter(user=None).exists()


def test_only_a_manager_publishes(rotation, now):
    manager = MembershipFactory(team=rotation.schedule.team, role=Role.MANAGER).user
    responder = rotation.seats.first().user
    with pytest.raises(PermissionDenied):
        services.publish(rotation, by=responder, now=now)
    services.publish(rotation, by=manager, now=now)
    entry = AuditEntry.objects.get(action="rotation.published")
    assert (entry.by, entry.team, entry.detail["withdrawn"]) == (manager, rotation.schedule.team, 0)


@pytest.mark.parametrize(("people", "tiers", "fits"), [(0, 1, False), (1, 1, True), (1, 2, False), (2, 2, True)])
def test_a_rotation_needs_as_many_people_as_tiers(now, people, tiers, fits):
    rotation = RotationFactory(tiers=tiers)
    for position in range(people):
        SeatFactory(rotation=rotation, position=position)
    if fits:
        services.publish(rotation, by=None, now=now)
        return
    with pytest.raises(ValidationError) as refusal:
        services.publish(rotation, by=None, now=now)
    assert refusal.value.code == "too_few_people"


def test_the_past_cannot_be_published(rotation, now):
    with pytest.raises(ValidationError) as refusal:
        services.publish(rotation, effective_from=now - timedelta(seconds=1), by=None, now=now)
    assert refusal.value.code == "in_the_past"


def test_a_start_beyond_the_horizon_would_leave_a_hole_and_is_refused(rotation, now):
    until = services.publish(rotation, by=None, now=now).until
    with pytest.raises(ValidationError) as refusal:
        services.publish(rotation, effective_from=until + WEEK, by=None, now=now)
    assert refusal.value.code == "beyond_the_horizon"
    assert services.publish(rotation, effective_from=until, by=None, now=now).effective_from == until


def test_an_archived_schedule_changes_no_more(rotation, now):
    rotation.schedule.archived_at = now
    rotation.schedule.save(update_fields=["archived_at"])
    with pytest.raises(ValidationError) as refusal:
        services.publish(rotation, by=None, now=now)
    assert refusal.value.code == "archived"


def test_two_rotations_of_a_schedule_never_hold_one_tier_at_once(rotation, now):
    services.publish(rotation, by=None, now=now)
    second = RotationFactory(schedule=rotation.schedule)
    SeatFactory.create_batch(3, rotation=second, starts_at=now)
    with pytest.raises(ValidationError) as refusal:
        services.publish(second, by=None, now=now)
    assert refusal.value.code == "overlap"
    assert "Only one rotation can at a time" in refusal.value.messages[0]
    assert not Publication.objects.filter(rotation=second).exists()


def test_a_preview_that_is_out_of_date_is_not_published(rotation, now):
    services.publish(rotation, by=None, now=now)
    services.end_seat(seat=rotation.seats.get(position=2), by=None, now=now + timedelta(hours=1))
    agreed_to = propose_draft(rotation.pk, now=now + timedelta(hours=1)).digest
    services.end_seat(seat=rotation.seats.get(position=3), by=None, now=now + timedelta(hours=2))
    with pytest.raises(ValidationError) as refusal:
        services.publish(rotation, agreed_to=agreed_to, by=None, now=now + timedelta(hours=2))
    assert refusal.value.code == "stale"
    fresh = propose_draft(rotation.pk, now=now + timedelta(hours=2)).digest
    services.publish(rotation, agreed_to=fresh, by=None, now=now + timedelta(hours=2, minutes=1))


def test_somebody_whom_an_override_puts_into_a_tier_is_not_planned_into_the_other(rota, now):
    """A new roster would make a person secondary in a week in which an override has them as primary."""
    rotation, later = rota.rotation, now + timedelta(hours=1)
    on_duty = {(shift.slot, shift.user_id) for shift in in_force(rotation)}
    services.end_seat(seat=rotation.seats.get(position=3), by=None, now=later)
    new = propose_draft(rotation.pk, now=later).added
    shift = next(shift for shift in new if (shift.slot, shift.user_id) not in on_duty)
    override = services.approve_override(
        schedule=rota.schedule, tier=Tier(shift.tier).other, user=shift.user,
        starts_at=shift.starts_at + timedelta(days=2), ends_at=shift.ends_at, by=rota.manager, now=later,
    )  # fmt: skip
    publication = services.publish(rotation, by=None, now=later)
    assert not in_force(rotation).filter(slot=shift.slot, user=shift.user).exists()
    assert Override.objects.in_force().get() == override
    assert not both_tiers(final_timeline(rota.schedule, Span(now, publication.until)))
