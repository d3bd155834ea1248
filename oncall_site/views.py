"""The front page: what is my state now? It needs both apps, so it lives with the site."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from oncall_site.front_page import front_page as page_of
from rotations.people.clock import now


@require_safe
def front_page(request: HttpRequest) -> HttpResponse:
    """Who is on call now, what waits for me, when I am next."""
    assert request.user.is_authenticated  # LoginRequiredMiddleware
    return render(request, "site/now.html", {"page": page_of(request.user, now=now())})
