"""The only writers of incident state: what people and senders do to an incident, beside opening and sweeping.

Each takes the incident's lock first: whatever a sweep has in hand is finished, and nothing goes out after it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from incidents.escalation.engine import Facts
from incidents.escalation.policy import Policy
from incidents.escalation.terms import ManualReason, Severity, Target, Via
from incidents.escalation.turn import Find, NoSuchTier, Turn, play, play_request
from incidents.paging.engine import play_round, write_consequences, write_ladder
from incidents.paging.locks import lock_all, lock_one
from incidents.paging.models import Alert, EntryKind, Incident, Page, State, TimelineEntry
from incidents.paging.openings import Opening, Repeat, advance, note_repeats, open_incidents
from incidents.paging.page_texts import Asked
from incidents.paging.selectors import may_act, tier_of
from incidents.paging.sweeping import SweepResult, sweep
from rotations.contact.services import cancel_messages
from rotations.people.models import User

__all__ = [
    "Acknowledgement",
    "Closing",
    "Opening",
    "Repeat",
    "SweepResult",
    "acknowledge",
    "advance",
    "change_severity",
    "escalate",
    "note_repeats",
    "open_incidents",
    "raise_severities",
    "resolve",
    "resolve_by_alerts",
    "sweep",
]

# What each of the two acts writes of an incident.
ACKNOWLEDGED = ["state", "next_action_at", "acknowledged_at", "acknowledged_by", "acknowledged_tier", "lead"]
RESOLVED = ["state", "next_action_at", "resolved_at", "resolved_by", "resolved_tier", "resolution", "second_needed"]

# Asking for the same person again so soon is a second click, not a second need.
SECOND_CLICK = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Closing:
    """An alert that its sender resolved; `resolved_at` of its row is set already."""

    incident_id: int
    summary: str


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """How an acknowledgement came out. A second one changes nothing and says who was first."""

    incident: Incident
    is_first: bool

    @property
    def by(self) -> User | None:
        """Who acknowledged first; nobody when the sender did, or when nobody has."""
        return self.incident.acknowledged_by


@transaction.atomic
def acknowledge(*, incident_id: int, via: Via, by: User | None, now: datetime) -> Acknowledgement:
    """Stop the ladder: `by` leads from here (nobody when the sender acknowledged: `by` is None).

    Deliveries that have not gone out are cancelled, to everybody. Again: changes nothing, tells who was first.
    """
    incident = lock_one(incident_id)
    _check_may_act(by, incident)
    if incident.state != State.TRIGGERED:
        return Acknowledgement(incident, is_first=False)
    tier = tier_of(by, incident, now)
    incident.state, incident.next_action_at = State.ACKNOWLEDGED, None
    incident.acknowledged_at, incident.acknowledged_by, incident.acknowledged_tier = now, by, tier
    incident.lead = by
    incident.save(update_fields=ACKNOWLEDGED)
    _silence([incident], now)
    _note(incident, EntryKind.ACKNOWLEDGED, {"via": via, "tier": tier}, by=by, now=now)
    return Acknowledgement(incident, is_first=True)


@transaction.atomic
def escalate(*, incident_id: int, reason: ManualReason, by: User | None, now: datetime) -> list[Page]:
    """Page the secondary now, for one of four reasons. Asking early is right (R47, R48). Returns the pages written.

    Where the schedule has no secondary, or the secondary asks, the managers are paged. The same wish again within a
    minute is a second click: nobody is paged twice for it. Raises `ValidationError(code="resolved")`.
    """
    incident = lock_one(incident_id)
    _check_may_act(by, incident)
    _check_open(incident)
    asked_before = incident.timeline.filter(kind__in=[EntryKind.PAGED, EntryKind.NOBODY], by__isnull=False)
    if asked_before.filter(at__gt=now - SECOND_CLICK).exists():
        return []

    def ask(incident: Incident, policy: Policy, facts: Facts, find: Find) -> Turn:
        return play_request(policy, facts, now, find, target=_whom_to_ask(by, find))

    turn = play_round([incident], ask, now=now)
    write_ladder(turn)
    return write_consequences(turn, asked=Asked(by, reason))


@transaction.atomic
def resolve(
    *, incident_id: int, resolution: str = "", second_needed: bool | None = None, by: User | None, now: datetime
) -> Incident:
    """End an incident and its alerts by hand. Again: changes nothing."""
    incident = lock_one(incident_id)
    _check_may_act(by, incident)
    if incident.state == State.RESOLVED:
        return incident
    tier = tier_of(by, incident, now)
    incident.state, incident.next_action_at = State.RESOLVED, None
    incident.resolved_at, incident.resolved_by, incident.resolved_tier = now, by, tier
    incident.resolution, incident.second_needed = resolution.strip(), second_needed
    incident.save(update_fields=RESOLVED)
    incident.alerts.filter(resolved_at__isnull=True).update(resolved_at=now)
    _silence([incident], now)
    _note(incident, EntryKind.RESOLVED, {"tier": tier, "second_needed": second_needed}, by=by, now=now)
    return incident


@transaction.atomic
def resolve_by_alerts(closings: Sequence[Closing], *, now: datetime) -> list[int]:
    """Note resolved alerts and end each incident whose last alert is resolved. Returns the ids of those that ended."""
    locked = lock_all({closing.incident_id for closing in closings})
    alerts = Alert.objects.filter(incident=OuterRef("pk"), resolved_at__isnull=True)
    over = Incident.objects.open().filter(~Exists(alerts), pk__in=[incident.pk for incident in locked])
    ended = set(over.values_list("pk", flat=True))
    TimelineEntry.objects.bulk_create(
        TimelineEntry(
            incident_id=closing.incident_id, at=now, kind=EntryKind.ALERT_RESOLVED, detail={"summary": closing.summary}
        )
        for closing in closings
    )
    Incident.objects.filter(pk__in=ended).update(state=State.RESOLVED, resolved_at=now, next_action_at=None)
    incidents = [incident for incident in locked if incident.pk in ended]
    _silence(incidents, now)
    TimelineEntry.objects.bulk_create(
        TimelineEntry(incident=incident, at=now, kind=EntryKind.RESOLVED) for incident in incidents
    )
    return [incident.pk for incident in incidents]


@transaction.atomic
def change_severity(*, incident_id: int, severity: Severity, by: User | None, now: datetime) -> Incident:
    """Set the severity by hand; the trigger table is read again. Raises `ValidationError(code="resolved")`."""
    incident = lock_one(incident_id)
    _check_may_act(by, incident)
    _check_open(incident)
    _set_severities([incident], {incident.pk: severity}, by=by, now=now)
    return incident


@transaction.atomic
def raise_severities(severities: Mapping[int, Severity], *, now: datetime) -> None:
    """Senders say it is worse, by incident id: severities only rise here; the trigger table is read again."""
    worse = [
        incident
        for incident in lock_all(severities.keys())
        if incident.state != State.RESOLVED and severities[incident.pk] < incident.severity
    ]
    _set_severities(worse, severities, by=None, now=now)


def _set_severities(
    incidents: Sequence[Incident], severities: Mapping[int, Severity], *, by: User | None, now: datetime
) -> None:
    """Write new severities and do what the trigger table says about them, acknowledged or not (R51)."""
    changed = [incident for incident in incidents if incident.severity != severities[incident.pk]]
    if not changed:
        return
    TimelineEntry.objects.bulk_create(
        TimelineEntry(
            incident=incident,
            at=now,
            kind=EntryKind.SEVERITY,
            by=by,
            detail={"from": incident.severity, "to": severities[incident.pk]},
        )
        for incident in changed
    )
    for incident in changed:
        incident.severity = severities[incident.pk]
    paged = _paged_about(changed)

    def read_again(incident: Incident, policy: Policy, facts: Facts, find: Find) -> Turn:
        return play(policy, replace(facts, paged=paged[incident.pk]), now, find)

    turns = play_round(changed, read_again, now=now)
    write_ladder(turns, "severity")
    write_consequences(turns)


def _paged_about(incidents: Sequence[Incident]) -> Mapping[int, set[int]]:
    """Who has been paged about each of these incidents."""
    paged: dict[int, set[int]] = defaultdict(set)
    for incident_id, user_id in Page.objects.filter(incident__in=incidents).values_list("incident", "user"):
        paged[incident_id].add(user_id)
    return paged


def _whom_to_ask(by: User | None, find: Find) -> Target:
    """The secondary; the managers where there is none by design, or where it is the secondary who asks."""
    secondary = find(Target.SECONDARY, None)
    if isinstance(secondary, NoSuchTier) or (by is not None and by.pk in secondary):
        return Target.MANAGERS
    return Target.SECONDARY


def _silence(incidents: Sequence[Incident], now: datetime) -> None:
    """Cancel what has not gone out about these incidents, to anybody."""
    pages = Page.objects.filter(incident__in=[incident.pk for incident in incidents])
    cancel_messages(list(pages.values_list("message", flat=True)), now=now)


def _note(incident: Incident, kind: EntryKind, detail: dict[str, Any], *, by: User | None, now: datetime) -> None:
    TimelineEntry.objects.create(incident=incident, at=now, kind=kind, by=by, detail=detail)


def _check_may_act(by: User | None, incident: Incident) -> None:
    if by is not None and not may_act(by, incident):
        raise PermissionDenied(_("Only responders of the team, and people who were paged, act on this incident."))


def _check_open(incident: Incident) -> None:
    if incident.state == State.RESOLVED:
        raise ValidationError(_("%s is resolved already.") % incident.code, code="resolved")
