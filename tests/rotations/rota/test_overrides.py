"""Overrides: approved facts over the shifts. What was served never changes, and nobody is ever in both tiers."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from rotations.people.models import AuditEntry, Role
from rotations.rota import services
from rotations.rota.models import Override, Rotation
from rotations.rota.selectors import final_timeline, on_call_at
from rotations.schedule.spans import Span
from rotations.schedule.tiers import Tier
from tests.factories import MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


def approve(rota, user, starts_at, ends_at, *, now, tier=Tier.PRIMARY, **more):
    settings = {"by": rota.manager, "now": now, "reason": "", **more}
    return services.approve_override(
        schedule=rota.schedule, tier=tier, user=user, starts_at=starts_at, ends_at=ends_at, **settings
    )


def holder(rota, at, tier=Tier.PRIMARY):
    return on_call_at(at)[rota.schedule.pk][tier].user_id


def in_force(rota):
    rows = Override.objects.in_force().filter(schedule=rota.schedule)
    return [(row.user_id, row.starts_at, row.ends_at) for row in rows.order_by("starts_at")]


def refused(code):
    return pytest.raises(ValidationError, check=lambda refusal: refusal.code == code)


def test_an_override_holds_the_tier_for_its_time_and_the_shifts_before_and_after(rota, now):
    planned = holder(rota, now)
    approve(rota, rota.colleague, now + HOUR, now + 2 * HOUR, now=now, reason="Dentist ")
    assert [holder(rota, now + hours * HOUR) for hours in (0, 1, 2)] == [planned, rota.colleague.pk, planned]
    assert Override.objects.get().reason == "Dentist"
    entry = AuditEntry.objects.get(action="override.approved")
    assert (entry.by, entry.detail["user"]) == (rota.manager, rota.colleague.email)


def test_a_schedule_of_one_tier_has_no_secondary_to_take_over(rota, now):
    Rotation.objects.filter(schedule=rota.schedule).update(tiers=1)
    with refused("no_such_tier"):
        approve(rota, rota.colleague, now + HOUR, now + 2 * HOUR, now=now, tier=Tier.SECONDARY)


def test_a_later_override_supersedes_and_what_is_left_of_the_earlier_keeps_who_approved_it(rota, now):
    other = MembershipFactory(team=rota.team).user
    earlier = approve(rota, rota.colleague, now + DAY, now + 4 * DAY, now=now)
    approve(rota, other, now + 2 * DAY, now + 3 * DAY, now=now + HOUR)
    assert in_force(rota) == [
        (rota.colleague.pk, now + DAY, now + 2 * DAY),
        (other.pk, now + 2 * DAY, now + 3 * DAY),
        (rota.colleague.pk, now + 3 * DAY, now + 4 * DAY),
    ]
    earlier.refresh_from_db()
    assert earlier.withdrawn_at == now + HOUR
    assert {(row.approved_at, row.replaces_id) for row in earlier.remainders.all()} == {(now, earlier.pk)}


def test_an_override_of_the_other_tier_is_left_alone(rota, now):
    other = MembershipFactory(team=rota.team).user
    approve(rota, rota.colleague, now + DAY, now + 2 * DAY, now=now)
    approve(rota, other, now + DAY, now + 2 * DAY, now=now, tier=Tier.SECONDARY)
    assert len(in_force(rota)) == 2


@pytest.mark.parametrize("open_for", [timedelta(seconds=40), 14 * MINUTE])
def test_a_form_that_was_open_for_a_while_means_from_now_on(rota, now, open_for):
    at = now + open_for
    assert approve(rota, rota.colleague, now, now + HOUR, now=at).starts_at == at


def test_what_cannot_be_approved_is_refused_by_a_rule_with_a_name(rota, now):
    secondary = on_call_at(now)[rota.schedule.pk][Tier.SECONDARY]
    primary = on_call_at(now)[rota.schedule.pk][Tier.PRIMARY]
    users = type(rota.manager).objects
    with refused("ends_before_it_starts"):
        approve(rota, rota.colleague, now + DAY, now + DAY, now=now)
    with refused("in_the_past"):
        approve(rota, rota.colleague, now - 15 * MINUTE, now + DAY, now=now)
    with refused("too_long"):
        approve(rota, rota.colleague, now + DAY, now + 400 * DAY, now=now)
    with refused("both_tiers"):
        approve(rota, users.get(pk=secondary.user_id), now + HOUR, now + DAY, now=now)
    with refused("holds_already"):
        approve(rota, users.get(pk=primary.user_id), now + HOUR, now + DAY, now=now)
    assert not Override.objects.exists()


def test_the_sentence_says_who_holds_the_other_tier_and_what_to_do(rota, now):
    secondary = on_call_at(now)[rota.schedule.pk][Tier.SECONDARY]
    with refused("both_tiers") as refusal:
        approve(rota, type(rota.manager).objects.get(pk=secondary.user_id), now + HOUR, now + DAY, now=now)
    sentence = refusal.value.messages[0]
    assert sentence.startswith(f"{secondary.name} is secondary Wed 9 Dec, 10:00 to Thu 10 Dec, 09:00 UTC.")
    assert sentence.endswith("One person never holds both tiers: choose somebody else.")


def test_only_active_responders_and_managers_of_the_team_take_over(rota, now):
    gone = MembershipFactory(team=rota.team, user__is_active=False).user
    observer = MembershipFactory(team=rota.team, role=Role.OBSERVER).user
    for person in (UserFactory(), MembershipFactory().user, gone, observer):
        with refused("not_in_team"):
            approve(rota, person, now + HOUR, now + DAY, now=now)
    approve(rota, rota.manager, now + HOUR, now + DAY, now=now)


def test_only_managers_approve_and_withdraw(rota, now):
    override = approve(rota, rota.colleague, now + HOUR, now + DAY, now=now)
    with pytest.raises(PermissionDenied):
        approve(rota, rota.colleague, now + 2 * DAY, now + 3 * DAY, now=now, by=rota.colleague)
    with pytest.raises(PermissionDenied):
        services.withdraw_override(override=override, by=rota.colleague, now=now)


def test_withdrawing_gives_the_tier_back_and_keeps_what_was_served(rota, now):
    planned = holder(rota, now)
    override = approve(rota, rota.colleague, now + HOUR, now + 5 * HOUR, now=now)
    services.withdraw_override(override=override, by=rota.manager, now=now + 2 * HOUR)
    assert [holder(rota, now + hours * HOUR) for hours in (0, 1, 2, 3)] == [
        planned, rota.colleague.pk, planned, planned,
    ]  # fmt: skip
    with refused("withdrawn"):
        services.withdraw_override(override=override, by=rota.manager, now=now + 2 * HOUR)
    with refused("over"):
        services.withdraw_override(override=Override.objects.in_force().get(), by=rota.manager, now=now + 3 * HOUR)


def test_withdrawing_is_refused_when_the_person_of_the_shift_has_taken_the_other_tier(rota, now):
    planned = type(rota.manager).objects.get(pk=holder(rota, now))
    override = approve(rota, rota.colleague, now + HOUR, now + 5 * HOUR, now=now)
    approve(rota, planned, now + 2 * HOUR, now + 3 * HOUR, now=now, tier=Tier.SECONDARY)
    with refused("both_tiers") as refusal:
        services.withdraw_override(override=override, by=rota.manager, now=now)
    assert planned.name in refusal.value.messages[0]
    override.refresh_from_db()
    assert override.withdrawn_at is None


def test_an_override_fills_time_in_which_nobody_is_on_call(rota, now):
    beyond = now + timedelta(weeks=20)
    approve(rota, rota.colleague, beyond, beyond + DAY, now=now)
    assert final_timeline(rota.schedule, Span(beyond, beyond + DAY))[0].person == rota.colleague.pk


def test_an_archived_schedule_takes_no_override(rota, now):
    rota.schedule.archived_at = now
    rota.schedule.save(update_fields=["archived_at"])
    with refused("archived"):
        approve(rota, rota.colleague, now + HOUR, now + DAY, now=now)
