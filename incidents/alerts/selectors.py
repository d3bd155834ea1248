"""Reads of services, their integrations, and what came in through them."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from incidents.alerts import pagerduty
from incidents.alerts.models import Event, Integration, RefusedEvent, Service, SeverityRule
from incidents.alerts.signals import Refusal, words_of
from rotations.people.models import User
from rotations.people.permissions import may_respond, teams_of

SHOWN = 20  # of the newest events and of the newest refused bodies, for each integration
COUNTED_OVER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Sender:
    """What the inbox needs to know of an integration."""

    name: str
    severities: Mapping[str, int]  # its own table, from word in lower case to severity


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """An event as the service's page shows it; the key is blotted out of its body."""

    key: str
    received_at: datetime
    is_pending: bool
    problem: str
    guesses: tuple[str, ...]
    body: str


@dataclass(frozen=True, slots=True)
class RefusedBody:
    """A refused event as the service's page shows it."""

    at: datetime
    status: int
    errors: tuple[str, ...]
    body: str


@dataclass(frozen=True, slots=True)
class IntegrationPanel:
    """One integration on the service's page. `key` is empty for those who may not send events."""

    name: str
    key: str
    is_strict: bool
    is_archived: bool
    received: int  # over the last day
    refused: int  # over the last day
    last_at: datetime | None
    severity_rules: tuple[SeverityRule, ...]
    events: tuple[ReceivedEvent, ...]
    refusals: tuple[RefusedBody, ...]


@dataclass(frozen=True, slots=True)
class ServicePage:
    """Everything that the page of one service shows."""

    service: Service  # with team, schedule and policy
    integrations: tuple[IntegrationPanel, ...]


def senders(integration_ids: Collection[int]) -> dict[int, Sender]:
    """Names and severity tables of integrations, archived or not. Two queries."""
    tables: dict[int, dict[str, int]] = defaultdict(dict)
    rules = SeverityRule.objects.filter(integration__in=integration_ids)
    for integration_id, word, severity in rules.values_list("integration_id", "word", "severity"):
        tables[integration_id][word.lower()] = severity
    names = Integration.objects.filter(pk__in=integration_ids).values_list("pk", "name")
    return {pk: Sender(name, tables[pk]) for pk, name in names}


def service_list(user: User) -> QuerySet[Service]:
    """The services that a person may read: those of their teams, with team, schedule and policy."""
    services = Service.objects.active().filter(team__in=teams_of(user))
    return services.select_related("team", "schedule", "policy").order_by("team__name", "name")


def service_page(user: User, slug: str, *, now: datetime) -> ServicePage:
    """One service. Raises `Service.DoesNotExist` where there is none that this person may read. Constant queries."""
    readable = Service.objects.filter(team__in=teams_of(user)).select_related("team", "schedule", "policy")
    service = readable.get(slug=slug)
    integrations = list(_with_counters(service, now=now))
    events = _newest(Event.objects, integrations, "received_at", "event_floor")
    refusals = _newest(RefusedEvent.objects, integrations, "at", "refused_floor")
    shows_keys = may_respond(user, service.team_id)
    return ServicePage(
        service, tuple(_panel(one, events[one.pk], refusals[one.pk], shows_keys=shows_keys) for one in integrations)
    )


def _with_counters(service: Service, *, now: datetime) -> QuerySet[Integration]:
    """A service's integrations with counts, the last event, and from when on the newest rows are to be shown."""
    since = now - COUNTED_OVER
    events = Event.objects.filter(integration=OuterRef("pk")).order_by()
    refused = RefusedEvent.objects.filter(integration=OuterRef("pk")).order_by()
    return (
        service.integrations.prefetch_related("severity_rules")
        .annotate(
            received_count=_count(events.filter(received_at__gte=since)),
            refused_count=_count(refused.filter(at__gte=since)),
            last_at=Subquery(events.values("integration").annotate(last=Max("received_at")).values("last")),
            event_floor=Subquery(events.order_by("-received_at").values("received_at")[SHOWN - 1 : SHOWN]),
            refused_floor=Subquery(refused.order_by("-at").values("at")[SHOWN - 1 : SHOWN]),
        )
        .order_by("archived_at", "name", "pk")
    )


def _count(rows: QuerySet[Any]) -> Coalesce:
    return Coalesce(Subquery(rows.values("integration").annotate(count=Count("pk")).values("count")), 0)


def _newest(rows: Any, integrations: Sequence[Integration], instant: str, floor: str) -> Mapping[int, list[Any]]:
    """The newest rows of each integration by integration, newest first. One query that reads one index."""
    wanted = Q(pk__in=[])
    for one in integrations:
        from_here = getattr(one, floor)
        wanted |= Q(integration=one, **({f"{instant}__gte": from_here} if from_here else {}))
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows.filter(wanted).order_by(f"-{instant}", "-pk"):
        found[row.integration_id].append(row)
    return defaultdict(list, {pk: newest[:SHOWN] for pk, newest in found.items()})


def _panel(
    integration: Any, events: Sequence[Event], refusals: Sequence[RefusedEvent], *, shows_keys: bool
) -> IntegrationPanel:
    return IntegrationPanel(
        name=integration.name,
        key=integration.key if shows_keys and not integration.archived_at else "",
        is_strict=integration.is_strict,
        is_archived=integration.archived_at is not None,
        received=integration.received_count,
        refused=integration.refused_count,
        last_at=integration.last_at,
        severity_rules=tuple(sorted(integration.severity_rules.all(), key=lambda rule: (rule.severity, rule.word))),
        events=tuple(_received(event, integration.key) for event in events),
        refusals=tuple(
            RefusedBody(one.at, one.status, tuple(one.errors), one.body.replace(integration.key, "…"))
            for one in refusals
        ),
    )


def _received(event: Event, key: str) -> ReceivedEvent:
    signal = pagerduty.parse(event.body.encode())
    guesses = () if isinstance(signal, Refusal) else tuple(words_of(signal.flags))
    return ReceivedEvent(
        key=event.key,
        received_at=event.received_at,
        is_pending=event.processed_at is None,
        problem=event.problem,
        guesses=guesses,
        body=event.body.replace(key, "…")[:4096],
    )
