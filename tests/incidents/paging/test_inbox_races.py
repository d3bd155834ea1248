"""Several workers at the inbox, and people at the incidents, at once: one incident a condition, nothing lost."""

import json
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction

from incidents.alerts.models import Event, Integration
from incidents.paging.inbox import work_inbox
from incidents.paging.models import Alert, Incident, Page, State
from incidents.paging.services import resolve
from tests.factories import IntegrationFactory
from tests.incidents.paging.duty import make_duty

pytestmark = pytest.mark.django_db(transaction=True)


def receive(integration: Integration, key: str, now: datetime, action: str = "trigger") -> None:
    event = {"routing_key": integration.key, "event_action": action, "dedup_key": key, "payload": {"summary": key}}
    Event.objects.create(
        integration=integration, service=integration.service, key=key, body=json.dumps(event), received_at=now
    )


def at_once(*jobs: Callable[[], object]) -> None:
    """Run these in threads that start together; raise what any of them raised."""
    gate, failures = threading.Barrier(len(jobs)), []

    def run(job: Callable[[], object]) -> None:
        try:
            gate.wait()
            job()
        except Exception as failure:  # noqa: BLE001  # handed to the test below
            failures.append(failure)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def empty(now: datetime) -> None:
    """What a worker does until nothing is pending: another may hold the last services for a moment."""
    while Event.objects.pending().exists():
        work_inbox(now=now)


def test_four_workers_on_the_same_keys_open_each_incident_once(now):
    integrations = [IntegrationFactory(service=make_duty().service) for _ in range(3)]
    for repeat in range(4):
        for integration in integrations:
            for key in "abcde":
                receive(integration, key, now + timedelta(milliseconds=repeat))
    at_once(*[lambda: empty(now)] * 4)
    assert Incident.objects.count() == Alert.objects.count() == Page.objects.count() == 15
    assert set(Alert.objects.values_list("event_count", flat=True)) == {4}


def test_a_resolve_never_overtakes_its_trigger_however_many_workers_there_are(now):
    integration = IntegrationFactory(service=make_duty().service)
    stop = threading.Event()

    def keep_working() -> None:
        while not stop.is_set() or Event.objects.pending().exists():
            work_inbox(now=now)

    def send() -> None:
        for n in range(30):
            receive(integration, f"key {n}", now)
            receive(integration, f"key {n}", now, "resolve")
        stop.set()

    at_once(send, keep_working, keep_working, keep_working)
    assert Incident.objects.count() == 30
    assert not Incident.objects.exclude(state=State.RESOLVED).exists()
    assert not Event.objects.exclude(problem="").exists()


def test_an_event_that_comes_in_never_waits_for_a_batch_and_a_person_may_resolve_meanwhile(now):
    integration = IntegrationFactory(service=make_duty().service)
    for n in range(20):
        receive(integration, f"key {n}", now)
    work_inbox(now=now)
    incidents = list(Incident.objects.values_list("pk", flat=True))
    for n in range(20):
        receive(integration, f"key {n}", now)

    def resolve_by_hand() -> None:
        for pk in reversed(incidents):
            resolve(incident_id=pk, by=None, now=now)

    at_once(lambda: empty(now), lambda: empty(now), resolve_by_hand)
    # Each trigger either came before the resolution and was counted, or after it and opened anew.
    assert Incident.objects.filter(state=State.RESOLVED).count() == 20
    reopened = Incident.objects.filter(state=State.TRIGGERED).count()
    counted = Alert.objects.filter(event_count=2).count()
    assert reopened + counted == 20


@pytest.mark.postgres
def test_the_door_stays_open_while_a_batch_holds_its_services(client, now):
    integration = IntegrationFactory(service=make_duty().service)
    receive(integration, "k", now)
    held, release = threading.Event(), threading.Event()

    def hold_the_batch() -> None:
        with transaction.atomic():
            work_inbox(now=now)
            held.set()
            release.wait(10)

    def send() -> None:
        held.wait(10)
        event = {"routing_key": integration.key, "event_action": "trigger", "payload": {"summary": "x"}}
        assert client.post("/v2/enqueue", event, content_type="application/json").status_code == 202
        release.set()

    at_once(hold_the_batch, send)
    assert Event.objects.count() == 2
