"""The door for events: the first middleware, which answers the intake paths itself and goes no further.

It stays bare, because a storm comes through here: one statement, one commit, one answer (DESIGN §1.4). A key is
never logged.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

import structlog
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from incidents.alerts import pagerduty
from incidents.alerts.models import Event, Integration
from incidents.alerts.services import refuse
from incidents.alerts.signals import Refusal, Signal
from incidents.alerts.texts import decoded
from incidents.paging.bodies import read_body
from incidents.paging.hints import INBOX_HINT
from rotations.people import clock

log = structlog.get_logger(__name__)

PATHS = frozenset({"/v2/enqueue", "/v2/enqueue/"})
# One statement finds the key and keeps the event, so no cache of keys can ever be stale. A strict integration takes
# no event that had to be guessed at.
KEEP = f"""
    INSERT INTO {Event._meta.db_table} (integration_id, service_id, key, body, received_at, problem)
    SELECT id, service_id, %s, %s, %s, '' FROM {Integration._meta.db_table}
    WHERE key = %s AND archived_at IS NULL
"""  # noqa: S608  # table names only
KEEP_UNLESS_STRICT = f"{KEEP} AND NOT is_strict"


class IntakeMiddleware:
    """Answers `POST /v2/enqueue` in PagerDuty's words; everything else passes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info not in PATHS:
            return self.get_response(request)
        if request.method != "POST":
            return answer(405, {"status": "error", "message": "Send events by POST", "errors": []}, Allow="POST")
        try:
            return take(read_body(request.META), now=clock.now())
        except Exception as error:  # noqa: BLE001  # senders repeat a 503; a page of HTML would lose the event
            return unavailable(error)


def take(body: bytes, *, now: datetime) -> HttpResponse:
    """Keep one event and ring for the inbox, or say in PagerDuty's words why not."""
    if len(body) > pagerduty.MOST_BYTES:
        return turn_away(pagerduty.too_large(body), body, now=now)
    signal = pagerduty.parse(body)
    if isinstance(signal, Refusal):
        return turn_away(signal, body, now=now)
    key = signal.key or uuid4().hex
    if not keep(signal, key, body, now=now):
        is_known = Integration.objects.active().filter(key=signal.routing_key).exists()
        refusal = pagerduty.strict_refusal(signal) if is_known else None
        return turn_away(refusal or pagerduty.unknown_key(signal.routing_key), body, now=now)
    INBOX_HINT.give()
    return answer(202, pagerduty.accepted(key, signal.flags))


def keep(signal: Signal, key: str, body: bytes, *, now: datetime) -> bool:
    """Commit the event word for word, as far as the database can; False when no integration would take it.

    The connection is not asked first whether it lives, which would be every second statement. Where it has died the
    event is kept on a new one; should it have been kept already, the same key makes it a mere repeat.
    """
    connection.health_check_done = True  # type: ignore[attr-defined]  # the stubs lack it
    try:
        return _keep(signal, key, body, now=now)
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block or connection.is_usable():
            raise
        connection.close()
        return _keep(signal, key, body, now=now)


def _keep(signal: Signal, key: str, body: bytes, *, now: datetime) -> bool:
    received_at = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        values = [key, decoded(body)[0], received_at, signal.routing_key]
        cursor.execute(KEEP_UNLESS_STRICT if signal.flags else KEEP, values)
        return bool(cursor.rowcount)


def turn_away(refusal: Refusal, body: bytes, *, now: datetime) -> HttpResponse:
    """Answer a refusal, once it is on record."""
    refused = refuse(refusal=refusal, body=decoded(body[: pagerduty.MOST_BYTES])[0], now=now)
    log.warning(
        "event.refused",
        status=refusal.status,
        errors=refusal.errors,
        integration=refused.integration_id if refused else None,
    )
    return answer(refusal.status, refusal.answer)


def unavailable(error: Exception) -> HttpResponse:
    """Ask the sender to try again. Only the error's kind is logged: its text may quote the statement, key and all."""
    log.error("event.not_kept", error=type(error).__name__)
    errors = ["The event could not be kept. Send it again"]
    return answer(503, {"status": "unavailable", "message": "Try again", "errors": errors}, **{"Retry-After": "5"})


def answer(status: int, content: Mapping[str, Any], **headers: str) -> HttpResponse:
    """JSON with its length: without `CommonMiddleware` nobody else sets it, and a keep-alive client would wait."""
    body = json.dumps(content).encode()
    length = {"Content-Length": str(len(body))}
    return HttpResponse(body, status=status, content_type="application/json", headers={**headers, **length})
