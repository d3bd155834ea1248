"""The rows of alerts, read and written for a whole batch at once. Only the inbox calls this."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from incidents.escalation.terms import Severity
from incidents.paging.conditions import Condition, Key, OpenAlert
from incidents.paging.models import Alert, Incident, State

ALERTS = Alert._meta.db_table
INCIDENTS = Incident._meta.db_table
FIND = f"""
    SELECT alert.id, alert.integration_id, alert.key, alert.incident_id, alert.summary, alert.severity,
           alert.event_count, alert.firing
    FROM {{rows}} AS wanted
    JOIN {ALERTS} alert ON alert.integration_id = wanted.column1 AND alert.key = wanted.column2
    JOIN {INCIDENTS} incident ON incident.id = alert.incident_id
    WHERE alert.resolved_at IS NULL AND incident.state <> %s
    ORDER BY incident.id
"""  # noqa: S608  # table names only
COUNT = f"""
    UPDATE {ALERTS} SET event_count = seen.column2, last_event_at = seen.column3, severity = seen.column4,
                        firing = seen.column5
    FROM {{rows}} AS seen WHERE {ALERTS}.id = seen.column1
"""  # noqa: S608  # table names only
CLOSE = f"""
    UPDATE {ALERTS} SET resolved_at = closed.column2
    FROM {{rows}} AS closed WHERE {ALERTS}.id = closed.column1
"""  # noqa: S608  # table names only


def open_alerts(keys: Sequence[Key]) -> list[OpenAlert]:
    """The open alerts with these keys, their incidents locked: who resolves one by hand comes before or after us."""
    lock = " FOR NO KEY UPDATE OF incident" if connection.vendor == "postgresql" else ""
    rows = _run(FIND + lock, ("bigint", "text"), keys, State.RESOLVED.value, fetch=True)
    return [
        OpenAlert(pk, integration, key, incident, summary, Severity(severity), count, firing)
        for pk, integration, key, incident, summary, severity, count, firing in rows
    ]


def count_repeats(conditions: Sequence[Condition]) -> None:
    """Bring alerts that were found open up to date with what repeated them."""
    seen = [
        (c.found.id, c.event_count, _instant(c.triggers[-1].at), c.severity.value, c.firing)
        for c in conditions
        if c.found and c.triggers
    ]
    _run(COUNT, ("bigint", "int", "timestamptz", "int", "int"), seen)


def close_alerts(conditions: Sequence[Condition]) -> None:
    """Resolve the rows of alerts that were found open; new ones take their place only after this."""
    closed = [(c.found.id, _instant(c.resolved_at)) for c in conditions if c.found and c.resolved_at]
    _run(CLOSE, ("bigint", "timestamptz"), closed)


def new_alert(condition: Condition, incident: Incident) -> Alert:
    """The row of an alert that opened in this batch, and that may have been resolved in it."""
    opening = condition.opening
    assert opening is not None
    return Alert(
        integration_id=opening.integration_id,
        key=opening.key,
        incident=incident,
        summary=condition.summary,
        source=opening.signal.source,
        severity=condition.severity,
        opened_at=opening.at,
        last_event_at=condition.triggers[-1].at,
        event_count=condition.event_count,
        firing=condition.firing,
        resolved_at=condition.resolved_at,
        flags=list(opening.flags),
        detail=dict(opening.signal.detail),
    )


def _instant(at: datetime) -> str:
    """As the database keeps it."""
    return str(connection.ops.adapt_datetimefield_value(at))


def _run(
    sql: str, types: Sequence[str], rows: Sequence[Sequence[Any]], *more: Any, fetch: bool = False
) -> list[tuple[Any, ...]]:
    """Run a statement over a table of rows, handed over as one JSON value: however many, the statement is the same.

    The types are PostgreSQL's; SQLite takes them from the JSON. Nothing is run for no rows.
    """
    if not rows:
        return []
    is_typed = connection.vendor == "postgresql"
    columns = [
        f"CAST(value ->> {n} AS {type_}) AS column{n + 1}" if is_typed else f"value ->> {n} AS column{n + 1}"
        for n, type_ in enumerate(types)
    ]
    table = "json_array_elements(%s::json)" if is_typed else "json_each(%s)"
    with connection.cursor() as cursor:
        cursor.execute(
            sql.format(rows=f"(SELECT {', '.join(columns)} FROM {table})"),  # noqa: S608  # types, and no values
            [json.dumps(rows), *more],
        )
        return cursor.fetchall() if fetch else []
