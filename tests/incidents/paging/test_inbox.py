"""The inbox: events become alerts and incidents, in order, fairly, and none is lost."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.alerts.models import Event, Integration, SeverityRule
from incidents.escalation.terms import Cause, Via
from incidents.paging import pending
from incidents.paging.inbox import drain, work_inbox
from incidents.paging.models import Alert, EntryKind, Incident, Page, State, TimelineEntry
from incidents.paging.services import resolve
from rotations.contact.models import Message, MessageKind
from rotations.people.models import Role
from rotations.schedule.tiers import Tier
from tests.factories import IntegrationFactory
from tests.incidents.paging.duty import make_duty

pytestmark = pytest.mark.django_db

PAYLOAD = {"summary": "Payouts fail", "source": "web-1", "severity": "error"}


def staffed_integration(**fields: object) -> Integration:
    """An integration whose service has a primary and a secondary this week."""
    return IntegrationFactory(service=make_duty().service, **fields)


@pytest.fixture
def integration() -> Integration:
    return staffed_integration()


@pytest.fixture
def receive(integration: Integration, now: datetime) -> Callable[..., Event]:
    """Put an event into the inbox, as the door does."""

    def put(
        action: str = "trigger", key: str = "k", *, by: Integration = integration, raw: str = "", **payload: object
    ):
        event = {"routing_key": by.key, "event_action": action, "dedup_key": key, "payload": {**PAYLOAD, **payload}}
        body = raw or json.dumps(event)
        return Event.objects.create(integration=by, service=by.service, key=key, body=body, received_at=now)

    return put


def test_a_trigger_opens_an_alert_and_an_incident_and_pages_the_primary(receive, integration, now):
    event = receive(component="psp", custom_details={"rate": 14})
    assert work_inbox(now=now + timedelta(seconds=1)) == 1
    incident = Incident.objects.get()
    alert = incident.alerts.get()
    assert (incident.title, incident.severity, incident.service) == ("Payouts fail", 3, integration.service)
    assert (incident.opened_at, alert.opened_at, alert.last_event_at) == (now, now, now)
    assert (alert.key, alert.source, alert.event_count, alert.flags) == ("k", "web-1", 1, [])
    assert alert.detail == {"component": "psp", "custom_details": {"rate": 14}}
    page = Page.objects.get()
    assert (page.tier, page.cause) == (Tier.PRIMARY, Cause.FIRST)
    event.refresh_from_db()
    assert (event.processed_at, event.problem) == (now + timedelta(seconds=1), "")
    assert work_inbox(now=now) == 0


def test_repeats_are_counted_and_page_nobody_again(receive, now):
    receive()
    work_inbox(now=now)
    for n in range(3):
        receive(summary=f"Payouts fail, rate {n}")
    work_inbox(now=now)
    alert = Alert.objects.get()
    assert (alert.event_count, alert.summary) == (4, "Payouts fail")
    assert Page.objects.count() == 1
    entry = TimelineEntry.objects.get(kind=EntryKind.REPEATED)
    assert entry.detail == {"summary": "Payouts fail, rate 2", "times": 3, "event_count": 4}


def test_repeats_in_the_batch_that_opens_are_counted_too(receive, now):
    for _ in range(3):
        receive()
    work_inbox(now=now)
    assert Alert.objects.get().event_count == 3
    assert TimelineEntry.objects.get(kind=EntryKind.REPEATED).detail["times"] == 2
    assert Page.objects.count() == 1


def test_a_repeat_pages_nobody_while_the_incident_is_acknowledged(receive, now):
    receive()
    receive("acknowledge")
    receive()
    work_inbox(now=now)
    receive()
    work_inbox(now=now)
    incident = Incident.objects.get()
    assert (incident.state, incident.next_action_at) == (State.ACKNOWLEDGED, None)
    assert Page.objects.count() == 1


def test_an_acknowledge_event_stops_the_ladder_and_says_how_it_came(receive, now):
    receive()
    work_inbox(now=now)
    receive("acknowledge")
    work_inbox(now=now)
    incident = Incident.objects.get()
    assert (incident.state, incident.acknowledged_by, incident.lead) == (State.ACKNOWLEDGED, None, None)
    entry = incident.timeline.get(kind=EntryKind.ACKNOWLEDGED)
    assert (entry.by, entry.detail["via"]) == (None, Via.SENDER)


def test_a_resolve_closes_the_alert_and_with_the_last_one_the_incident(receive, integration, now):
    receive(key="a")
    work_inbox(now=now)
    incident = Incident.objects.get()
    second = Alert.objects.create(
        integration=integration, key="b", incident=incident, summary="b", severity=3, opened_at=now, last_event_at=now
    )
    receive("resolve", key="a")
    work_inbox(now=now)
    incident.refresh_from_db()
    assert incident.state == State.TRIGGERED
    receive("resolve", key=second.key)
    work_inbox(now=now)
    incident.refresh_from_db()
    assert (incident.state, incident.resolved_at, incident.next_action_at) == (State.RESOLVED, now, None)
    assert not Alert.objects.filter(resolved_at=None).exists()


def test_a_trigger_after_a_resolve_opens_a_new_incident_also_within_a_batch(receive, now):
    for action in ("trigger", "resolve", "trigger", "trigger", "resolve", "trigger"):
        receive(action)
    work_inbox(now=now)
    states = list(Incident.objects.order_by("pk").values_list("state", flat=True))
    assert states == [State.RESOLVED, State.RESOLVED, State.TRIGGERED]
    assert list(Alert.objects.order_by("pk").values_list("event_count", flat=True)) == [1, 2, 1]
    for action in ("resolve", "trigger"):
        receive(action)
    work_inbox(now=now)
    assert Incident.objects.filter(state=State.RESOLVED).count() == 3
    assert Incident.objects.exclude(state=State.RESOLVED).count() == 1


def test_a_trigger_after_a_person_resolved_opens_a_new_incident(receive, now):
    receive()
    work_inbox(now=now)
    resolve(incident_id=Incident.objects.get().pk, by=None, now=now)
    receive()
    work_inbox(now=now)
    assert list(Incident.objects.order_by("pk").values_list("state", flat=True)) == [State.RESOLVED, State.TRIGGERED]


@pytest.mark.parametrize(("action", "word"), [("acknowledge", "acknowledged"), ("resolve", "resolved")])
def test_acknowledge_and_resolve_without_an_open_alert_are_taken_and_dropped(receive, now, action, word):
    event = receive(action)
    assert work_inbox(now=now) == 1
    event.refresh_from_db()
    assert event.processed_at == now
    assert event.problem == f"Nothing was open under this key that could be {word}."
    assert not Incident.objects.exists()


def test_another_integrations_key_is_another_alert(receive, integration, now):
    other = IntegrationFactory(service=integration.service)
    receive()
    receive(by=other)
    receive("resolve", by=other)
    work_inbox(now=now)
    assert list(Incident.objects.order_by("pk").values_list("state", flat=True)) == [State.TRIGGERED, State.RESOLVED]


def test_a_raised_severity_reads_the_trigger_table_again_and_a_lowered_one_does_nothing(receive, now):
    receive(severity="warning")
    work_inbox(now=now)
    assert list(Page.objects.values_list("tier", flat=True)) == [Tier.PRIMARY]
    receive(severity="critical")
    receive(severity="info")
    work_inbox(now=now)
    incident = Incident.objects.get()
    assert (incident.severity, incident.alerts.get().severity) == (2, 2)
    assert set(Page.objects.values_list("tier", "cause")) == {
        (Tier.PRIMARY, Cause.FIRST),
        (Tier.SECONDARY, Cause.SEVERITY),
    }
    receive(severity="critical")
    work_inbox(now=now)
    assert Page.objects.count() == 2


def test_a_growing_group_reads_the_triggers_again_without_a_second_first_page(receive, now):
    receive(custom_details={"num_firing": "2"})
    work_inbox(now=now)
    receive(custom_details={"num_firing": "5"})
    work_inbox(now=now)
    assert Alert.objects.get().firing == 5
    assert Page.objects.count() == 1
    receive(custom_details={"num_firing": "1"})
    work_inbox(now=now)
    assert Alert.objects.get().firing == 1


def test_a_severity_table_of_the_integration_decides_and_takes_the_doubt_away(receive, integration, now):
    SeverityRule.objects.create(integration=integration, word="p1", severity=1)
    receive(severity="P1")
    receive(key="other", severity="P9")
    work_inbox(now=now)
    assert list(Alert.objects.order_by("key").values_list("key", "severity", "flags")) == [
        ("k", 1, []),
        ("other", 3, ["unknown_severity"]),
    ]


def test_a_faulty_event_is_paged_and_its_guesses_are_kept(receive, now):
    receive(raw='{"routing_key":"%s","event_action":"trigger"}' % ("a" * 32))
    work_inbox(now=now)
    alert = Alert.objects.get()
    assert (alert.summary, alert.severity) == ("An event without a summary", 3)
    assert alert.flags == ["no_summary", "no_source", "no_severity"]
    assert Page.objects.count() == 1


def test_an_event_that_was_accepted_pages_even_if_its_service_was_put_away_since(receive, integration, now):
    receive()
    integration.archived_at = integration.service.archived_at = now
    integration.save()
    integration.service.save()
    work_inbox(now=now)
    assert Page.objects.count() == 1


def test_a_stored_body_that_cannot_be_read_still_opens_an_incident(receive, now):
    event = receive(raw="not json at all")
    receive(key="other")
    work_inbox(now=now)
    event.refresh_from_db()
    assert event.problem == "JSON parse error"
    assert list(Incident.objects.order_by("pk").values_list("title", flat=True)) == [
        "An event that could not be read",
        "Payouts fail",
    ]


def test_an_event_from_a_clock_that_is_ahead_opens_now(receive, now):
    receive()
    work_inbox(now=now - timedelta(seconds=5))
    assert Incident.objects.get().opened_at == now - timedelta(seconds=5)


def refuse_inserts(table: str, condition: str) -> None:
    """A database that refuses some rows: a fault of ours that no test can foresee."""
    if connection.vendor == "postgresql":
        statements = [
            "CREATE OR REPLACE FUNCTION refuse_poison() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'poison' USING ERRCODE = '23000'; END $$",
            f"CREATE TRIGGER poison_{table} BEFORE INSERT ON {table} FOR EACH ROW "
            f"WHEN ({condition}) EXECUTE FUNCTION refuse_poison()",
        ]
    else:
        statements = [
            f"CREATE TRIGGER poison_{table} BEFORE INSERT ON {table} "
            f"WHEN {condition} BEGIN SELECT RAISE(ABORT, 'poison'); END"
        ]
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.fixture
def poison():
    """Whatever is called poison is refused."""
    refuse_inserts(Alert._meta.db_table, "NEW.summary LIKE 'poison%' OR NEW.key = 'all poison'")


@pytest.mark.usefixtures("poison")
def test_one_event_that_cannot_be_worked_off_is_paged_with_what_is_certain_and_blocks_nobody(receive, now):
    for n in range(4):
        receive(key=f"before {n}")
    bad = receive(key="bad", summary="poison")
    for n in range(4):
        receive(key=f"after {n}")
    assert work_inbox(now=now) == 9
    assert Incident.objects.count() == 9
    assert Alert.objects.get(key="bad").summary == "An event that could not be worked off"
    bad.refresh_from_db()
    assert bad.processed_at == now
    assert bad.problem == "Tandem failed on this event (IntegrityError); the incident shows what is certain."
    assert not Event.objects.pending().exists()


@pytest.mark.usefixtures("poison")
def test_where_even_that_fails_the_managers_are_told_and_the_others_are_paged(receive, integration, now):
    manager = integration.service.team.memberships.get(role=Role.MANAGER).user
    bad = receive(key="all poison")
    receive()
    assert work_inbox(now=now) == 2
    assert Incident.objects.count() == 1
    bad.refresh_from_db()
    assert "nobody was paged" in bad.problem
    notice = Message.objects.get(kind=MessageKind.NOTICE)
    assert (notice.recipient, notice.path) == (manager, f"/services/{integration.service.slug}/")


@pytest.mark.usefixtures("poison")
def test_where_nobody_can_be_told_either_the_others_are_paged_all_the_same(receive, now):
    refuse_inserts(Message._meta.db_table, "NEW.kind = 'notice'")
    bad = receive(key="all poison")
    receive()
    assert work_inbox(now=now) == 2
    assert Incident.objects.count() == 1
    bad.refresh_from_db()
    assert bad.problem == "Tandem failed on this event (IntegrityError). Nobody was paged and nobody was told."


def test_a_quiet_service_is_not_kept_waiting_by_a_storm(receive, now):
    storm, quiet = staffed_integration(), staffed_integration()
    sample = receive(by=storm, key="storm")
    fields = {"integration": storm, "service": storm.service, "body": sample.body, "received_at": now}
    Event.objects.bulk_create(Event(key=f"storm {n}", **fields) for n in range(3 * pending.AT_ONCE))
    receive(by=quiet, key="quiet")
    assert work_inbox(now=now) <= pending.AT_ONCE
    assert Alert.objects.filter(key="quiet").exists()


def test_a_batch_of_huge_bodies_stays_within_memory(receive, now):
    huge = json.dumps("x" * 500_000)
    for n in range(40):
        receive(key=str(n), custom_details=huge)
    taken = work_inbox(now=now)
    assert 1 < taken < 40
    assert drain() is False
    assert Incident.objects.count() == 40


def test_huge_bodies_of_one_service_do_not_keep_another_waiting(receive, now):
    quiet = staffed_integration()
    huge = json.dumps("x" * 500_000)
    for n in range(40):
        receive(key=str(n), custom_details=huge)
    receive(key="quiet", by=quiet)
    work_inbox(now=now)
    assert Alert.objects.filter(key="quiet").exists()


def statements_for(now: datetime) -> int:
    with CaptureQueriesContext(connection) as captured:
        work_inbox(now=now)
    return len(captured)


def test_ten_events_and_a_full_batch_take_the_same_number_of_statements(receive, now):
    integrations = [staffed_integration() for _ in range(5)]
    body = receive().body
    work_inbox(now=now)

    def fill(count: int) -> None:
        """Each service gets its share of the batch, each event a key of its own."""
        Event.objects.bulk_create(
            Event(integration=one, service=one.service, key=f"{count}, {n}", body=body, received_at=now)
            for one in integrations
            for n in range(count // 5)
        )

    taken = {}
    for count in (10, pending.AT_ONCE):
        for what in ("new", "repeated"):
            fill(count)
            taken[what, count] = statements_for(now)
    assert Incident.objects.count() == 1 + 10 + pending.AT_ONCE
    assert not Event.objects.pending().exists()
    if connection.vendor == "postgresql":  # SQLite splits a long INSERT, and nothing else
        assert taken["repeated", 10] == taken["repeated", pending.AT_ONCE]
        assert taken["new", 10] == taken["new", pending.AT_ONCE]
    assert taken["repeated", 10] <= 16
    assert taken["new", 10] <= 34
    assert taken["new", pending.AT_ONCE] <= 80
