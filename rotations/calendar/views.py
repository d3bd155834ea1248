"""The month calendar."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect


def first_calendar(request: HttpRequest) -> HttpResponse:
    """Lead to the person's first schedule."""
    return redirect("now")
