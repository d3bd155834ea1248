"""What is read about messages, deliveries and contact points."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import OuterRef, Prefetch, Subquery

from rotations.contact.models import (
    Channel,
    ContactPoint,
    ContactPointQuerySet,
    Delivery,
    DeliveryQuerySet,
    Message,
    MessageKind,
    MessageQuerySet,
    NotificationRule,
)
from rotations.contact.routes import reaches
from rotations.people.models import User
from rotations.schedule.tiers import Tier


def inbox(user: User) -> MessageQuerySet:
    """A person's messages, newest first."""
    return Message.objects.in_inbox(user)


def unseen_count(user: User) -> int:
    """How many of a person's messages they have not seen yet."""
    return Message.objects.filter(recipient=user, seen_at__isnull=True).count()


def deliveries_of(message_ids: Collection[int]) -> DeliveryQuerySet:
    """Each of these messages on its way to each contact point, in the order in which they were to start."""
    return Delivery.objects.filter(message__in=message_ids).order_by("message", "pk").select_related("contact_point")


def contact_points(user: User) -> ContactPointQuerySet:
    """A person's contact points in use, oldest first, each with its rules; empty for somebody who never had any."""
    return ContactPoint.objects.of(user).prefetch_related(Prefetch("rules", NotificationRule.objects.order_by("after")))


@dataclass(frozen=True, slots=True)
class ContactLine:
    """A contact point as its owner sees it: when it is used in each tier (None: not at all), and how it did last."""

    point: ContactPoint
    after: dict[str, timedelta | None]
    last: Delivery | None


def contact_lines(user: User) -> Sequence[ContactLine]:
    """The lines of a person's contact page, in three statements."""
    points = list(contact_points(user))
    newest = Delivery.objects.filter(contact_point=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    last_ids = ContactPoint.objects.of(user).values(last=Subquery(newest))
    last = {delivery.contact_point_id: delivery for delivery in Delivery.objects.filter(pk__in=last_ids)}
    return [ContactLine(point, _after(point), last.get(point.pk)) for point in points]


def tiers_that_wake(user: User) -> dict[str, bool]:
    """For each tier, whether a page reaches this person anywhere but in their inbox; asked of what writes messages."""
    reach = reaches({user.pk})[user.pk]
    return {tier.value: len(reach.stops(MessageKind.PAGE, tier)) > 1 for tier in Tier}


def _after(point: ContactPoint) -> dict[str, timedelta | None]:
    """The inbox gets everything at once, whatever the rules say."""
    if point.channel == Channel.INBOX:
        return {tier.value: timedelta() for tier in Tier}
    rules = {rule.tier: rule.after for rule in point.rules.all()}
    return {tier.value: rules.get(tier.value) for tier in Tier}
