"""The door for events: the first middleware, which answers the intake paths itself and goes no further."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase


class IntakeMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)
