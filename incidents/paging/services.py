"""The only writers of incident state: opening, advancing, sweeping, and what people do to an incident."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from incidents.escalation.terms import ManualReason, Severity, Via
from incidents.paging.models import Incident, Page
from rotations.people.models import User


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
    """Events that repeated an open alert, in one batch: one timeline entry."""

    incident_id: int
    summary: str
    times: int
    event_count: int


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


@dataclass(frozen=True, slots=True)
class SweepResult:
    """What a sweep did. `lateness` is that of the most overdue incident it found."""

    incidents: int
    pages: int
    lateness: timedelta


def open_incidents(openings: Sequence[Opening], *, now: datetime) -> list[Incident]:
    """Create incidents and page for them in the same transaction; same order. Constant statements for any number."""
    raise NotImplementedError


def advance(incident_ids: Collection[int], *, now: datetime) -> int:
    """Do whatever is due for these incidents, in the caller's transaction if there is one. Returns pages written."""
    raise NotImplementedError


def sweep(*, now: datetime) -> SweepResult:
    """Do everything that is due, in batches of their own transactions. Any number of sweepers may run at once."""
    raise NotImplementedError


def acknowledge(*, incident_id: int, via: Via, by: User | None, now: datetime) -> Acknowledgement:
    """Stop the ladder: `by` leads from here (nobody when the sender acknowledged: `by` is None).

    Deliveries that have not gone out are cancelled, to everybody. Again: changes nothing, tells who was first.
    """
    raise NotImplementedError


def escalate(*, incident_id: int, reason: ManualReason, by: User | None, now: datetime) -> list[Page]:
    """Page the secondary now, for one of four reasons. Asking early is right (R47, R48).

    Where the schedule has no secondary, or the secondary asks, the managers are paged.
    Raises `ValidationError(code="resolved")`.
    """
    raise NotImplementedError


def resolve(
    *, incident_id: int, resolution: str = "", second_needed: bool | None = None, by: User | None, now: datetime
) -> Incident:
    """End an incident and its alerts by hand. Again: changes nothing."""
    raise NotImplementedError


def resolve_by_alerts(closings: Sequence[Closing], *, now: datetime) -> list[int]:
    """Note resolved alerts and end each incident whose last alert is resolved. Returns the ids of those that ended."""
    raise NotImplementedError


def change_severity(*, incident_id: int, severity: Severity, by: User | None, now: datetime) -> Incident:
    """Set the severity by hand; the trigger table is read again. Raises `ValidationError(code="resolved")`."""
    raise NotImplementedError


def raise_severities(severities: Mapping[int, Severity], *, now: datetime) -> None:
    """Senders say it is worse, by incident id: severities only rise here; the trigger table is read again."""
    raise NotImplementedError


def note_repeats(repeats: Sequence[Repeat], *, now: datetime) -> None:
    """One timeline entry for each; nobody is told again."""
    raise NotImplementedError
