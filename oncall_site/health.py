"""Three answers for monitors: the process lives, it reaches its database, paging works.

Anybody may ask, so nothing here names a person, a team or what broke.
"""

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.db.models import Count, Min, QuerySet
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from incidents.models import Event
from incidents.paging.selectors import sweep_health
from rotations.models import Delivery
from rotations.people.clock import database_now

log = structlog.get_logger(__name__)


@login_not_required
@never_cache
@require_safe
def process_lives(request: HttpRequest) -> JsonResponse:
    """`/healthz`: this process answers."""
    return JsonResponse({"status": "ok"})


@login_not_required
@never_cache
@require_safe
def database_reached(request: HttpRequest) -> JsonResponse:
    """`/readyz`: events can be accepted. Without workers and broker they still are, and wait safely."""
    try:
        database_now()
    except DatabaseError as unreachable:
        log.warning("the database does not answer", error=str(unreachable))
        return JsonResponse({"status": "unavailable", "reason": "the database does not answer"}, status=503)
    return JsonResponse({"status": "ok"})


@login_not_required
@never_cache
@require_safe
def paging_works(request: HttpRequest) -> JsonResponse:
    """`/healthz/paging`: 503 as soon as the sweep is stale or something that was due has not been done."""
    try:
        report = paging_report(database_now())
    except DatabaseError as unreachable:
        log.warning("the database does not answer", error=str(unreachable))
        report = {"status": "late", "reasons": ["the database does not answer"]}
    return JsonResponse(report, status=200 if report["status"] == "ok" else 503)


def paging_report(now: datetime) -> dict[str, Any]:
    """How late paging is, in seconds, and what stands open that should not.

    An incident that ran out of people is counted but is no 503: the machinery worked, people have to.
    """
    sweep = sweep_health(now)
    events, oldest_event = _waiting(Event.objects.pending(), "received_at", now)
    deliveries, oldest_delivery = _waiting(Delivery.objects.claimable(now), "due_at", now)
    lateness = {"incidents": sweep.lateness, "events": oldest_event, "deliveries": oldest_delivery}
    reasons = [f"{what} are overdue" for what, late in lateness.items() if late > settings.SWEEP_STALE_AFTER]
    if sweep.ran_at is None or now - sweep.ran_at > settings.SWEEP_STALE_AFTER:
        reasons.insert(0, "the escalation sweep is stale")
    return {
        "status": "late" if reasons else "ok",
        "reasons": reasons,
        "seconds_since_sweep": _seconds(now - sweep.ran_at) if sweep.ran_at else None,
        "lateness_seconds": {what: _seconds(late) for what, late in lateness.items()},
        "waiting": {"incidents": sweep.overdue, "events": events, "deliveries": deliveries},
        "nobody_answered": sweep.exhausted,
    }


def _waiting(rows: QuerySet[Any], due: str, now: datetime) -> tuple[int, timedelta]:
    """How many rows are waiting, and for how long the oldest of them."""
    found = rows.aggregate(count=Count("pk"), since=Min(due))
    return found["count"], max(now - found["since"], timedelta()) if found["since"] else timedelta()


def _seconds(length: timedelta) -> float:
    return round(length.total_seconds(), 3)
