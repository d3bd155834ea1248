"""A schedule's page, its overrides, and why. Everybody who is signed in reads; managers of the team write."""

from datetime import datetime

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rotations.people.clock import now
from rotations.people.models import User
from rotations.people.permissions import may_manage
from rotations.rota import selectors, services
from rotations.rota.forms import OverrideForm
from rotations.rota.models import Override, Rotation, Schedule
from rotations.rota.pages import schedule_page
from rotations.schedule.tiers import Tier


@require_safe
def schedule(request: HttpRequest, slug: str) -> HttpResponse:
    """Rotations, rosters, horizon and overrides; for managers also what publishing would change."""
    page = schedule_page(_schedule(slug), _me(request), now=now())
    return render(request, "rotations/rota/schedule.html", {"page": page})


@require_safe
def why(request: HttpRequest, slug: str) -> HttpResponse:
    """Who holds `?tier=` at `?at=` (an ISO instant; now), and how that came about."""
    if (tier := request.GET.get("tier", Tier.PRIMARY)) not in list(Tier):
        raise Http404
    explanation = selectors.explain(_schedule(slug), Tier(tier), _instant(request.GET.get("at")))
    return render(request, "rotations/rota/why.html", {"explanation": explanation})


@require_POST
def publish(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Publish a rotation's draft as the preview showed it."""
    rotation = get_object_or_404(Rotation.objects.active(), pk=pk, schedule=_managed(request, slug))
    try:
        services.publish(rotation, agreed_to=request.POST.get("preview"), by=_me(request), now=now())
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    else:
        messages.success(request, _("%(rotation)s is published.") % {"rotation": rotation})
    return redirect("schedule", slug)


@require_http_methods(["GET", "HEAD", "POST"])
def create_override(request: HttpRequest, slug: str) -> HttpResponse:
    """A manager lets somebody take over a tier; `?tier=`, `?from=` and `?to=` fill the form in."""
    chosen, this = _managed(request, slug), now()
    form = OverrideForm(request.POST or None, schedule=chosen, initial=_initial(request, this))
    if form.is_valid():
        try:
            override = services.approve_override(schedule=chosen, **form.cleaned_data, by=_me(request), now=this)
        except ValidationError as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("Approved: %(override)s.") % {"override": override})
            return redirect("schedule", slug)
    return render(request, "rotations/rota/override.html", {"form": form, "schedule": chosen})


@require_POST
def withdraw_override(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Give the tier back to whom the shifts name."""
    override = get_object_or_404(Override, pk=pk, schedule=_managed(request, slug))
    try:
        services.withdraw_override(override=override, by=_me(request), now=now())
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    else:
        messages.success(request, _("Withdrawn. From now on the shifts count again."))
    return redirect("schedule", slug)


def _me(request: HttpRequest) -> User:
    assert request.user.is_authenticated  # LoginRequiredMiddleware
    return request.user


def _schedule(slug: str) -> Schedule:
    return get_object_or_404(selectors.schedules(), slug=slug)


def _managed(request: HttpRequest, slug: str) -> Schedule:
    """A schedule that this person may change."""
    found = _schedule(slug)
    if not may_manage(_me(request), found.team_id):
        raise PermissionDenied
    return found


def _initial(request: HttpRequest, this: datetime) -> dict[str, object]:
    """What a link from a gap or a shift says already."""
    start, end = request.GET.get("from"), request.GET.get("to")
    return {
        "tier": request.GET.get("tier", Tier.PRIMARY),
        "starts_at": max(_instant(start), this) if start else this,
        "ends_at": _instant(end) if end else None,
    }


def _instant(text: str | None) -> datetime:
    """An ISO instant of an address; without a zone it is in the reader's. None: now. In an address + means a space."""
    if not text:
        return now()
    try:
        at = datetime.fromisoformat(text.replace(" ", "+"))
        at = at if at.tzinfo else timezone.make_aware(at)
    except (ValueError, OverflowError) as unreadable:
        raise Http404 from unreadable
    if not 1970 <= at.year < 2200:  # reckoning with it must not leave the calendar
        raise Http404
    return at
