"""What every page gets: a content security policy, and times in the reader's zone."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

Handler = Callable[[HttpRequest], HttpResponseBase]

# Bootstrap's ticks and chevrons are data images; everything else is ours and comes from here (LOOKS).
POLICY = (
    "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'"
)


def content_security_policy(get_response: Handler) -> Handler:
    """No inline style, no inline script, nothing from elsewhere."""

    def handle(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response

    return handle


def readers_time_zone(get_response: Handler) -> Handler:
    """Templates print instants in the reader's own zone (LOOKS §7)."""

    def handle(request: HttpRequest) -> HttpResponseBase:
        zone = request.user.time_zone if request.user.is_authenticated else "UTC"
        with timezone.override(ZoneInfo(zone)):
            return get_response(request)

    return handle
