"""The month calendar. Everybody who is signed in may read every schedule's; it shows no contact data."""

from datetime import MAXYEAR, date

from django.core.validators import slug_re
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from rotations.calendar.month import month_start
from rotations.calendar.page import Reader
from rotations.calendar.selectors import choices, month_page, schedules_named, schedules_with_horizon
from rotations.people.clock import now
from rotations.people.permissions import may_manage


@require_safe
def first_calendar(request: HttpRequest) -> HttpResponse:
    """Lead to the schedule that was chosen, else to the person's first one; without any, say what comes next."""
    assert request.user.is_authenticated  # LoginRequiredMiddleware
    chosen = request.GET.get("schedule") or choices(request.user).values_list("slug", flat=True).first()
    if chosen and not slug_re.match(chosen):
        raise Http404
    if chosen:
        return redirect("calendar-month", chosen)
    return choose_calendar(request)


@require_safe
def choose_calendar(request: HttpRequest) -> HttpResponse:
    """Every team's schedules, found by name."""
    text = request.GET.get("q", "").replace("\0", "").strip()  # PostgreSQL takes no NUL
    return render(request, "rotations/calendar/choose.html", {"schedules": schedules_named(text), "text": text})


@require_safe
def calendar_month(request: HttpRequest, slug: str) -> HttpResponse:
    """A month of one schedule, as a table of weeks or (`?view=list`, and on phones) as a list."""
    assert request.user.is_authenticated  # LoginRequiredMiddleware
    schedule = get_object_or_404(schedules_with_horizon(), slug=slug)
    reader = Reader(zone=timezone.get_current_timezone(), now=now())
    page = month_page(schedule, _month(request.GET.get("month"), reader), reader)
    as_list = request.GET.get("view") == "list"
    context = {
        "page": page,
        "schedules": choices(request.user),
        "as_list": as_list,
        "view": "&view=list" if as_list else "",
        "may_manage": may_manage(request.user, schedule.team_id),
        "why": reverse("why", args=[slug]),
    }
    return render(request, "rotations/calendar/month.html", context)


def _month(text: str | None, reader: Reader) -> date:
    """The month asked for as 2026-12; the present one if none is."""
    if not text:
        return month_start(reader.today)
    try:
        month = date.fromisoformat(f"{text}-01")
    except ValueError as unreadable:
        raise Http404 from unreadable
    if not 1970 < month.year < MAXYEAR:
        raise Http404
    return month
