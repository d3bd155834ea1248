"""Reads of incidents: lists, one page, the queue of what waits for a person, and the sweep's health."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from incidents.escalation.terms import Target
from incidents.paging.models import Alert, Incident
from incidents.policies.selectors import PolicyText
from rotations.people.models import User
from rotations.schedule.tiers import Tier


@dataclass(frozen=True, slots=True)
class NextAction:
    """What happens at `at` if nobody acknowledges. `people` hold the tier at this moment; it is asked again then."""

    at: datetime
    since: datetime  # when the wait began: the bar runs from here to `at`
    target: Target
    tier: Tier | None
    people: tuple[User, ...]
    rule: str  # "If nobody acknowledges within 5 minutes, page the secondary"
    step: int  # which step of the policy, from 1; one past the last is the last call
    is_repeat: bool


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """A line on the front page."""

    incident: Incident  # with service, lead and acknowledged_by
    next_action: NextAction | None
    waits_for_me: bool


@dataclass(frozen=True, slots=True)
class Delivered:
    """How one page is getting to a person, one contact point each."""

    channel: str
    state: str
    state_word: str
    finished_at: datetime | None
    answer: str


@dataclass(frozen=True, slots=True)
class OnIt:
    """A person on the incident page: paged already, or the one who would be paged next."""

    user: User
    tier: Tier | None
    paged_at: datetime | None
    cause: str
    seen_at: datetime | None
    acknowledged_at: datetime | None
    undeliverable_at: datetime | None
    deliveries: tuple[Delivered, ...]


@dataclass(frozen=True, slots=True)
class TimelineLine:
    """One entry as it is printed: a sentence, and in small print why."""

    at: datetime
    kind: str
    sentence: str
    why: str
    user: User | None
    tier: Tier | None


@dataclass(frozen=True, slots=True)
class IncidentPage:
    """Everything the page of one incident shows."""

    incident: Incident  # with service, team, lead, acknowledged_by, resolved_by
    next_action: NextAction | None
    on_it: tuple[OnIt, ...]
    secondary: User | None  # whom "Page the secondary now" would page; None: the managers
    timeline: tuple[TimelineLine, ...]
    alerts: tuple[Alert, ...]
    policy: PolicyText
    may_respond: bool


@dataclass(frozen=True, slots=True)
class SweepHealth:
    """Whether escalation is alive (N20)."""

    ran_at: datetime | None
    overdue: int
    lateness: timedelta  # of the most overdue incident now, zero if none
    exhausted: int
    is_well: bool


def incident_list(user: User, *, state: str = "", service_id: int | None = None) -> QuerySet[Incident]:
    """Incidents of the person's teams and those they were paged about, newest first. `state`: a State, or "open"."""
    raise NotImplementedError


def incident_page(user: User, pk: int, *, now: datetime) -> IncidentPage:
    """One incident. Raises `Incident.DoesNotExist` where there is none that this person may see."""
    raise NotImplementedError


def open_incidents(user: User, *, now: datetime) -> list[OpenIncident]:
    """Open incidents that the person may see, worst and newest first."""
    raise NotImplementedError


def waiting_for(user: User, *, now: datetime) -> list[OpenIncident]:
    """Incidents that wait for this person's acknowledgement: paged to them, acknowledged by nobody."""
    raise NotImplementedError


def sweep_health(now: datetime) -> SweepHealth:
    """Is the sweep alive, and is anything overdue? Three queries."""
    raise NotImplementedError
