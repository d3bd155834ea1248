"""The engine over real rows: who is paged, and how it is stopped."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from incidents.escalation.terms import ManualReason, Severity, Via
from incidents.paging.models import Alert, EntryKind, Incident, Page, State, TimelineEntry
from incidents.paging.services import (
    Closing,
    Opening,
    Repeat,
    acknowledge,
    advance,
    change_severity,
    escalate,
    note_repeats,
    open_incidents,
    raise_severities,
    resolve,
    resolve_by_alerts,
    sweep,
)
from rotations.contact.models import Delivery, DeliveryState, Message
from rotations.people.models import Membership, Role
from rotations.schedule.tiers import Tier
from tests.factories import IntegrationFactory, MembershipFactory, OverrideFactory, UserFactory
from tests.incidents.paging.duty import make_duty, pages_of, play_until

MINUTE = timedelta(minutes=1)
JONAS = ("Jonas Weber", "primary", "first")
MARA = ("Mara Lindt", "secondary", "timeout")
INES = ("Ines Koch", "", "timeout")
pytestmark = pytest.mark.django_db


def kinds(incident):
    return list(TimelineEntry.objects.filter(incident=incident).order_by("pk").values_list("kind", flat=True))


def alert_of(incident, key="disk"):
    integration = IntegrationFactory(service=incident.service)
    return Alert.objects.create(
        integration=integration, key=key, incident=incident, summary=key, severity=3,
        opened_at=incident.opened_at, last_event_at=incident.opened_at,
    )  # fmt: skip


def test_a_new_incident_pages_the_primary_in_the_same_transaction(duty, now):
    incident = duty.open(now)
    assert pages_of(incident) == [JONAS]
    page = Page.objects.get(incident=incident)
    assert (page.step, page.planned_at, page.paged_at) == (0, now, now)
    assert page.message.deliveries.exists()
    assert incident.next_action_at == now + 5 * MINUTE


def test_silence_reaches_the_secondary_then_the_managers_then_the_alarm(duty, now):
    incident = duty.open(now)
    play_until(incident, now + 60 * MINUTE)
    assert pages_of(incident) == [JONAS, MARA, INES]
    assert incident.exhausted_at == now + 15 * MINUTE + timedelta(seconds=1)
    assert incident.next_action_at is None
    assert kinds(incident) == ["opened", "paged", "paged", "paged", "exhausted"]


def test_who_holds_a_tier_is_asked_when_the_step_fires(duty, now):
    incident = duty.open(now)
    priya = MembershipFactory(team=duty.team, user__name="Priya Raman").user
    OverrideFactory(
        schedule=duty.service.schedule, tier=Tier.SECONDARY, user=priya,
        starts_at=now + MINUTE, ends_at=now + 60 * MINUTE,
    )  # fmt: skip
    play_until(incident, now + 5 * MINUTE)
    assert pages_of(incident)[1] == ("Priya Raman", "secondary", "timeout")


def test_nobody_is_primary_so_the_secondary_and_the_managers_are_paged_at_once(duty, now):
    duty.nobody_is(Tier.PRIMARY)
    incident = duty.open(now)
    assert pages_of(incident) == [("Mara Lindt", "secondary", "nobody_on_call"), ("Ines Koch", "", "nobody_on_call")]
    body = Message.objects.filter(page__user=duty.ines).get().body
    assert "Nobody is primary of Payments now." in body
    assert kinds(incident) == ["opened", "nobody", "paged", "paged"]


def test_somebody_who_left_holds_nothing(duty, now):
    duty.jonas.is_active = False
    duty.jonas.save(update_fields=["is_active"])
    incident = duty.open(now)
    assert pages_of(incident)[0] == ("Mara Lindt", "secondary", "nobody_on_call")


def test_nobody_in_the_world_leaves_an_alarm_never_silence(duty, now):
    duty.nobody_is(Tier.PRIMARY)
    duty.nobody_is(Tier.SECONDARY)
    Membership.objects.filter(user=duty.ines).update(role=Role.RESPONDER)
    incident = duty.open(now)
    incident.refresh_from_db()
    assert (incident.exhausted_at, pages_of(incident)) == (now, [])


def test_a_schedule_of_one_tier_goes_from_the_primary_to_the_managers(duty, now):
    duty.single_tier()
    incident = duty.open(now)
    play_until(incident, now + 6 * MINUTE)
    assert pages_of(incident) == [JONAS, INES]
    assert kinds(incident) == ["opened", "paged", "passed_over", "paged"]


def test_severity_two_pages_the_pair_at_once(duty, now):
    assert pages_of(duty.open(now, severity=Severity.SEV2)) == [JONAS, ("Mara Lindt", "secondary", "severity")]


def test_an_event_that_waited_in_the_inbox_leaves_time_to_answer(duty, now):
    incident = duty.open(now, opened_at=now - 20 * MINUTE)
    assert pages_of(incident) == [JONAS]
    assert incident.next_action_at == now + 2.5 * MINUTE


def test_an_event_from_the_future_is_paged_now(duty, now):
    incident = duty.open(now, opened_at=now + MINUTE)
    assert (pages_of(incident), incident.opened_at) == ([JONAS], now)


def test_incidents_come_back_in_the_order_of_their_openings(duty, now):
    other = make_duty()
    wanted = [(duty, "a"), (other, "b"), (duty, "c")]
    opened = open_incidents([Opening(d.service.pk, title, Severity.SEV3, now) for d, title in wanted], now=now)
    assert [(i.service_id, i.title) for i in opened] == [(d.service.pk, title) for d, title in wanted]
    assert pages_of(opened[1])[0][0] == "Jonas Weber"


def test_an_incident_keeps_the_version_it_opened_with(duty, now):
    assert duty.open(now).policy == duty.service.policy.versions.get()


def test_the_database_refuses_an_incident_that_waits_for_nothing(duty, now):
    incident = duty.open(now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Incident.objects.filter(pk=incident.pk).update(next_action_at=None)


def test_an_acknowledgement_stops_the_ladder_and_makes_a_lead(duty, now):
    incident = duty.open(now)
    answer = acknowledge(incident_id=incident.pk, via=Via.WEB, by=duty.jonas, now=now + MINUTE)
    sweep(now=now + 60 * MINUTE)
    incident.refresh_from_db()
    assert (answer.is_first, incident.state, incident.lead) == (True, State.ACKNOWLEDGED, duty.jonas)
    assert (incident.acknowledged_at, incident.acknowledged_tier) == (now + MINUTE, Tier.PRIMARY)
    assert pages_of(incident) == [JONAS]


def test_an_acknowledgement_cancels_whatever_has_not_gone_out_to_anybody(duty, now, settings):
    settings.EMAIL_URL = "smtp://localhost"
    incident = duty.open(now, severity=Severity.SEV1)
    waiting = Delivery.objects.filter(message__page__incident=incident, state=DeliveryState.QUEUED)
    assert waiting.exists()
    acknowledge(incident_id=incident.pk, via=Via.LINK, by=duty.mara, now=now + MINUTE)
    assert not waiting.exists()


def test_a_second_acknowledgement_changes_nothing_and_says_who_was_first(duty, now):
    incident = duty.open(now)
    acknowledge(incident_id=incident.pk, via=Via.WEB, by=duty.jonas, now=now)
    answer = acknowledge(incident_id=incident.pk, via=Via.WEB, by=duty.mara, now=now + MINUTE)
    assert (answer.is_first, answer.by) == (False, duty.jonas)
    assert kinds(incident).count("acknowledged") == 1


def test_the_sender_can_acknowledge_and_then_nobody_leads(duty, now):
    incident = duty.open(now)
    answer = acknowledge(incident_id=incident.pk, via=Via.SENDER, by=None, now=now)
    assert (answer.incident.state, answer.incident.lead) == (State.ACKNOWLEDGED, None)


def test_a_stranger_who_was_paged_by_name_may_acknowledge_and_another_stranger_may_not(duty, now):
    incident = duty.open(now)
    stranger = UserFactory()
    with pytest.raises(PermissionDenied):
        acknowledge(incident_id=incident.pk, via=Via.WEB, by=stranger, now=now)
    Page.objects.filter(incident=incident).update(user=stranger)
    assert acknowledge(incident_id=incident.pk, via=Via.WEB, by=stranger, now=now).is_first


@pytest.mark.parametrize("role", [Role.OBSERVER])
def test_an_observer_does_not_act(duty, now, role):
    incident = duty.open(now)
    observer = MembershipFactory(team=duty.team, role=role).user
    for act in (
        lambda: acknowledge(incident_id=incident.pk, via=Via.WEB, by=observer, now=now),
        lambda: escalate(incident_id=incident.pk, reason=ManualReason.DEEP, by=observer, now=now),
        lambda: resolve(incident_id=incident.pk, by=observer, now=now),
        lambda: change_severity(incident_id=incident.pk, severity=Severity.SEV1, by=observer, now=now),
    ):
        with pytest.raises(PermissionDenied):
            act()


def test_the_primary_asks_for_the_secondary_and_the_managers_wait_their_time_from_then(duty, now):
    incident = duty.open(now)
    pages = escalate(incident_id=incident.pk, reason=ManualReason.SPECIALIST, by=duty.jonas, now=now + MINUTE)
    incident.refresh_from_db()
    assert [(p.user, p.cause, p.manual_reason) for p in pages] == [(duty.mara, "manual", "specialist")]
    assert incident.next_action_at == now + 6 * MINUTE
    assert "Jonas Weber asked for you: Specialist needed." in pages[0].message.body
    play_until(incident, now + 6 * MINUTE)
    assert pages_of(incident)[2] == INES


def test_asking_twice_at_once_is_a_second_click(duty, now):
    incident = duty.open(now)
    escalate(incident_id=incident.pk, reason=ManualReason.DEEP, by=duty.jonas, now=now)
    assert escalate(incident_id=incident.pk, reason=ManualReason.DEEP, by=duty.jonas, now=now) == []
    assert escalate(incident_id=incident.pk, reason=ManualReason.DEEP, by=duty.jonas, now=now + 2 * MINUTE)


def test_asking_twice_at_once_is_a_second_click_also_where_the_managers_were_paged_instead(duty, now):
    duty.nobody_is(Tier.SECONDARY)
    incident = duty.open(now)
    assert escalate(incident_id=incident.pk, reason=ManualReason.DEEP, by=duty.jonas, now=now)
    assert escalate(incident_id=incident.pk, reason=ManualReason.DEEP, by=duty.jonas, now=now) == []


def test_the_secondary_who_asks_reaches_the_managers(duty, now):
    incident = duty.open(now, severity=Severity.SEV1)
    acknowledge(incident_id=incident.pk, via=Via.WEB, by=duty.mara, now=now)
    pages = escalate(incident_id=incident.pk, reason=ManualReason.BEYOND_ONE, by=duty.mara, now=now)
    assert [page.user for page in pages] == [duty.ines]


def test_asking_about_an_acknowledged_incident_is_a_page_and_no_timer(duty, now):
    incident = duty.open(now)
    acknowledge(incident_id=incident.pk, via=Via.WEB, by=duty.jonas, now=now)
    escalate(incident_id=incident.pk, reason=ManualReason.DEEP, by=duty.jonas, now=now + MINUTE)
    incident.refresh_from_db()
    assert (incident.next_action_at, incident.state) == (None, State.ACKNOWLEDGED)
    assert pages_of(incident)[1] == ("Mara Lindt", "secondary", "manual")


def test_nobody_asks_for_help_with_what_is_over(duty, now):
    incident = duty.open(now)
    resolve(incident_id=incident.pk, by=duty.jonas, now=now)
    with pytest.raises(ValidationError) as refused:
        escalate(incident_id=incident.pk, reason=ManualReason.DEEP, by=duty.jonas, now=now)
    assert refused.value.code == "resolved"


def test_resolving_ends_the_incident_and_its_alerts_and_records_the_tier(duty, now):
    incident = duty.open(now)
    alert = alert_of(incident)
    resolve(incident_id=incident.pk, resolution=" Restarted ", second_needed=False, by=duty.jonas, now=now + MINUTE)
    incident.refresh_from_db()
    alert.refresh_from_db()
    assert (incident.resolved_tier, incident.resolution, incident.second_needed) == (Tier.PRIMARY, "Restarted", False)
    assert alert.resolved_at == now + MINUTE
    resolve(incident_id=incident.pk, resolution="again", by=duty.mara, now=now + 2 * MINUTE)
    incident.refresh_from_db()
    assert incident.resolution == "Restarted"


def test_an_incident_ends_with_its_last_alert(duty, now):
    incident = duty.open(now)
    first, second = alert_of(incident, "a"), alert_of(incident, "b")
    for alert, ended in ((first, []), (second, [incident.pk])):
        Alert.objects.filter(pk=alert.pk).update(resolved_at=now)
        assert resolve_by_alerts([Closing(incident.pk, alert.summary)], now=now) == ended
    incident.refresh_from_db()
    assert (incident.state, incident.resolved_by, incident.next_action_at) == (State.RESOLVED, None, None)
    assert kinds(incident)[-3:] == ["alert_resolved", "alert_resolved", "resolved"]


def test_a_severity_raised_by_a_person_pages_the_secondary(duty, now):
    incident = duty.open(now)
    acknowledge(incident_id=incident.pk, via=Via.WEB, by=duty.jonas, now=now)
    change_severity(incident_id=incident.pk, severity=Severity.SEV1, by=duty.jonas, now=now)
    incident.refresh_from_db()
    assert (incident.severity, pages_of(incident)[1]) == (1, ("Mara Lindt", "secondary", "severity"))


def test_senders_only_raise_severities(duty, now):
    worse, better = duty.open(now), duty.open(now)
    raise_severities({worse.pk: Severity.SEV2, better.pk: Severity.SEV5}, now=now)
    worse.refresh_from_db()
    better.refresh_from_db()
    assert (worse.severity, better.severity) == (2, 3)
    assert len(pages_of(worse)) == 2
    assert len(pages_of(better)) == 1


def test_a_repeated_alert_is_a_line_and_no_page(duty, now):
    incident = duty.open(now)
    note_repeats([Repeat(incident.pk, "5xx rate 17 %", times=3, event_count=4)], now=now)
    assert kinds(incident) == ["opened", "paged", "repeated"]
    assert advance([incident.pk], now=now) == 0


def test_a_page_that_reaches_nobody_brings_the_secondary_forward(duty, now):
    incident = duty.open(now)
    Message.objects.filter(page__incident=incident).update(undeliverable_at=now + MINUTE)
    sweep(now=now + MINUTE)
    sweep(now=now + MINUTE)
    incident.refresh_from_db()
    assert pages_of(incident)[1:] == [("Mara Lindt", "secondary", "undeliverable"), ("Ines Koch", "", "undeliverable")]
    assert incident.next_action_at == now + 6 * MINUTE
    assert kinds(incident) == ["opened", "paged", "undeliverable", "paged", "paged"]


def test_help_that_was_asked_for_and_reaches_nobody_is_told_to_the_managers_once(duty, now):
    incident = duty.open(now)
    acknowledge(incident_id=incident.pk, via=Via.WEB, by=duty.jonas, now=now)
    [page] = escalate(incident_id=incident.pk, reason=ManualReason.DEEP, by=duty.jonas, now=now + MINUTE)
    Message.objects.filter(page=page).update(undeliverable_at=now + 2 * MINUTE)
    for _ in range(2):
        assert sweep(now=now + 2 * MINUTE).incidents <= 1
    assert pages_of(incident)[2:] == [("Ines Koch", "", "undeliverable")]
    Message.objects.filter(page__user=duty.ines).update(undeliverable_at=now + 3 * MINUTE)
    for _ in range(2):
        sweep(now=now + 3 * MINUTE)
    assert kinds(incident) == ["opened", "paged", "acknowledged", "paged", "undeliverable", "paged", "undeliverable"]
    incident.refresh_from_db()
    assert (incident.state, incident.next_action_at) == (State.ACKNOWLEDGED, None)


def test_a_trigger_whose_page_reaches_nobody_is_told_to_the_managers_and_the_ladder_goes_on(duty, now):
    incident = duty.open(now, severity=Severity.SEV2)
    Message.objects.filter(page__user=duty.mara).update(undeliverable_at=now + MINUTE)
    for _ in range(2):
        sweep(now=now + MINUTE)
    incident.refresh_from_db()
    assert pages_of(incident)[2:] == [("Ines Koch", "", "undeliverable")]
    assert incident.next_action_at == now + 5 * MINUTE


def test_managers_whose_page_fails_raise_the_alarm_once(duty, now):
    incident = duty.open(now)
    play_until(incident, now + 10 * MINUTE)
    Message.objects.filter(page__incident=incident, page__user=duty.ines).update(undeliverable_at=now + 11 * MINUTE)
    for _ in range(3):
        sweep(now=now + 12 * MINUTE)
    incident.refresh_from_db()
    assert incident.exhausted_at == now + 12 * MINUTE
    assert kinds(incident).count("exhausted") == 1


def test_one_manager_who_is_reached_is_enough(duty, now):
    MembershipFactory(team=duty.team, role=Role.MANAGER)
    incident = duty.open(now)
    play_until(incident, now + 10 * MINUTE)
    Message.objects.filter(page__incident=incident, page__user=duty.ines).update(undeliverable_at=now + 11 * MINUTE)
    sweep(now=now + 12 * MINUTE)
    incident.refresh_from_db()
    assert incident.exhausted_at is None


def test_every_page_is_explained_by_the_timeline(duty, now):
    incident = duty.open(now, severity=Severity.SEV2)
    escalate(incident_id=incident.pk, reason=ManualReason.DEEP, by=duty.jonas, now=now)
    play_until(incident, now + 60 * MINUTE)
    explained = TimelineEntry.objects.filter(incident=incident, kind=EntryKind.PAGED).values_list("page", flat=True)
    assert sorted(explained) == sorted(Page.objects.filter(incident=incident).values_list("pk", flat=True))
