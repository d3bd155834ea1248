"""The incident pages: what each actor sees and may do, and the link that survives mail scanners."""

import re
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from incidents.escalation.terms import Via
from incidents.paging import links
from incidents.paging.models import Incident, Page, State
from incidents.paging.services import acknowledge, resolve, sweep
from rotations.contact.models import Delivery, Message
from rotations.contact.sending import send_due
from rotations.people.clock import now as clock
from rotations.people.models import Role
from rotations.rota.models import Shift
from rotations.schedule.tiers import Tier
from tests.factories import AlertFactory, IncidentFactory, PublicationFactory, ServiceFactory, ShiftFactory


@pytest.fixture
def incident(actors):
    """An incident of the actors' team, just opened: the member is primary and paged, the manager is secondary."""
    at = clock()
    service = ServiceFactory(team=actors.team, name="payouts-api")
    publication = PublicationFactory(rotation__schedule=service.schedule)
    window = {"starts_at": at - timedelta(days=1), "ends_at": at + timedelta(days=1)}
    ShiftFactory(publication=publication, user=actors.member, **window)
    ShiftFactory(publication=publication, tier=Tier.SECONDARY, user=actors.manager, **window)
    incident = IncidentFactory(service=service, opened_at=at, step_planned_at=at, next_action_at=at)
    sweep(now=at)
    return incident


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def test_the_page_says_who_is_paged_next_and_when(incident, actors):
    page = signed_in(actors.member).get(reverse("incident", args=[incident.pk])).content.decode()
    assert "Mara Lindt (secondary)" in page
    assert "if nobody acknowledges" in page
    assert "Not told yet." in page


@pytest.mark.parametrize(
    ("actor", "status"), [("member", 302), ("manager", 302), ("superuser", 302), ("observer", 403), ("stranger", 404)]
)
def test_responders_acknowledge_observers_may_not_and_strangers_find_nothing(incident, actors, actor, status):
    answer = signed_in(getattr(actors, actor)).post(reverse("incident-acknowledge", args=[incident.pk]))
    assert answer.status_code == status
    incident.refresh_from_db()
    assert (incident.state == State.ACKNOWLEDGED) == (status == 302)


def test_acknowledging_second_tells_who_was_first(incident, actors):
    signed_in(actors.member).post(reverse("incident-acknowledge", args=[incident.pk]))
    page = signed_in(actors.manager).post(reverse("incident-acknowledge", args=[incident.pk]), follow=True)
    assert "Jonas Weber was first, at" in page.content.decode()


def test_what_a_provider_answered_is_for_its_owner_and_for_managers(incident, actors):
    Delivery.objects.filter(message__recipient=actors.member).update(answer="550 no mailbox jonas@home.example")
    shown_to = [
        name
        for name in ("member", "manager", "superuser", "observer")
        if "jonas@home.example" in signed_in(getattr(actors, name)).get(f"/incidents/{incident.pk}/").content.decode()
    ]
    assert shown_to == ["member", "manager", "superuser"]


def test_a_page_left_open_learns_the_new_state_everywhere_on_it(incident, actors):
    signed_in(actors.manager).post(reverse("incident-acknowledge", args=[incident.pk]))
    asked = signed_in(actors.member).get(f"/incidents/{incident.pk}/", headers={"HX-Request": "true"})
    refreshed = asked.content.decode()
    assert "<html" not in refreshed
    assert refreshed.count('hx-swap-oob="true"') == 3  # the tags at the head, the lead, the timeline
    assert "Not acknowledged" not in refreshed.split('id="state"')[1].split("</div>")[0]
    assert "acknowledged and leads" in refreshed.split('id="history"')[1]


def timeline_of(*instants):
    """The timeline's text, of entries at these instants, newest first."""
    lines = [SimpleNamespace(at=datetime.fromisoformat(at), user=None, sentence="Paged") for at in instants]
    shown = {"shown": SimpleNamespace(timeline=lines), "incident": SimpleNamespace(opened_at=lines[-1].at)}
    with timezone.override("Europe/Berlin"):
        page = render_to_string("incidents/paging/_timeline.html", shown)
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_the_timeline_says_its_zone_once_and_the_day_only_where_it_changes():
    one_day = timeline_of("2026-01-12T22:59:07+00:00", "2026-01-12T22:58:00+00:00")
    assert one_day == "Timeline 23:59:07 Paged 23:58:00 Paged Times in CET. Newest first."
    two_days = timeline_of("2026-01-12T23:00:07+00:00", "2026-01-12T22:59:00+00:00", "2026-01-12T22:58:00+00:00")
    assert "Tue 13 Jan 00:00:07 Paged Mon 12 Jan 23:59:00 Paged 23:58:00 Paged Times in CET." in two_days


def test_a_timeline_over_a_clock_change_names_the_zone_at_every_entry():
    page = timeline_of("2026-10-25T01:30:00+00:00", "2026-10-25T00:30:00+00:00")
    assert page == "Timeline 02:30:00 CET Paged 02:30:00 CEST Paged Newest first."


def test_the_alarm_stands_wherever_the_incident_does_until_somebody_acknowledges(incident, actors):
    paths = [reverse("now"), reverse("incident-list"), reverse("incident", args=[incident.pk])]
    Incident.objects.update(exhausted_at=clock())
    for path in paths:
        assert ">Nobody answered<" in signed_in(actors.observer).get(path).content.decode()
    acknowledge(incident_id=incident.pk, via=Via.WEB, by=actors.member, now=clock())
    for path in paths:
        assert ">Nobody answered<" not in signed_in(actors.observer).get(path).content.decode()


def test_acknowledging_what_is_over_says_when_it_was_resolved(incident, actors):
    resolve(incident_id=incident.pk, by=actors.manager, now=clock())
    page = signed_in(actors.member).post(reverse("incident-acknowledge", args=[incident.pk]), follow=True)
    assert "It was resolved at" in page.content.decode()
    assert "was first" not in page.content.decode()


def test_paging_the_secondary_when_nobody_is_there_claims_nothing(incident, actors):
    Shift.objects.filter(tier=Tier.SECONDARY).update(user=None)
    actors.team.memberships.filter(user=actors.manager).update(role=Role.RESPONDER)
    path = reverse("incident-escalate", args=[incident.pk])
    page = signed_in(actors.member).post(path, {"reason": "deep"}, follow=True)
    assert "Nobody is paged again" in page.content.decode()


def test_paging_the_secondary_needs_one_of_the_four_reasons(incident, actors):
    refused = signed_in(actors.member).post(reverse("incident-escalate", args=[incident.pk]), {"reason": "bored"})
    assert refused.status_code == 422
    assert not Page.objects.filter(user=actors.manager).exists()
    signed_in(actors.member).post(reverse("incident-escalate", args=[incident.pk]), {"reason": "specialist"})
    assert Page.objects.get(user=actors.manager).manual_reason == "specialist"


def test_resolving_keeps_what_fixed_it_and_whether_the_second_person_was_needed(incident, actors):
    told = {"resolution": "Restarted the gateway.", "second_needed": "no"}
    signed_in(actors.member).post(reverse("incident-resolve", args=[incident.pk]), told)
    incident.refresh_from_db()
    assert (incident.state, incident.resolution, incident.second_needed) == (State.RESOLVED, told["resolution"], False)


def test_a_raised_severity_pages_the_secondary_at_once(incident, actors):
    signed_in(actors.member).post(reverse("incident-severity", args=[incident.pk]), {"severity": "2"})
    assert Page.objects.get(user=actors.manager).cause == "severity"


def test_a_secondary_who_was_asked_for_is_not_paged_again_when_the_severity_rises(incident, actors):
    signed_in(actors.member).post(reverse("incident-escalate", args=[incident.pk]), {"reason": "specialist"})
    signed_in(actors.member).post(reverse("incident-severity", args=[incident.pk]), {"severity": "1"})
    assert Page.objects.get(user=actors.manager).cause == "manual"


def test_the_page_shows_what_the_sender_told_and_where_it_points(incident, actors):
    detail = {
        "component": "psp-gateway",
        "links": [{"href": "https://wiki.example.com/payouts", "text": "Runbook"}],
        "images": [{"src": "https://graphs.example.com/5xx.png"}],
        "custom_details": {"rate": "17 %", "nodes": ["a", "b"]},
    }
    AlertFactory(incident=incident, integration__service=incident.service, detail=detail)
    page = signed_in(actors.member).get(reverse("incident", args=[incident.pk])).content.decode()
    for shown in ("psp-gateway", 'href="https://wiki.example.com/payouts"', "Runbook", "5xx.png", "17 %", "nodes"):
        assert shown in page


def test_opening_the_link_of_a_message_changes_nothing_and_its_button_acknowledges(incident, actors):
    """Mail scanners open links, some of them with HEAD; mail programs keep no cookies."""
    path = Message.objects.get(recipient=actors.member).path
    scanner = Client()
    for request in (scanner.get, scanner.head):
        assert request(path).status_code == 200
    incident.refresh_from_db()
    assert incident.state == State.TRIGGERED
    assert Message.objects.get(recipient=actors.member).seen_at is None
    assert Client(enforce_csrf_checks=True).post(path, follow=True).status_code == 200
    incident.refresh_from_db()
    assert (incident.state, incident.acknowledged_by) == (State.ACKNOWLEDGED, actors.member)


def test_the_link_works_as_it_stands_in_the_inbox_and_in_whatever_is_sent(actors, settings, mailoutbox, incident):
    settings.EMAIL_URL = "smtp://mail.example.com"  # so that e-mail counts as a channel
    later = incident.opened_at + timedelta(minutes=10)
    sweep(now=later)
    send_due(clock=lambda: later)
    [mail] = [mail for mail in mailoutbox if mail.to == [actors.manager.email]]
    [sent] = re.findall(rf"{settings.SITE_URL}(/page/\S+)", mail.body)
    shown = signed_in(actors.manager).get(reverse("inbox")).content.decode()
    assert f'href="{sent}"' in shown
    assert "Acknowledge" in Client().get(sent).content.decode()


def test_the_page_of_a_link_records_seen_by_a_post(incident, actors):
    path = Message.objects.get(recipient=actors.member).path
    assert Client().post(f"{path}seen/").status_code == 204
    assert Message.objects.get(recipient=actors.member).seen_at is not None


def test_a_link_that_was_not_signed_here_is_refused_in_words(incident, actors):
    path = links.path_for(incident.pk, actors.member.pk)
    forged = Client().post(f"{path[:-4]}abc/")
    assert forged.status_code == 404
    assert "This link no longer works" in forged.content.decode()
    assert Incident.objects.get().state == State.TRIGGERED


def test_a_link_ends_with_its_person(incident, actors):
    path = links.path_for(incident.pk, actors.member.pk)
    actors.member.is_active = False
    actors.member.save(update_fields=["is_active"])
    assert Client().post(path).status_code == 404


def test_a_link_to_a_stranger_of_the_incident_shows_nothing(incident, actors):
    assert Client().get(links.path_for(incident.pk, actors.stranger.pk)).status_code == 404


def test_who_is_signed_in_goes_from_the_link_to_the_whole_page(incident, actors):
    answer = signed_in(actors.member).get(links.path_for(incident.pk, actors.member.pk))
    assert answer.url == reverse("incident", args=[incident.pk])


@pytest.mark.parametrize("count", [1, 50])
def test_the_list_asks_the_database_as_often_for_fifty_as_for_one(
    incident, actors, count, django_assert_max_num_queries
):
    IncidentFactory.create_batch(count - 1, service=incident.service, lead=actors.manager)
    client = signed_in(actors.member)
    with django_assert_max_num_queries(6):
        page = client.get(reverse("incident-list"))
    assert page.content.decode().count("INC-") == min(count, 25)
