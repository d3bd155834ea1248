"""Incidents come into being and move on: what intake calls, in batches."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from incidents.alerts.models import Service
from incidents.escalation.engine import Facts
from incidents.escalation.policy import Policy
from incidents.escalation.terms import Severity
from incidents.escalation.turn import Find, Turn, play
from incidents.paging.engine import PlayOne, play_round, write_consequences, write_ladder
from incidents.paging.locks import lock_all
from incidents.paging.models import EntryKind, Incident, TimelineEntry
from incidents.policies.models import PolicyVersion
from incidents.policies.selectors import current_versions


@dataclass(frozen=True, slots=True)
class Opening:
    """An incident to be opened. `opened_at` is when its event was received: the first step is planned for then.

    `detail` goes to the timeline's first line: `integration` (its name), `source`, `flags` (what had to be guessed).
    """

    service_id: int
    title: str
    severity: Severity
    opened_at: datetime
    is_test: bool = False
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Repeat:
    """Events that repeated an open alert, in one batch: one timeline entry. `event_count` is all there ever were."""

    incident_id: int
    summary: str
    times: int
    event_count: int


def everything_due(now: datetime) -> PlayOne:
    """The ordinary turn: whatever is due by the clock."""

    def play_one(incident: Incident, policy: Policy, facts: Facts, find: Find) -> Turn:
        return play(policy, facts, now, find)

    return play_one


@transaction.atomic
def open_incidents(openings: Sequence[Opening], *, now: datetime) -> list[Incident]:
    """Create incidents and page for them in the same transaction; same order. Constant statements for any number."""
    if not openings:
        return []
    services = Service.objects.select_related("schedule", "policy").in_bulk({o.service_id for o in openings})
    versions = current_versions(service.policy_id for service in services.values())
    incidents = [_incident(o, services[o.service_id], versions, now) for o in openings]
    # The first turn is played before the rows are written: they are born with their due instant.
    first_turns = play_round(incidents, everything_due(now), now=now)
    Incident.objects.bulk_create(incidents)
    TimelineEntry.objects.bulk_create(
        TimelineEntry(
            incident=incident,
            at=incident.opened_at,
            kind=EntryKind.OPENED,
            detail={**opening.detail, "severity": incident.severity},
        )
        for incident, opening in zip(incidents, openings, strict=True)
    )
    write_consequences(first_turns)
    return incidents


@transaction.atomic
def advance(incident_ids: Collection[int], *, now: datetime) -> int:
    """Do whatever is due for these incidents, in the caller's transaction if there is one. Returns pages written."""
    incidents = lock_all(incident_ids)
    if not incidents:
        return 0
    turns = play_round(incidents, everything_due(now), now=now)
    write_ladder(turns)
    return len(write_consequences(turns))


@transaction.atomic
def note_repeats(repeats: Sequence[Repeat], *, now: datetime) -> None:
    """One timeline entry for each; nobody is told again."""
    TimelineEntry.objects.bulk_create(
        TimelineEntry(
            incident_id=repeat.incident_id,
            at=now,
            kind=EntryKind.REPEATED,
            detail={"summary": repeat.summary, "times": repeat.times, "event_count": repeat.event_count},
        )
        for repeat in repeats
    )


def _incident(opening: Opening, service: Service, versions: Mapping[int, PolicyVersion], now: datetime) -> Incident:
    opened_at = min(opening.opened_at, now)  # another machine's clock may run ahead
    return Incident(
        service=service,
        policy=versions[service.policy_id],
        title=opening.title,
        severity=opening.severity,
        is_test=opening.is_test,
        opened_at=opened_at,
        step_planned_at=opened_at,
    )
