"""Reads of incidents: lists, one page, the queue of what waits for a person, and the sweep's health."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet

from incidents.escalation.terms import Target
from incidents.paging.models import Alert, Incident, IncidentQuerySet, Page, State, Sweep, TimelineEntry
from incidents.paging.showing import Delivered, NextAction, OnIt, TimelineLine, next_action_of, on_it, timeline_line
from incidents.paging.whom import whom_at
from incidents.policies.selectors import PolicyText, policies, policy_text
from rotations.contact.selectors import deliveries_of
from rotations.people.models import User
from rotations.people.permissions import may_manage, may_respond, teams_of
from rotations.rota.selectors import on_call_at

__all__ = [
    "Delivered",
    "IncidentPage",
    "NextAction",
    "OnIt",
    "OpenIncident",
    "SweepHealth",
    "TimelineLine",
    "incident_list",
    "incident_page",
    "may_act",
    "open_incidents",
    "sweep_health",
    "tier_of",
    "timeline",
]

MOST_ON_THE_FRONT_PAGE = 200


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """A line on the front page."""

    incident: Incident  # with service, lead and acknowledged_by
    next_action: NextAction | None
    waits_for_me: bool


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
    may_manage: bool


@dataclass(frozen=True, slots=True)
class SweepHealth:
    """Whether escalation is alive (N20)."""

    ran_at: datetime | None
    overdue: int
    lateness: timedelta  # of the most overdue incident now, zero if none
    exhausted: int
    is_well: bool


def may_act(user: User, incident: Incident) -> bool:
    """Whether a person acknowledges, escalates, resolves: responders of the team, and whoever was paged about it."""
    if may_respond(user, incident.service.team_id):
        return True
    return user.is_active and Page.objects.filter(incident=incident, user=user).exists()


def tier_of(user: User | None, incident: Incident, at: datetime) -> str:
    """The tier that a person holds at an instant, else the one they were last paged in; empty for neither."""
    if user is None:
        return ""
    schedule_id = incident.service.schedule_id
    holders = on_call_at(at, schedule_ids=[schedule_id]).get(schedule_id, {})
    held = next((tier for tier, holder in holders.items() if holder.user_id == user.pk), None)
    if held is not None:
        return held
    paged_in = Page.objects.filter(incident=incident, user=user).exclude(tier="").order_by("-pk")
    return paged_in.values_list("tier", flat=True).first() or ""


def incident_list(user: User, *, state: str = "", service_id: int | None = None) -> QuerySet[Incident]:
    """Incidents of the person's teams and those they were paged about, newest first. `state`: a State, or "open"."""
    incidents = _visible(user).select_related("service__team", "lead", "acknowledged_by", "resolved_by")
    if state == "open":
        incidents = incidents.exclude(state=State.RESOLVED)
    elif state:
        incidents = incidents.filter(state=state)
    if service_id is not None:
        incidents = incidents.filter(service=service_id)
    return incidents.order_by("-opened_at", "-pk")


def incident_page(user: User, pk: int, *, now: datetime) -> IncidentPage:
    """One incident. Raises `Incident.DoesNotExist` where there is none that this person may see."""
    known = _visible(user).select_related("service__team", "service__schedule", "policy__policy")
    incident = known.select_related("lead", "acknowledged_by", "resolved_by").get(pk=pk)
    rules = policies([incident.policy_id])
    people = whom_at(now, [incident], rules.values())
    pages = list(Page.objects.filter(incident=incident).select_related("user", "message").order_by("pk"))
    next_action = next_action_of(incident, rules[incident.policy_id], people)
    secondary = people.behind(incident, Target.SECONDARY)
    return IncidentPage(
        incident=incident,
        next_action=next_action,
        on_it=on_it(incident, pages, deliveries_of([page.message_id for page in pages]), next_action),
        secondary=secondary[0] if secondary else None,
        timeline=timeline(incident),
        alerts=tuple(incident.alerts.select_related("integration").order_by("pk")),
        policy=policy_text(incident.policy),
        may_respond=may_respond(user, incident.service.team_id) or any(page.user_id == user.pk for page in pages),
        may_manage=may_manage(user, incident.service.team_id),
    )


def timeline(incident: Incident) -> tuple[TimelineLine, ...]:
    """What happened, newest first; entries of one instant in reverse order of writing. One query."""
    entries = TimelineEntry.objects.filter(incident=incident).select_related("page__user", "by")
    return tuple(timeline_line(entry) for entry in entries.order_by("-at", "-pk"))


def open_incidents(user: User, *, now: datetime) -> list[OpenIncident]:
    """Open incidents that the person may see: not acknowledged first, then worst, then newest. At most 200."""
    triggered_first = _visible(user).open().order_by("-state", "severity", "-opened_at")
    return _with_next_actions(user, triggered_first, now)


def sweep_health(now: datetime) -> SweepHealth:
    """Is the sweep alive, and is anything overdue? Three queries."""
    ran_at = Sweep.objects.filter(name="escalation").values_list("ran_at", flat=True).first()
    due = Incident.objects.due(now).aggregate(overdue=Count("pk"), earliest=Min("next_action_at"))
    lateness = now - due["earliest"] if due["earliest"] else timedelta()
    stale_after = settings.SWEEP_STALE_AFTER
    return SweepHealth(
        ran_at=ran_at,
        overdue=due["overdue"],
        lateness=lateness,
        exhausted=Incident.objects.filter(state=State.TRIGGERED, exhausted_at__isnull=False).count(),
        is_well=ran_at is not None and now - ran_at <= stale_after and lateness <= stale_after,
    )


def _visible(user: User) -> IncidentQuerySet:
    if user.is_superuser:
        return Incident.objects.all()
    paged = Page.objects.filter(incident=OuterRef("pk"), user=user)
    return Incident.objects.filter(Q(service__team__in=teams_of(user)) | Exists(paged))


def _with_next_actions(user: User, incidents: QuerySet[Incident], now: datetime) -> list[OpenIncident]:
    """Eight further queries for any number of incidents."""
    known = list(
        incidents.select_related("service__team", "service__schedule", "lead", "acknowledged_by")[
            :MOST_ON_THE_FRONT_PAGE
        ]
    )
    rules = policies({incident.policy_id for incident in known})
    people = whom_at(now, known, rules.values())
    mine = set(Page.objects.filter(user=user, incident__in=known).values_list("incident", flat=True))
    return [
        OpenIncident(
            incident=incident,
            next_action=next_action_of(incident, rules[incident.policy_id], people),
            waits_for_me=incident.state == State.TRIGGERED and incident.pk in mine,
        )
        for incident in known
    ]
