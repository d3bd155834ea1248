"""The pages of services: for members of their team only."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from incidents.alerts import selectors
from incidents.alerts.models import Service
from rotations.people.clock import now


@require_safe
def service_list(request: HttpRequest) -> HttpResponse:
    """The services of a person's teams."""
    assert request.user.is_authenticated  # LoginRequiredMiddleware
    return render(request, "incidents/alerts/services.html", {"services": selectors.service_list(request.user)})


@require_safe
def service(request: HttpRequest, slug: str) -> HttpResponse:
    """One service: how to send it events, and what came in."""
    assert request.user.is_authenticated  # LoginRequiredMiddleware
    try:
        page = selectors.service_page(request.user, slug, now=now())
    except Service.DoesNotExist as unknown:
        raise Http404(_("There is no such service, or it is another team's.")) from unknown
    return render(request, "incidents/alerts/service.html", {"page": page, "address": settings.SITE_URL})
