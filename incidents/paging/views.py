"""The incident list, the page of one incident, and what people do there. All of it works without script."""

from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from incidents.escalation.terms import ManualReason, Severity, Via
from incidents.paging import selectors, services
from incidents.paging.countdowns import countdown
from incidents.paging.forms import EscalateForm, IncidentFilter, ResolveForm, SeverityForm
from incidents.paging.models import Incident
from rotations.contact.hints import SEND_DUE
from rotations.people import times
from rotations.people.clock import now
from rotations.people.models import User

PAGE = 25


@require_safe
def incident_list(request: HttpRequest) -> HttpResponse:
    """Incidents of my teams and those I was paged about, newest first."""
    choice = IncidentFilter(request.GET)
    state = choice.chosen()
    page = Paginator(selectors.incident_list(_me(request), state=state), PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "filter": choice, "state": state}
    return render(request, "incidents/paging/incidents.html", context)


@require_safe
def incident(request: HttpRequest, pk: int) -> HttpResponse:
    """One incident: what happens next, who is on it, what was done. htmx asks for the part that changes."""
    template = "incidents/paging/_refreshed.html" if request.htmx else "incidents/paging/incident.html"  # type: ignore[attr-defined]
    return render(request, template, _context(request, pk))


@require_POST
def acknowledge(request: HttpRequest, pk: int) -> HttpResponse:
    """I have seen it and take the lead: nobody else is paged."""
    done = services.acknowledge(incident_id=_visible(request, pk).pk, via=Via.WEB, by=_me(request), now=now())
    tell_outcome(request, done, _me(request))
    return redirect("incident", pk)


@require_POST
def escalate(request: HttpRequest, pk: int) -> HttpResponse:
    """Page the secondary now."""
    form = EscalateForm(_visible(request, pk), None, request.POST)
    if not form.is_valid():
        return _again(request, pk, "escalate_form", form)
    try:
        pages = services.escalate(
            incident_id=pk, reason=ManualReason(form.cleaned_data["reason"]), by=_me(request), now=now()
        )
    except ValidationError as refused:
        messages.warning(request, " ".join(refused.messages))
        return redirect("incident", pk)
    transaction.on_commit(SEND_DUE.give)
    names = ", ".join(page.user.name for page in pages)
    if names:
        messages.success(request, _("%s is paged now.") % names)
    else:
        messages.warning(request, _("Nobody is paged again: the timeline says who was, or that nobody could be."))
    return redirect("incident", pk)


@require_POST
def resolve(request: HttpRequest, pk: int) -> HttpResponse:
    """It is over."""
    form = ResolveForm(_visible(request, pk), request.POST)
    if not form.is_valid():
        return _again(request, pk, "resolve_form", form)
    services.resolve(incident_id=pk, **form.cleaned_data, by=_me(request), now=now())
    messages.success(request, _("Resolved. Nobody is paged about it any more."))
    return redirect("incident", pk)


@require_POST
def change_severity(request: HttpRequest, pk: int) -> HttpResponse:
    """It is worse, or less bad, than the sender said."""
    form = SeverityForm(_visible(request, pk), request.POST)
    if not form.is_valid():
        return _again(request, pk, "severity_form", form)
    severity = Severity(form.cleaned_data["severity"])
    try:
        services.change_severity(incident_id=pk, severity=severity, by=_me(request), now=now())
    except ValidationError as refused:
        messages.warning(request, " ".join(refused.messages))
        return redirect("incident", pk)
    transaction.on_commit(SEND_DUE.give)
    messages.success(request, _("Severity is %s now.") % severity.name)
    return redirect("incident", pk)


def tell_outcome(request: HttpRequest, done: services.Acknowledgement, me: User) -> None:
    """Say who acknowledged, and when, if somebody was first; or that it is over."""
    if done.is_first:
        messages.success(request, _("You lead %s now. Nobody else is paged.") % done.incident.code)
        return
    at = done.incident.acknowledged_at or done.incident.resolved_at
    if at is None:
        return
    values = {"who": done.by.name if done.by else _("The sender"), "at": times.clock(at, ZoneInfo(me.time_zone))}
    if done.incident.acknowledged_at is None:
        messages.warning(request, _("It was resolved at %(at)s.") % values)
    elif done.by == me:
        messages.warning(request, _("You have acknowledged it already, at %(at)s.") % values)
    else:
        messages.warning(request, _("%(who)s was first, at %(at)s.") % values)


def _again(request: HttpRequest, pk: int, name: str, form: Form) -> HttpResponse:
    """The page once more, with the sentence at the field."""
    return render(request, "incidents/paging/incident.html", {**_context(request, pk), name: form}, status=422)


def _context(request: HttpRequest, pk: int) -> dict[str, object]:
    at = now()
    try:
        shown = selectors.incident_page(_me(request), pk, now=at)
    except Incident.DoesNotExist as missing:
        raise Http404 from missing
    return {
        "shown": shown,
        "incident": shown.incident,
        "countdown": countdown(shown.next_action, at),
        "escalate_form": EscalateForm(shown.incident, shown.secondary),
        "resolve_form": ResolveForm(shown.incident),
        "severity_form": SeverityForm(shown.incident),
    }


def _visible(request: HttpRequest, pk: int) -> Incident:
    """What a person may not see does not exist for them."""
    return get_object_or_404(selectors.incident_list(_me(request)), pk=pk)


def _me(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
