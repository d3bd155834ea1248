"""Working off the inbox: events become alerts and incidents, in batches with a constant number of statements.

Nothing that was accepted is lost: what cannot be read, or cannot be worked off, still opens an incident, and never
keeps the rest of its batch waiting.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils.translation import gettext as _

from incidents.alerts import pagerduty
from incidents.alerts.selectors import Sender, senders
from incidents.alerts.services import tell_managers
from incidents.alerts.signals import Action, Refusal, Signal, flags_that_hold, severity_of
from incidents.alerts.texts import cut
from incidents.escalation.terms import Via
from incidents.paging import services
from incidents.paging.alert_rows import close_alerts, count_repeats, new_alert, open_alerts
from incidents.paging.conditions import Condition, Reading, fold
from incidents.paging.models import Alert
from incidents.paging.pending import Received, claim, settle
from rotations.contact.hints import SEND_DUE
from rotations.people.clock import database_now

log = structlog.get_logger(__name__)

TURN = 0.25  # seconds that one task may take before the sweep, which shares its worker, has its turn
BREATH = 0.02  # seconds that SQLite, which has one writer, is left to others between batches
LONGEST_PROBLEM = 200
PASSING = (OperationalError, InterfaceError)  # a deadlock, a lock that took too long, a database that is away


def drain() -> bool:
    """Work off batches until nothing waits or the turn is over; whether something may be left."""
    began = time.monotonic()
    while work_inbox(now=database_now()):
        if time.monotonic() - began > TURN:
            return True
        if connection.vendor == "sqlite":
            time.sleep(BREATH)
    return False


def work_inbox(*, now: datetime) -> int:
    """Make alerts and incidents of the next batch of events, in one transaction. Returns how many events it took.

    Any number of workers may run at once: each takes other services. Raises only what passes by itself, such as a
    database that is away; then the batch stays where it was.
    """
    with transaction.atomic():
        received = claim()
        if received:
            _work_off(received, now=now)
            transaction.on_commit(SEND_DUE.give)
    return len(received)


def _work_off(received: Sequence[Received], *, now: datetime) -> None:
    """All together; if that fails, in halves, until the events that cannot be worked off stand alone."""
    try:
        with transaction.atomic():
            _apply(received, *_read(received), now=now)
    except PASSING:
        raise
    except Exception as error:  # noqa: BLE001  # whatever is wrong with one event, the others must be paged
        if len(received) > 1:
            _work_off(received[: len(received) // 2], now=now)
            _work_off(received[len(received) // 2 :], now=now)
        else:
            _quarantine(received[0], error, now=now)


def _read(received: Sequence[Received]) -> tuple[list[Signal], dict[int, str]]:
    """What the events say, and the faults by id of those that cannot be read: they are triggers with only a key."""
    signals, problems = [], {}
    for event in received:
        signal = pagerduty.parse(event.body.encode())
        if isinstance(signal, Refusal):
            problems[event.id] = cut("; ".join(signal.errors), LONGEST_PROBLEM)
            signal = Signal(Action.TRIGGER, event.key, summary=_("An event that could not be read"))
        signals.append(signal)
    return signals, problems


def _quarantine(event: Received, error: Exception, *, now: datetime) -> None:
    """An event on which the inbox fails: page with the little that is certain; failing that too, tell the managers."""
    log.error("event.not_worked_off", event_id=event.id, error=type(error).__name__)
    [signal], _problems = _read([event])
    bare = Signal(signal.action, event.key, summary=_("An event that could not be worked off"))
    problem = _("Tandem failed on this event (%(error)s); the incident shows what is certain.")
    try:
        with transaction.atomic():
            _apply([event], [bare], {}, now=now)
    except PASSING:
        raise
    except Exception as again:  # noqa: BLE001  # the last resort must not block the batch either
        log.critical("event.not_paged", event_id=event.id, error=type(again).__name__)
        problem = _report_loss(event, now=now)
    settle([event.id], {event.id: problem % {"error": type(error).__name__}}, now=now)


def _report_loss(event: Received, *, now: datetime) -> str:
    """Tell the managers; what the service's page is to say of the event. Failing that too, the log has told."""
    subject = _("An event could not be worked off, and nobody was paged")
    body = _("Event %(id)s, received by Tandem, made it fail. The service's page shows the event as it came.")
    try:
        with transaction.atomic():
            tell_managers(service_id=event.service_id, subject=subject, body=body % {"id": event.id}, now=now)
    except PASSING:
        raise
    except Exception as error:  # noqa: BLE001  # one event must not keep every service of its batch waiting for ever
        log.critical("event.loss_not_told", event_id=event.id, error=type(error).__name__)
        return _("Tandem failed on this event (%(error)s). Nobody was paged and nobody was told.")
    return _("Tandem failed on this event (%(error)s), and nobody was paged. The managers were told.")


def _apply(
    received: Sequence[Received], signals: Sequence[Signal], problems: Mapping[int, str], *, now: datetime
) -> None:
    """Fold a batch and write what comes of it: alerts found open first, so that new ones may take their place."""
    known = senders({event.integration_id for event in received})
    readings = [
        _reading(event, signal, known[event.integration_id], now=now)
        for event, signal in zip(received, signals, strict=True)
    ]
    alerts = open_alerts(sorted({(reading.integration_id, reading.key) for reading in readings}))
    batch = fold(alerts, readings)
    count_repeats(batch.conditions)
    close_alerts(batch.conditions)
    incidents = _open([c for c in batch.conditions if c.found is None], known, now=now)
    incidents |= {id(c): c.found.incident_id for c in batch.conditions if c.found}
    _tell_the_engine([(incidents[id(c)], c) for c in batch.conditions], now=now)
    settle([event.id for event in received], {**batch.problems, **problems}, now=now)


def _reading(event: Received, signal: Signal, sender: Sender, *, now: datetime) -> Reading:
    return Reading(
        event_id=event.id,
        integration_id=event.integration_id,
        service_id=event.service_id,
        key=event.key,
        at=min(event.received_at, now),  # a web server's clock may be ahead of the database's
        signal=signal,
        severity=severity_of(signal, sender.severities),
        flags=tuple(flags_that_hold(signal, sender.severities)),
    )


def _open(conditions: Sequence[Condition], known: Mapping[int, Sender], *, now: datetime) -> dict[int, int]:
    """Open an incident with its alert for each new condition; the incident's id by the condition's identity."""
    if not conditions:
        return {}
    incidents = services.open_incidents([_opening(c, known) for c in conditions], now=now)
    Alert.objects.bulk_create(new_alert(c, incident) for c, incident in zip(conditions, incidents, strict=True))
    return {id(c): incident.pk for c, incident in zip(conditions, incidents, strict=True)}


def _opening(condition: Condition, known: Mapping[int, Sender]) -> services.Opening:
    opening = condition.opening
    assert opening is not None
    return services.Opening(
        service_id=opening.service_id,
        title=condition.summary,
        severity=condition.severity,
        opened_at=opening.at,
        detail={
            "integration": known[opening.integration_id].name,
            "source": opening.signal.source,
            "flags": list(opening.flags),
        },
    )


def _tell_the_engine(conditions: Sequence[tuple[int, Condition]], *, now: datetime) -> None:
    """Hand on what repeated, got worse, grew, was acknowledged or ended, in that order."""
    if repeats := [_repeat(incident_id, c) for incident_id, c in conditions if c.repeats]:
        services.note_repeats(repeats, now=now)
    if worse := {incident_id: c.severity for incident_id, c in conditions if c.is_worse}:
        services.raise_severities(worse, now=now)
    if grown := [incident_id for incident_id, c in conditions if c.has_grown]:
        services.advance(grown, now=now)
    for incident_id in [incident_id for incident_id, c in conditions if c.acknowledged_at]:
        services.acknowledge(incident_id=incident_id, via=Via.SENDER, by=None, now=now)
    if closings := [services.Closing(incident_id, c.summary) for incident_id, c in conditions if c.resolved_at]:
        services.resolve_by_alerts(closings, now=now)


def _repeat(incident_id: int, condition: Condition) -> services.Repeat:
    """One line for the timeline, with the newest wording."""
    newest = condition.repeats[-1].signal.summary or condition.summary
    return services.Repeat(incident_id, newest, times=len(condition.repeats), event_count=condition.event_count)
