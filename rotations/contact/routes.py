"""Which contact points a message goes to, and when: a person's rules, or safe defaults where there are none.

Reads only, in three statements for any number of people. `services.write_messages` turns stops into deliveries.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings

from rotations.contact.models import Channel, ContactPoint, MessageKind, NotificationRule
from rotations.people.models import User
from rotations.schedule.tiers import Tier

AT_ONCE = timedelta()


@dataclass(frozen=True, slots=True)
class Stop:
    """One contact point on a message's way. `contact_point_id` is None for what an account has without any rows."""

    channel: str
    address: str
    contact_point_id: int | None = None
    after: timedelta = AT_ONCE


@dataclass(slots=True)
class Reach:
    """How one person is reached: their own address, their contact points, and their rules for each tier."""

    email: str
    points: dict[int, Stop] = field(default_factory=dict)
    rules: dict[str, list[tuple[int, timedelta]]] = field(default_factory=dict)

    def stops(self, kind: MessageKind, tier: Tier | None) -> Sequence[Stop]:
        """Return the stops of one message, soonest first.

        Everything stands in the inbox. A notice also goes out by e-mail; the rest follows the tier's rules (without
        a tier, primary's). Where these wake nobody, every contact point is used at once: nobody is unreachable.
        """
        if kind == MessageKind.NOTICE:
            return [self._inbox(), *_that_can_wake([self._own_email()])]
        chosen = self._by_rules(tier or Tier.PRIMARY) or _that_can_wake(self.points.values())
        return [self._inbox(), *(chosen or _that_can_wake([self._own_email()]))]

    def _by_rules(self, tier: Tier) -> list[Stop]:
        ruled = [
            Stop(self.points[pk].channel, self.points[pk].address, pk, after)
            for pk, after in self.rules.get(tier, [])
            if pk in self.points
        ]
        return _that_can_wake(ruled)

    def _inbox(self) -> Stop:
        return next((stop for stop in self.points.values() if stop.channel == Channel.INBOX), Stop(Channel.INBOX, ""))

    def _own_email(self) -> Stop:
        own = (stop for stop in self.points.values() if stop.channel == Channel.EMAIL and stop.address == self.email)
        return next(own, Stop(Channel.EMAIL, self.email))


def reaches(recipient_ids: Collection[int]) -> dict[int, Reach]:
    """Return how each of these people is reached, in three statements."""
    found = {pk: Reach(email) for pk, email in User.objects.filter(pk__in=recipient_ids).values_list("pk", "email")}
    points = ContactPoint.objects.active().filter(user__in=recipient_ids).order_by("pk")
    for pk, user_id, channel, address in points.values_list("pk", "user_id", "channel", "address"):
        real = address or (found[user_id].email if channel == Channel.EMAIL else "")
        found[user_id].points[pk] = Stop(channel, real, pk)
    rules = NotificationRule.objects.filter(user__in=recipient_ids).order_by("after", "pk")
    for user_id, tier, point_id, after in rules.values_list("user_id", "tier", "contact_point_id", "after"):
        found[user_id].rules.setdefault(tier, []).append((point_id, after))
    return found


def _that_can_wake(stops: Iterable[Stop]) -> list[Stop]:
    """Without a mail server e-mail is off: it neither counts as a channel nor fails."""
    off = {Channel.INBOX} if settings.EMAIL_URL else {Channel.INBOX, Channel.EMAIL}
    return [stop for stop in stops if stop.channel not in off]
