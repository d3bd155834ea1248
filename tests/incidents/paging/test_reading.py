"""What people read: lists, the incident page, the timeline in words, and the text of a page."""

from datetime import timedelta

import pytest

from incidents.escalation.terms import ManualReason, Severity, Target, Via
from incidents.paging.models import EntryKind, Incident, State, TimelineEntry
from incidents.paging.selectors import (
    incident_list,
    incident_page,
    open_incidents,
    timeline,
)
from incidents.paging.services import (
    Closing,
    Repeat,
    acknowledge,
    change_severity,
    escalate,
    note_repeats,
    resolve,
    resolve_by_alerts,
    sweep,
)
from incidents.paging.words import REASONS, SENTENCES
from rotations.contact.models import Message
from rotations.people.models import Role
from rotations.schedule.tiers import Tier
from tests.factories import MembershipFactory, UserFactory
from tests.incidents.paging.duty import make_duty, play_until

MINUTE = timedelta(minutes=1)
pytestmark = pytest.mark.django_db


def said(incident):
    """The timeline, oldest first: (sentence, why)."""
    return [(line.sentence, line.why) for line in reversed(timeline(incident))]


def test_every_kind_of_entry_has_a_sentence():
    assert set(SENTENCES) == set(EntryKind)
    assert set(REASONS) <= set(EntryKind)


def test_silence_reads_as_a_story(duty, now):
    incident = duty.open(now)
    play_until(incident, now + 60 * MINUTE)
    assert said(incident) == [
        ("Incident opened as SEV3", ""),
        ("Paged Jonas Weber as primary", "Cause: first page. Step 1"),
        ("Paged Mara Lindt as secondary", "Cause: not acknowledged in time. Step 2"),
        ("Paged Ines Koch", "Cause: not acknowledged in time. Step 3"),
        ("Nobody answered: the alarm is raised", "Everybody whom the policy names was paged, or nobody could be"),
    ]


def test_what_people_do_reads_as_a_story(duty, now):
    incident = duty.open(now)
    acknowledge(incident_id=incident.pk, via=Via.LINK, by=duty.jonas, now=now)
    note_repeats([Repeat(incident.pk, "5xx rate 17 %", times=1, event_count=3)], now=now)
    escalate(incident_id=incident.pk, reason=ManualReason.DEEP, by=duty.jonas, now=now)
    change_severity(incident_id=incident.pk, severity=Severity.SEV4, by=duty.mara, now=now)
    resolve(incident_id=incident.pk, second_needed=True, by=duty.mara, now=now)
    assert said(incident)[2:] == [
        ("Jonas Weber (primary) acknowledged and leads", "By the link in a message"),
        ("Alert repeated: 5xx rate 17 %", "1 event; 3 with this key"),
        ("Paged Mara Lindt as secondary: Jonas Weber asked for it", "Deep in another incident. Asking early is right"),
        ("Mara Lindt changed the severity from SEV3 to SEV4", ""),
        ("Mara Lindt (secondary) resolved the incident", "The second person was needed"),
    ]


def test_what_is_missing_reads_as_a_story(duty, now):
    duty.nobody_is(Tier.PRIMARY)
    incident = duty.open(now)
    Message.objects.filter(page__user=duty.mara).update(undeliverable_at=now)
    sweep(now=now + MINUTE)
    sentences = [sentence for sentence, _why in said(incident)]
    assert "Nobody was paged: nobody is primary of Payments" in sentences
    assert "The page to Mara Lindt reaches nobody: every channel fails" in sentences


def test_the_machine_reads_as_a_story(duty, now):
    incident = duty.open(now)
    acknowledge(incident_id=incident.pk, via=Via.SENDER, by=None, now=now)
    resolve_by_alerts([Closing(incident.pk, "Disk is full")], now=now)
    assert [sentence for sentence, _why in said(incident)[2:]] == [
        "Acknowledged by the sender",
        "Alert resolved: Disk is full",
        "Resolved with its last alert",
    ]


def test_a_timeline_is_newest_first_and_stable_within_an_instant(duty, now):
    incident = duty.open(now)
    kinds = [line.kind for line in timeline(incident)]
    assert kinds == [EntryKind.PAGED, EntryKind.OPENED]
    assert TimelineEntry.objects.filter(incident=incident, at=now).count() == 2


def test_a_page_says_what_happens_next_and_when_on_the_readers_clock(duty, now):
    incident = duty.open(now)
    first = Message.objects.get(page__user=duty.jonas)
    assert first.subject == f"SEV3 {duty.service.name}: Payout webhooks failing"
    assert first.body.splitlines() == [
        "Payout webhooks failing",
        f"{incident.code}, SEV3, {duty.service.name}, open since 10:00:00 CET.",
        "You are paged as primary. You are the first to know.",
        "If nobody acknowledges, Mara Lindt (secondary) is paged at 10:05:00 CET.",
    ]
    play_until(incident, now + 10 * MINUTE)
    second, third = (Message.objects.get(page__user=user).body for user in (duty.mara, duty.ines))
    assert "Nobody acknowledged within 5 minutes." in second
    assert "the managers are paged at 10:10:00 CET" in second
    assert "an alarm is raised at 10:15:00 CET" in third


def test_a_subject_has_room_for_the_longest_title(duty, now):
    duty.open(now, title="x" * 1024)
    subject = Message.objects.get().subject
    assert len(subject) == 250
    assert subject.endswith("…")


def test_the_incident_page_says_who_is_next_and_by_which_rule(duty, now):
    incident = duty.open(now)
    page = incident_page(duty.jonas, incident.pk, now=now)
    assert (page.next_action.at, page.next_action.since) == (now + 5 * MINUTE, now)
    assert (page.next_action.target, page.next_action.tier) == (Target.SECONDARY, Tier.SECONDARY)
    assert page.next_action.people == (duty.mara,)
    assert page.next_action.rule == "If nobody acknowledges within 5 minutes, page the secondary"
    assert (page.next_action.step, page.secondary, page.may_respond) == (2, duty.mara, True)
    assert [(on.user, on.tier, on.paged_at) for on in page.on_it] == [
        (duty.jonas, Tier.PRIMARY, now),
        (duty.mara, Tier.SECONDARY, None),
    ]
    assert page.on_it[0].deliveries[0].state == "sent"


def test_the_last_call_and_what_follows_it_are_said(duty, now):
    incident = duty.open(now)
    play_until(incident, now + 10 * MINUTE)
    page = incident_page(duty.ines, incident.pk, now=now + 11 * MINUTE)
    assert page.next_action.rule == "If nobody acknowledges within 5 minutes, raise the alarm"
    play_until(incident, now + 60 * MINUTE)
    assert incident_page(duty.ines, incident.pk, now=now + 60 * MINUTE).next_action is None


def test_nothing_is_next_once_somebody_leads(duty, now):
    incident = duty.open(now)
    acknowledge(incident_id=incident.pk, via=Via.WEB, by=duty.jonas, now=now)
    page = incident_page(duty.jonas, incident.pk, now=now)
    assert page.next_action is None
    assert page.on_it[0].acknowledged_at == now


def test_strangers_see_no_incident_until_they_are_paged_about_it(duty, now):
    incident = duty.open(now)
    stranger = UserFactory()
    with pytest.raises(Incident.DoesNotExist):
        incident_page(stranger, incident.pk, now=now)
    incident.pages.update(user=stranger)
    page = incident_page(stranger, incident.pk, now=now)
    assert page.may_respond
    assert list(incident_list(stranger)) == [incident]


def test_observers_read_and_do_not_act(duty, now):
    incident = duty.open(now)
    observer = MembershipFactory(team=duty.team, role=Role.OBSERVER).user
    assert not incident_page(observer, incident.pk, now=now).may_respond


def test_the_list_is_newest_first_and_can_be_narrowed(duty, now):
    other = make_duty(team=duty.team)
    old, new, elsewhere = duty.open(now), duty.open(now + MINUTE), other.open(now + 2 * MINUTE)
    resolve(incident_id=old.pk, by=None, now=now)
    assert list(incident_list(duty.jonas)) == [elsewhere, new, old]
    assert list(incident_list(duty.jonas, state="open")) == [elsewhere, new]
    assert list(incident_list(duty.jonas, state=State.RESOLVED)) == [old]
    assert list(incident_list(duty.jonas, service_id=other.service.pk)) == [elsewhere]


def test_what_waits_for_me_is_what_i_was_paged_about_and_nobody_has(duty, now):
    incident = duty.open(now)
    assert [line.waits_for_me for line in open_incidents(duty.jonas, now=now)] == [True]
    line = open_incidents(duty.mara, now=now)[0]
    assert (line.incident, line.waits_for_me, line.next_action.people) == (incident, False, (duty.mara,))
    acknowledge(incident_id=incident.pk, via=Via.WEB, by=duty.jonas, now=now)
    assert [line.waits_for_me for line in open_incidents(duty.jonas, now=now)] == [False]


@pytest.mark.parametrize("count", [1, 50])
def test_the_front_page_costs_the_same_for_any_number_of_incidents(duty, now, django_assert_max_num_queries, count):
    for n in range(count):
        duty.open(now, title=f"Disk {n} is full")
    with django_assert_max_num_queries(11):
        assert len(open_incidents(duty.jonas, now=now)) == count


@pytest.mark.parametrize("count", [1, 50])
def test_the_incident_page_costs_the_same_for_any_length_of_timeline(duty, now, django_assert_max_num_queries, count):
    incident = duty.open(now)
    for n in range(count):
        escalate(incident_id=incident.pk, reason=ManualReason.DEEP, by=duty.jonas, now=now + 2 * n * MINUTE)
    with django_assert_max_num_queries(19):
        assert len(incident_page(duty.jonas, incident.pk, now=now).timeline) >= count
