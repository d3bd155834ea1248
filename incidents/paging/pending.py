"""Taking events out of the inbox: fairly by service, and each service by one worker at a time.

One worker a service keeps a resolve behind its trigger; a share for every service keeps a quiet one from waiting
behind a storm. Written in SQL because it is a loose index scan over `event_pending` (PACKAGES, hint 4).
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from incidents.alerts.models import Event, Service

EVENTS = Event._meta.db_table
SERVICES = Service._meta.db_table
AT_ONCE = 200  # events in a batch: on a slow machine a tenth of a second, for which a sweep or an acknowledgement waits
CHARACTERS_AT_ONCE = 16_000_000  # of their bodies: a batch of the largest events must fit into memory

WAITING = f"""
    WITH RECURSIVE waiting(service_id) AS (
        SELECT min(service_id) FROM {EVENTS} WHERE processed_at IS NULL
        UNION ALL
        SELECT (SELECT min(service_id) FROM {EVENTS} WHERE processed_at IS NULL AND service_id > waiting.service_id)
        FROM waiting WHERE waiting.service_id IS NOT NULL
    )
    SELECT service.id FROM waiting JOIN {SERVICES} service ON service.id = waiting.service_id
    ORDER BY (SELECT min(id) FROM {EVENTS} WHERE processed_at IS NULL AND service_id = waiting.service_id)
    LIMIT %s
"""  # noqa: S608  # table names only
# Not FOR UPDATE: an event that comes in points at its service, and must not wait for the batch.
CLAIMED = f"{WAITING} FOR NO KEY UPDATE OF service SKIP LOCKED"
FIRST_OF_EACH = {
    "postgresql": f"""
        SELECT event.id, taken.id, length(event.body) FROM json_array_elements_text(%s::json) AS taken(id)
        CROSS JOIN LATERAL (
            SELECT id, body FROM {EVENTS}
            WHERE processed_at IS NULL AND service_id = taken.id::bigint ORDER BY id LIMIT %s
        ) event ORDER BY event.id
    """,  # noqa: S608  # table names only
    "sqlite": f"""
        SELECT event.id, taken.value, length(event.body) FROM json_each(%s) AS taken
        JOIN {EVENTS} event ON event.id IN (
            SELECT id FROM {EVENTS} WHERE processed_at IS NULL AND service_id = taken.value ORDER BY id LIMIT %s
        ) ORDER BY event.id
    """,  # noqa: S608  # table names only
}


class Received(NamedTuple):
    """An event as it lies in the inbox."""

    id: int
    service_id: int
    integration_id: int
    key: str
    body: str
    received_at: datetime


def claim() -> list[Received]:
    """The next batch, oldest first, in the caller's transaction: until it ends, nobody else touches its services."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIMED if connection.vendor == "postgresql" else WAITING, [AT_ONCE])
        services = [row[0] for row in cursor.fetchall()]
        if not services:
            return []
        cursor.execute(FIRST_OF_EACH[connection.vendor], [json.dumps(services), max(AT_ONCE // len(services), 1)])
        chosen = _as_many_as_fit(cursor.fetchall())
    rows = Event.objects.filter(pk__in=chosen).order_by("pk").values_list(*Received._fields)
    return [Received(*row) for row in rows]


def settle(ids: Sequence[int], problems: Mapping[int, str], *, now: datetime) -> None:
    """Take events out of the inbox; `problems` says, by id, why nothing came of some."""
    Event.objects.filter(pk__in=ids).update(processed_at=now)
    for problem in sorted(set(problems.values())):  # a handful of sentences, however many events
        concerned = [pk for pk in ids if problems.get(pk) == problem]
        Event.objects.filter(pk__in=concerned).update(problem=problem)


def _as_many_as_fit(found: Sequence[tuple[int, Any, int]]) -> list[int]:
    """Of event, service, size: the first of every service, the second …, while they fit into memory together."""
    turns: Counter[Any] = Counter()
    in_turn = []
    for pk, service, size in found:
        in_turn.append((turns[service], pk, size))
        turns[service] += 1
    chosen: list[int] = []
    characters = 0
    for _turn, pk, size in sorted(in_turn):
        characters += size
        if chosen and characters > CHARACTERS_AT_ONCE:
            break
        chosen.append(pk)
    return chosen
