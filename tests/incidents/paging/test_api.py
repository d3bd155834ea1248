"""Incidents for programs: who sees them, who acts on them, and what a program is told when it comes too late."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.escalation.terms import Cause, Via
from incidents.paging import services
from incidents.paging.models import Incident, Page, State
from rotations.contact.models import Message, MessageKind
from rotations.people.clock import now as real_now
from tests.factories import SOME_MONDAY, IncidentFactory, ServiceFactory, UserFactory

pytestmark = pytest.mark.django_db
LIST = "/api/v1/incidents/"


@pytest.fixture
def incident(actors):
    return IncidentFactory(service=ServiceFactory(team=actors.team, slug="payouts"), title="Payouts fail")


def page(incident: Incident, user) -> Page:
    """As if the engine had paged somebody."""
    message = Message.objects.create(
        recipient=user, kind=MessageKind.PAGE, subject="Payouts fail", path="/", created_at=SOME_MONDAY
    )
    return Page.objects.create(
        incident=incident, user=user, cause=Cause.FIRST, planned_at=SOME_MONDAY, paged_at=SOME_MONDAY, message=message
    )


def post(client, incident, action: str, body: dict | None = None):
    return client.post(f"{LIST}{incident.pk}/{action}/", body or {}, content_type="application/json")


def incidents(client, **query) -> list[str]:
    return [row["title"] for row in client.get(LIST, query).json()["results"]]


@pytest.mark.parametrize(
    ("actor", "read", "act"),
    [
        ("stranger", 404, 404),
        ("observer", 200, 403),
        ("member", 200, 200),
        ("manager", 200, 200),
        ("superuser", 200, 200),
    ],
)
def test_who_sees_an_incident_and_who_acts_on_it(actor, read, act, request):
    client, actors, incident = (request.getfixturevalue(name) for name in ("client", "actors", "incident"))
    client.force_login(getattr(actors, actor))
    assert incidents(client) == (["Payouts fail"] if read == 200 else [])
    assert client.get(f"{LIST}{incident.pk}/").status_code == read
    assert post(client, incident, "escalate", {"reason": "specialist"}).status_code == act
    assert post(client, incident, "acknowledge").status_code == act
    assert post(client, incident, "resolve").status_code == act


def test_a_stranger_cannot_tell_an_incident_from_none(client, actors, incident):
    client.force_login(actors.stranger)
    for method, path in (("get", ""), ("post", "acknowledge/"), ("post", "escalate/"), ("post", "resolve/")):
        there = getattr(client, method)(f"{LIST}{incident.pk}/{path}", content_type="application/json")
        not_there = getattr(client, method)(f"{LIST}{incident.pk + 1000}/{path}", content_type="application/json")
        assert (there.status_code, there.content) == (not_there.status_code, not_there.content)


def test_whoever_was_paged_sees_it_and_acts_though_no_member(client, actors, incident):
    page(incident, actors.stranger)
    client.force_login(actors.stranger)
    assert incidents(client) == ["Payouts fail"]
    answer = post(client, incident, "acknowledge")
    assert answer.status_code == 200
    assert answer.json()["may_respond"] is True


def test_one_incident_is_told_with_its_next_action_timeline_and_alerts(client, actors, incident):
    client.force_login(actors.member)
    answer = client.get(f"{LIST}{incident.pk}/").json()
    assert answer["incident"]["code"] == f"INC-{incident.pk}"
    assert answer["incident"]["service"]["slug"] == "payouts"
    assert answer["incident"]["opened_at"] == "2026-12-07T08:00:00Z"
    assert set(answer) == {"incident", "next_action", "on_it", "timeline", "alerts", "may_respond"}


def test_acknowledging_makes_you_the_lead_and_is_told_as_done_by_a_program(client, actors, incident):
    client.force_login(actors.member)
    answer = post(client, incident, "acknowledge").json()
    assert answer["incident"]["state"] == "acknowledged"
    assert answer["incident"]["lead"]["name"] == "Jonas Weber"
    assert answer["incident"]["next_action_at"] is None
    assert incident.timeline.get().detail["via"] == "api"


def test_acknowledging_twice_changes_nothing(client, actors, incident):
    client.force_login(actors.member)
    first = post(client, incident, "acknowledge").json()
    assert post(client, incident, "acknowledge").json() == first
    assert incident.timeline.count() == 1


def test_coming_second_is_a_conflict_that_says_who_was_first(client, actors, incident):
    services.acknowledge(incident_id=incident.pk, via=Via.WEB, by=actors.manager, now=real_now())
    client.force_login(actors.member)
    answer = post(client, incident, "acknowledge")
    assert answer.status_code == 409
    assert answer.json() == {"detail": f"Mara Lindt has acknowledged {incident.code} already."}


@pytest.mark.parametrize(("action", "body"), [("acknowledge", {}), ("escalate", {"reason": "deep"}), ("resolve", {})])
def test_what_is_resolved_by_others_is_a_conflict(action, body, client, actors, incident):
    services.resolve(incident_id=incident.pk, by=actors.manager, now=real_now())
    client.force_login(actors.member)
    answer = post(client, incident, action, body)
    assert answer.status_code == 409
    assert answer.json() == {"detail": f"{incident.code} is resolved already."}


def test_resolving_keeps_what_fixed_it_and_whether_the_second_person_was_needed(client, actors, incident):
    client.force_login(actors.member)
    answer = post(client, incident, "resolve", {"resolution": "Restarted the worker", "second_needed": False})
    told = answer.json()["incident"]
    assert (told["state"], told["resolution"], told["second_needed"]) == ("resolved", "Restarted the worker", False)
    assert post(client, incident, "resolve").status_code == 200  # again: nothing changes
    incident.refresh_from_db()
    assert incident.resolution == "Restarted the worker"


def test_escalating_needs_one_of_the_four_reasons(client, actors, incident):
    client.force_login(actors.member)
    for body in ({}, {"reason": "bored"}, {"reason": None}, {"reason": ["deep"]}):
        answer = post(client, incident, "escalate", body)
        assert answer.status_code == 400
        assert answer.json()["reason"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["c", "b", "a"]),
        ({"state": "open"}, ["b", "a"]),
        ({"state": "triggered"}, ["b", "a"]),
        ({"state": "resolved"}, ["c"]),
        ({"severity": "2"}, ["b"]),
        ({"service": "payouts"}, ["c", "a"]),
        ({"service": "payouts", "state": "resolved", "severity": "3"}, ["c"]),
        ({"service": "unknown"}, []),
    ],
)
def test_the_list_is_narrowed_by_state_service_and_severity(query, expected, client, actors):
    payouts, ledger = (ServiceFactory(team=actors.team, slug=slug) for slug in ("payouts", "ledger"))
    IncidentFactory(service=payouts, title="a")
    IncidentFactory(service=ledger, title="b", severity=2)
    over = {"state": State.RESOLVED, "resolved_at": SOME_MONDAY + timedelta(hours=1), "next_action_at": None}
    IncidentFactory(service=payouts, title="c", **over)
    client.force_login(actors.member)
    assert incidents(client, **query) == expected


@pytest.mark.parametrize(
    "path",
    [
        "?state=broken",
        "?severity=0",
        "?severity=high",
        "?severity=" + "9" * 400,
        "?service=%00",
        "?service=a/b",
    ],
)
def test_bad_filters_are_a_400(path, client, actors):
    client.force_login(actors.member)
    assert client.get(LIST + path).status_code == 400


@pytest.mark.parametrize("number", ["0", "9" * 30, "9" * 5000, "-1", "abc", "1.5", "%00"])
def test_bad_numbers_are_a_404(number, client, actors):
    client.force_login(actors.member)
    assert client.get(f"{LIST}{number}/").status_code == 404
    assert client.post(f"{LIST}{number}/acknowledge/").status_code == 404


def test_contact_data_is_never_told(client, actors, incident):
    page(incident, actors.member)
    client.force_login(actors.member)
    post(client, incident, "acknowledge")
    for path in (LIST, f"{LIST}{incident.pk}/"):
        assert b"@example.com" not in client.get(path).content


def test_fifty_incidents_take_as_many_queries_as_one(client, actors, incident):
    client.force_login(actors.member)
    client.get(LIST)
    with CaptureQueriesContext(connection) as one:
        client.get(LIST)
    for _ in range(49):
        IncidentFactory(service__team=actors.team, lead=UserFactory())
    with CaptureQueriesContext(connection) as fifty:
        assert len(client.get(LIST).json()["results"]) == 50
    assert len(fifty) == len(one) <= 5


def test_fifty_alerts_and_pages_take_as_many_queries_as_one(client, actors, incident):
    client.force_login(actors.member)
    page(incident, actors.member)
    address = f"{LIST}{incident.pk}/"
    client.get(address)
    with CaptureQueriesContext(connection) as one:
        client.get(address)
    for _ in range(49):
        page(incident, UserFactory())
    with CaptureQueriesContext(connection) as fifty:
        client.get(address)
    assert len(fifty) == len(one)
