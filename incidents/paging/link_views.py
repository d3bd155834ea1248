"""The page behind the link in a message: no sign-in, one incident, one big button."""

from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from incidents.escalation.terms import Via
from incidents.paging import links, selectors, services
from incidents.paging.countdowns import countdown
from incidents.paging.models import Incident, Page
from incidents.paging.views import tell_outcome
from rotations.contact.services import mark_seen
from rotations.people.clock import now
from rotations.people.models import User


# Both take a POST without Django's cookie: the token in the address says more than that, and whoever opens a link
# inside a chat or a mail program may have no cookies.
@csrf_exempt
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def page_link(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows and records nothing; POST acknowledges. Whoever is signed in as that person gets the whole page."""
    invited = _invited(token)
    if invited is None:
        return render(request, "incidents/paging/link_expired.html", status=404)
    person, incident_id = invited
    if request.method == "POST":
        done = services.acknowledge(incident_id=incident_id, via=Via.LINK, by=person, now=now())
        tell_outcome(request, done, person)
        return redirect("page-link", token)
    if request.user == person:
        return redirect("incident", incident_id)
    at = now()
    shown = selectors.incident_page(person, incident_id, now=at)
    waiting = countdown(shown.next_action, at)
    context = {"shown": shown, "incident": shown.incident, "countdown": waiting, "token": token}
    with timezone.override(ZoneInfo(person.time_zone)):
        return render(request, "incidents/paging/link.html", context)


@csrf_exempt
@login_not_required
@require_POST
def page_link_seen(request: HttpRequest, token: str) -> HttpResponse:
    """The page stood visible before a person: what a scanner that fetches links never does."""
    invited = _invited(token)
    if invited is not None:
        person, incident_id = invited
        for message_id in Page.objects.filter(incident=incident_id, user=person).values_list("message", flat=True):
            mark_seen(message_id, by=person, now=now())
    return HttpResponse(status=204)


def _invited(token: str) -> tuple[User, int] | None:
    """Whom a link speaks to, if it still does: signed here, not too old, about an incident that they may see."""
    link = links.read(token)
    person = User.objects.filter(pk=link.user_id, is_active=True).first() if link else None
    if link is None or person is None:
        return None
    try:
        return person, selectors.incident_list(person).get(pk=link.incident_id).pk
    except Incident.DoesNotExist:
        return None
