"""The door: exact answers, nothing lost without a trace, no key in any log, and never a page of HTML."""

import json
import logging
from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.test import Client, override_settings

from incidents.alerts.models import Event, Integration, RefusedEvent
from incidents.alerts.pagerduty import MOST_BYTES, unknown_key
from incidents.alerts.services import MOST_OF_STRANGERS, refuse
from rotations.contact.models import Message, MessageKind
from rotations.people.models import Role
from tests.factories import SOME_MONDAY, IntegrationFactory, MembershipFactory

pytestmark = pytest.mark.django_db

PAYLOAD = {"summary": "Payouts fail", "source": "web-1", "severity": "error"}
UNRECOGNIZED = {
    "status": "Unrecognized object",
    "message": "Event object format is unrecognized",
    "errors": ["JSON parse error"],
}


@pytest.fixture
def integration() -> Integration:
    return IntegrationFactory(key="K3y" * 10 + "xy")


def send(client: Client, body: object, path: str = "/v2/enqueue"):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(path, data=raw, content_type="application/json")


def event(integration: Integration, **changes: object) -> dict[str, object]:
    return {"routing_key": integration.key, "event_action": "trigger", "payload": PAYLOAD, **changes}


def test_an_event_is_committed_word_for_word_and_answered_as_pagerduty_does(client, integration):
    body = json.dumps(event(integration, dedup_key="disk", extra={"kept": True}), indent=3).encode()
    response = send(client, body)
    assert response.status_code == 202
    assert response.json() == {"status": "success", "message": "Event processed", "dedup_key": "disk"}
    assert response["Content-Type"] == "application/json"
    assert response["Content-Length"] == str(len(response.content))
    kept = Event.objects.get()
    assert (kept.integration, kept.service, kept.key) == (integration, integration.service, "disk")
    assert kept.body.encode() == body
    assert kept.processed_at is None


def test_a_trigger_without_dedup_key_gets_one(client, integration):
    first, second = (send(client, event(integration)).json()["dedup_key"] for _ in range(2))
    assert first != second
    assert len(first) == 32
    assert list(Event.objects.order_by("pk").values_list("key", flat=True)) == [first, second]


def test_accepting_an_event_takes_one_statement(client, integration, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert send(client, event(integration)).status_code == 202
    with django_assert_num_queries(1):
        assert send(client, event(integration, payload={})).status_code == 202


def test_both_spellings_of_the_path_answer_and_nothing_else_does(client, integration):
    assert send(client, event(integration), "/v2/enqueue/").status_code == 202
    assert send(client, event(integration), "/v2/enqueue/x").status_code != 202


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_other_methods_are_told_which_one_is_right(client, method):
    response = client.generic(method, "/v2/enqueue")
    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert response["Content-Type"] == "application/json"


def test_a_guess_is_said_in_the_answer_and_the_event_kept(client, integration):
    response = send(client, event(integration, payload={"summary": "Payouts fail", "severity": "high"}))
    assert response.status_code == 202
    assert response.json()["warnings"] == [
        "'payload.source' was missing",
        "'payload.severity' was not one of critical, error, warning, info: taken as error",
    ]
    assert Event.objects.count() == 1


def test_a_strict_integration_answers_pagerdutys_exact_400_instead(client):
    strict = IntegrationFactory(is_strict=True)
    response = send(client, event(strict, payload={"summary": "Payouts fail", "severity": "high"}))
    assert response.status_code == 400
    assert response.json() == {
        "status": "invalid event",
        "message": "Event object is invalid",
        "errors": [
            "'payload.source' is missing or blank",
            "'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')",
        ],
    }
    assert not Event.objects.exists()
    assert RefusedEvent.objects.get().integration == strict
    assert send(client, event(strict)).status_code == 202


def test_an_unknown_key_and_one_that_was_put_away_get_the_same_answer(client, now):
    archived = IntegrationFactory(archived_at=now)
    answers = [send(client, event(archived, routing_key=key)) for key in (archived.key, "0" * 31 + "Z")]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert answers[0].content == answers[1].content
    assert answers[0].json()["errors"] == ["Invalid routing key"]
    assert not Event.objects.exists()


def test_a_key_works_from_the_moment_it_exists_to_the_moment_it_is_put_away(client, integration, now):
    assert send(client, event(integration)).status_code == 202
    Integration.objects.filter(pk=integration.pk).update(archived_at=now)
    assert send(client, event(integration)).status_code == 400


REFUSED = [
    (b"", ["JSON parse error"]),
    (b"{", ["JSON parse error"]),
    (b"[]", ["JSON parse error"]),
    (b'"text"', ["JSON parse error"]),
    (b"17", ["JSON parse error"]),
    (b"null", ["JSON parse error"]),
    (b"\x00", ["JSON parse error"]),
    (b"\xff\xfe", ["JSON parse error"]),
    (b"routing_key=x&event_action=trigger", ["JSON parse error"]),
    (b"<xml/>", ["JSON parse error"]),
    (b"[" * 200_000, ["JSON parse error"]),
    (b'{"a":' * 100_000, ["JSON parse error"]),
    ({}, ["'routing_key' is missing or blank", "'event_action' is missing or blank"]),
    ({"routing_key": "KEY"}, ["'event_action' is missing or blank"]),
    ({"event_action": "trigger"}, ["'routing_key' is missing or blank"]),
    ({"routing_key": "abc", "event_action": "trigger"}, None),
    ({"routing_key": "'; DROP TABLE x; --------------'", "event_action": "trigger"}, None),
    ({"routing_key": ["KEY"], "event_action": "trigger"}, None),
    ({"routing_key": {"a": 1}, "event_action": "trigger"}, None),
    ({"routing_key": 10**31, "event_action": "trigger"}, ["Invalid routing key"]),
    ({"routing_key": "\u0000" * 32, "event_action": "trigger"}, None),
    ({"routing_key": "KEY", "event_action": None}, ["'event_action' is missing or blank"]),
    ({"routing_key": "KEY", "event_action": ""}, ["'event_action' is missing or blank"]),
    ({"routing_key": "KEY", "event_action": 1}, ["'event_action' is missing or blank"]),
    ({"routing_key": "KEY", "event_action": {}}, ["'event_action' is missing or blank"]),
    ({"routing_key": "KEY", "event_action": "triggered"}, ["'event_action' is missing or blank"]),
    ({"routing_key": "KEY", "event_action": "resolve"}, ["'dedup_key' is missing or blank"]),
    ({"routing_key": "KEY", "event_action": "resolve", "dedup_key": ""}, ["'dedup_key' is missing or blank"]),
    ({"routing_key": "KEY", "event_action": "acknowledge"}, ["'dedup_key' is missing or blank"]),
    ({"routing_key": "KEY", "event_action": "acknowledge", "dedup_key": None}, ["'dedup_key' is missing or blank"]),
    ({"service_key": "KEY", "event_type": "trigger", "description": "v1"}, None),
]
GUESSED = [
    {"payload": None},
    {"payload": []},
    {"payload": "text"},
    {"payload": 17},
    {"payload": {}},
    {"payload": {**PAYLOAD, "severity": None}},
    {"payload": {**PAYLOAD, "severity": ""}},
    {"payload": {**PAYLOAD, "severity": "fatal"}},
    {"payload": {**PAYLOAD, "severity": "ERROR"}},
    {"payload": {**PAYLOAD, "severity": 3}},
    {"payload": {**PAYLOAD, "severity": ["error"]}},
    {"payload": {**PAYLOAD, "severity": "x" * 5000}},
    {"payload": {**PAYLOAD, "source": None}},
    {"payload": {**PAYLOAD, "source": ""}},
    {"payload": {**PAYLOAD, "source": {"host": "a"}}},
    {"payload": {**PAYLOAD, "source": "x" * 5000}},
    {"payload": {**PAYLOAD, "summary": None}},
    {"payload": {**PAYLOAD, "summary": ""}},
    {"payload": {**PAYLOAD, "summary": "x" * 5000}},
    {"payload": {**PAYLOAD, "summary": 3.14}},
    {"payload": {**PAYLOAD, "summary": ["a", "b"]}},
    {"payload": {**PAYLOAD, "summary": "nul \u0000 inside"}},
    {"payload": {**PAYLOAD, "summary": "lone \ud800 surrogate"}},
    {"payload": {**PAYLOAD, "summary": "two\r\nlines"}},
    {"payload": {**PAYLOAD, "timestamp": "yesterday"}},
    {"payload": {**PAYLOAD, "timestamp": 10**20}},
    {"payload": {**PAYLOAD, "custom_details": "text"}},
    {"payload": {**PAYLOAD, "custom_details": [1, [2]]}},
    {"payload": {**PAYLOAD, "custom_details": {"\u0000": "\ud800"}}},
    {"payload": {**PAYLOAD, "custom_details": float("nan")}},
    {"payload": {**PAYLOAD, "custom_details": float("inf")}},
    {"payload": {**PAYLOAD, "component": ["x"], "group": {}, "class": 1}},
    {"dedup_key": 17},
    {"dedup_key": ["a"]},
    {"dedup_key": {}},
    {"dedup_key": False},
    {"dedup_key": "x" * 300},
    {"dedup_key": "\u0000\ud800"},
    {"event_action": "TRIGGER"},
    {"links": "x"},
    {"links": [None, 1, {"href": 5}, {"href": "javascript:x"}]},
    {"images": [{"src": None}, []]},
    {"client": {"a": 1}, "client_url": 5},
]


@pytest.mark.parametrize(("body", "errors"), REFUSED)
def test_a_hopeless_body_gets_the_documented_400_and_leaves_a_trace(client, integration, body, errors):
    raw = body if isinstance(body, bytes) else json.dumps(body).replace('"KEY"', f'"{integration.key}"').encode()
    response = send(client, raw)
    assert response.status_code == 400
    answer = response.json()
    assert errors is None or answer["errors"] == errors
    assert answer == UNRECOGNIZED or (answer["status"], answer["message"]) == (
        "invalid event",
        "Event object is invalid",
    )
    refused = RefusedEvent.objects.get()
    assert (refused.status, refused.errors) == (400, answer["errors"])
    assert not Event.objects.exists()


@pytest.mark.parametrize("changes", GUESSED)
def test_a_faulty_event_with_a_good_key_is_accepted_and_can_be_read_again(client, integration, changes):
    response = send(client, event(integration, **changes))
    assert response.status_code == 202
    kept = Event.objects.get()
    assert kept.key == response.json()["dedup_key"]
    assert 0 < len(kept.key) <= 255
    assert not RefusedEvent.objects.exists()


def test_every_kind_of_bytes_in_a_body_is_kept_as_far_as_the_database_can(client, integration):
    text = f'{{"routing_key":"{integration.key}","event_action":"trigger","payload":{{"summary":"'
    assert send(client, text.encode() + b'caf\xe9 \x00 \xf0\x9f\x98\x80"}}').status_code == 202
    assert Event.objects.get().body == text + 'caf\ufffd \\u0000 \U0001f600"}}'


def test_a_body_of_exactly_the_limit_passes_and_one_byte_more_is_413_and_logged(client, integration):
    body = json.dumps(event(integration)).encode()
    assert send(client, body + b" " * (MOST_BYTES - len(body))).status_code == 202
    response = send(client, body + b" " * (MOST_BYTES - len(body) + 1))
    assert response.status_code == 413
    assert response.json()["errors"] == ["The event is larger than 524288 bytes"]
    refused = RefusedEvent.objects.get()
    assert (refused.status, refused.integration) == (413, integration)
    assert len(refused.body) == 4096


def test_managers_hear_of_refused_events_once_an_hour_and_nobody_else_does(
    client, integration, django_capture_on_commit_callbacks
):
    team = integration.service.team
    managers = {MembershipFactory(team=team, role=Role.MANAGER).user for _ in range(2)}
    MembershipFactory(team=team)
    for _ in range(3):
        send(client, {"routing_key": integration.key})
    notices = Message.objects.filter(kind=MessageKind.NOTICE)
    assert {notice.recipient for notice in notices} == managers
    assert notices.count() == 2
    assert notices[0].path == f"/services/{integration.service.slug}/"
    assert "'event_action' is missing or blank" in notices[0].body
    assert integration.key not in notices[0].body + notices[0].subject
    Integration.objects.update(refusal_told_at=SOME_MONDAY - timedelta(days=10_000))
    send(client, {"routing_key": integration.key})
    assert Message.objects.filter(kind=MessageKind.NOTICE).count() == 4


def test_a_body_that_cannot_be_read_still_finds_its_owners(client, integration):
    manager = MembershipFactory(team=integration.service.team, role=Role.MANAGER).user
    send(client, json.dumps(event(integration)).encode()[:-4])
    assert RefusedEvent.objects.get().integration == integration
    assert Message.objects.get().recipient == manager


def test_strangers_cannot_fill_the_disk_with_refused_bodies(now):
    RefusedEvent.objects.bulk_create(
        RefusedEvent(at=now - timedelta(minutes=n % 50), status=400, errors=[], body="x")
        for n in range(MOST_OF_STRANGERS)
    )
    assert refuse(refusal=unknown_key("x" * 32), body="x", now=now) is None
    assert refuse(refusal=unknown_key("x" * 32), body="x", now=now + timedelta(hours=2)) is not None
    ours = IntegrationFactory()
    assert refuse(refusal=unknown_key(ours.key), body="x", now=now) is not None


def test_no_log_line_holds_a_key(client, integration, caplog):
    with caplog.at_level(logging.DEBUG):
        send(client, event(integration))
        send(client, {"routing_key": integration.key})
        send(client, event(integration, routing_key="S3cret00" * 4))
    assert "event.refused" in caplog.text
    assert integration.key not in caplog.text
    assert "S3cret00" not in caplog.text


def test_without_a_database_the_sender_is_asked_to_try_again(client, integration, caplog):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE incidents_event RENAME TO incidents_event_away")
    with caplog.at_level(logging.INFO):
        response = send(client, event(integration))
    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    assert response["Content-Type"] == "application/json"
    assert response.json()["status"] == "unavailable"
    assert integration.key not in caplog.text


def test_events_need_no_right_host_no_session_and_no_csrf_token(integration):
    strict = Client(enforce_csrf_checks=True, headers={"host": "whatever.example"})
    response = send(strict, event(integration))
    assert response.status_code == 202
    assert not response.cookies
    with override_settings(SECURE_SSL_REDIRECT=True):
        assert send(strict, event(integration)).status_code == 202


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_connection_that_died_since_the_last_event_costs_no_event(client):
    integration = IntegrationFactory()
    assert send(client, event(integration)).status_code == 202
    with connection.cursor() as cursor, psycopg.connect(**connection.get_connection_params()) as other:
        cursor.execute("SELECT pg_backend_pid()")
        other.execute("SELECT pg_terminate_backend(%s)", cursor.fetchone())
    assert send(client, event(integration)).status_code == 202
    assert Event.objects.count() == 2
