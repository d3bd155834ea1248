"""Taking incidents in hand: every change of one is made under its row's lock.

PostgreSQL locks rows; SQLite's transactions are IMMEDIATE, so there the transaction itself is the lock.
"""

from collections.abc import Collection
from datetime import datetime

from django.db.models import QuerySet

from incidents.alerts.models import Service
from incidents.paging.models import Incident


def locked(incidents: QuerySet[Incident], *, skip_locked: bool = False) -> list[Incident]:
    """These incidents under lock, with their service and schedule. Two queries.

    Nothing is joined: after a wait PostgreSQL reads the locked row anew, but not what it was joined to; and five
    hundred incidents of one service need that service once.
    """
    rows = list(incidents.select_for_update(skip_locked=skip_locked, no_key=True))
    services = Service.objects.select_related("schedule").in_bulk({incident.service_id for incident in rows})
    for incident in rows:
        incident.service = services[incident.service_id]
    return rows


def lock_one(incident_id: int) -> Incident:
    """One incident; waits for whoever has it. Raises `Incident.DoesNotExist`."""
    found = locked(Incident.objects.filter(pk=incident_id))
    if not found:
        raise Incident.DoesNotExist
    return found[0]


def lock_all(incident_ids: Collection[int]) -> list[Incident]:
    """These incidents, in order of id so that two never deadlock; waits for whoever has one of them."""
    return locked(Incident.objects.filter(pk__in=incident_ids).order_by("pk"))


def lock_due(now: datetime, *, limit: int, without: Collection[int]) -> list[Incident]:
    """The longest overdue incidents that no other sweeper has in hand."""
    due = Incident.objects.due(now).exclude(pk__in=without).order_by("next_action_at", "pk")
    return locked(due[:limit], skip_locked=True)
