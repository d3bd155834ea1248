"""The three health answers: what each asks, when it turns, and that it tells nothing about anybody."""

from datetime import timedelta

import pytest
from django.db import DatabaseError

from incidents.models import Event, Sweep
from incidents.paging.services import sweep
from oncall_site import health
from rotations.people.clock import database_now
from tests.factories import IncidentFactory, IntegrationFactory

pytestmark = pytest.mark.django_db


def ask(client, path: str = "/healthz/paging"):
    answer = client.get(path)
    return answer.status_code, answer.json()


@pytest.fixture
def swept(db):
    """A sweep that has just run."""
    sweep(now=database_now())


def test_a_process_that_answers_lives(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert ask(client, "/healthz") == (200, {"status": "ok"})


def test_ready_asks_the_database_and_nothing_else(client, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert ask(client, "/readyz") == (200, {"status": "ok"})


@pytest.mark.parametrize("path", ["/readyz", "/healthz/paging"])
def test_a_database_that_is_away_is_a_503(client, monkeypatch, path):
    def away():
        raise DatabaseError("connection refused")

    monkeypatch.setattr(health, "database_now", away)
    status, body = ask(client, path)
    assert status == 503
    assert "the database does not answer" in str(body)


@pytest.mark.usefixtures("swept")
def test_paging_is_well_right_after_a_sweep(client):
    status, body = ask(client)
    assert (status, body["status"], body["reasons"]) == (200, "ok", [])
    assert body["lateness_seconds"] == {"incidents": 0, "events": 0, "deliveries": 0}


def test_paging_that_was_never_swept_is_a_503(client):
    status, body = ask(client)
    assert status == 503
    assert body["seconds_since_sweep"] is None


@pytest.mark.usefixtures("swept")
def test_a_stale_sweep_is_a_503_within_five_seconds(client):
    Sweep.objects.update(ran_at=database_now() - timedelta(seconds=4.5))
    status, body = ask(client)
    assert (status, body["reasons"]) == (503, ["the escalation sweep is stale"])
    assert 4.5 <= body["seconds_since_sweep"] < 6


@pytest.mark.usefixtures("swept")
def test_an_overdue_incident_is_a_503_that_tells_the_lateness(client):
    IncidentFactory(next_action_at=database_now() - timedelta(seconds=4.5))
    status, body = ask(client)
    assert (status, body["reasons"]) == (503, ["incidents are overdue"])
    assert 4.5 <= body["lateness_seconds"]["incidents"] < 6


@pytest.mark.usefixtures("swept")
def test_an_event_that_nobody_works_off_is_a_503(client):
    integration = IntegrationFactory()
    Event.objects.create(
        integration=integration,
        service=integration.service,
        key="k",
        body="{}",
        received_at=database_now() - timedelta(seconds=4.5),
    )
    status, body = ask(client)
    assert (status, body["reasons"], body["waiting"]["events"]) == (503, ["events are overdue"], 1)


@pytest.mark.usefixtures("swept")
def test_an_incident_that_nobody_answered_is_counted_without_saying_which_it_is(client):
    now = database_now()
    incident = IncidentFactory(title="Secret project down", next_action_at=None, exhausted_at=now)
    status, body = ask(client)
    assert (status, body["nobody_answered"]) == (200, 1)
    assert "Secret" not in str(body)
    assert incident.code not in str(body)


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/healthz/paging"])
def test_health_is_read_only_and_never_cached(client, path):
    assert client.post(path).status_code == 405
    assert "no-store" in client.get(path).headers["Cache-Control"]
