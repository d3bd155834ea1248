"""Taking the demo away: the one exception to a history that is never deleted, because it is nobody's history."""

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import ForeignKey, Model, Q, QuerySet

from incidents import models as incidents
from rotations import models as rotations
from rotations.people.records import RecordQuerySet

# What belongs to the demo, children before their parents: model and how it hangs on a demo team or person.
PLACES: list[tuple[type[Model], str]] = [
    (incidents.TimelineEntry, "incident__service__team"),
    (incidents.Page, "incident__service__team"),
    (incidents.Alert, "incident__service__team"),
    (incidents.Incident, "service__team"),
    (incidents.Event, "service__team"),
    (incidents.RefusedEvent, "integration__service__team"),
    (incidents.SeverityRule, "integration__service__team"),
    (incidents.Integration, "service__team"),
    (incidents.Service, "team"),
    (incidents.TriggerRule, "version__policy__team"),
    (incidents.PolicyStep, "version__policy__team"),
    (incidents.PolicyVersion, "policy__team"),
    (incidents.EscalationPolicy, "team"),
    (rotations.Delivery, "message__recipient"),
    (rotations.Message, "recipient"),
    (rotations.NotificationRule, "user"),
    (rotations.ContactPoint, "user"),
    (rotations.Override, "schedule__team"),
    (rotations.Shift, "rotation__schedule__team"),
    (rotations.Publication, "rotation__schedule__team"),
    (rotations.Seat, "rotation__schedule__team"),
    (rotations.Rotation, "schedule__team"),
    (rotations.Schedule, "team"),
    (rotations.TimeOff, "user"),
    (rotations.ApiToken, "user"),
    (rotations.AuditEntry, "team"),
    (rotations.AuditEntry, "by"),
    (rotations.Membership, "team"),
    (rotations.Team, ""),
    (rotations.User, ""),
]


@transaction.atomic
def remove() -> str:
    """Erase every row of the demo and say so. Raises `ValidationError` once real data refers to it."""
    if not rotations.Team.objects.filter(is_demo=True).exists():
        return "There is no demo here."
    if reasons := [*_real_people(), *_real_rows()]:
        raise ValidationError(
            "The demo stays: real data refers to it (%(reasons)s). Archive what you no longer need instead.",
            code="in_use",
            params={"reasons": "; ".join(reasons)},
        )
    for model, place in PLACES:
        rows = _demo_rows(model, place)
        rows.erase_demo() if isinstance(rows, RecordQuerySet) else rows.delete()
    return "The demo is gone. Start with `make run DEMO=0` for a real first run."


def _demo_rows(model: type[Model], place: str) -> QuerySet[Any]:
    return model._default_manager.filter(**{f"{place}__is_demo" if place else "is_demo": True})


def _all_demo_rows(model: type[Model]) -> Q:
    """Every way in which a row of this model belongs to the demo."""
    places = [place for listed, place in PLACES if listed is model]
    return Q(*((f"{place}__is_demo" if place else "is_demo", True) for place in places), _connector=Q.OR)


def _real_people() -> Iterator[str]:
    """Real people who have a place in the demo team."""
    for membership in rotations.Membership.objects.filter(team__is_demo=True, user__is_demo=False)[:3]:
        yield f"{membership.user} is on {membership.team}"


def _real_rows() -> Iterator[str]:
    """Rows outside the demo that point at a row inside: a real service on the demo's schedule, say."""
    inside = {model: model._default_manager.filter(_all_demo_rows(model)) for model, _ in PLACES}
    for model, rows in inside.items():
        outside = model._default_manager.exclude(pk__in=rows.values("pk"))
        for field in model._meta.get_fields():
            if isinstance(field, ForeignKey) and field.related_model in inside:
                for row in outside.filter(**{f"{field.name}__in": inside[field.related_model].values("pk")})[:3]:
                    yield f"{model._meta.verbose_name} {row}"
