"""The front page: what is my state now? It needs both apps, so it lives with the site."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def front_page(request: HttpRequest) -> HttpResponse:
    """Who is on call now, what waits for me, when I am next."""
    return render(request, "site/now.html")
