"""How to reach people, and the outbox.

A `Message` is one thing said to one person; a `Delivery` is that message on its way to one contact point. Both are
written in the transaction of their reason; `sending` takes them from there.
"""

from typing import TYPE_CHECKING, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from rotations.people.models import User
from rotations.people.records import ArchivableQuerySet, Record, RecordQuerySet
from rotations.schedule.tiers import Tier

if TYPE_CHECKING:
    from datetime import datetime


class Channel(models.TextChoices):
    """The ways to a person. `channels` holds one module for each."""

    INBOX = "inbox", _("Inbox in Tandem")
    EMAIL = "email", _("E-mail")
    WEBHOOK = "webhook", _("Webhook")
    APPRISE = "apprise", _("Chat, SMS, push (Apprise)")


class ContactPointQuerySet(ArchivableQuerySet["ContactPoint"]):
    """The ways to people."""

    def of(self, user: User) -> Self:
        """One person's own that are in use, oldest first."""
        return self.active().filter(user=user).order_by("pk")


class ContactPoint(Record):
    """One way to reach one person. Everybody has `inbox` and `email` from the start."""

    user = models.ForeignKey(User, models.PROTECT, related_name="contact_points")
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    address = models.CharField(
        _("address"), max_length=500, blank=True, help_text=_("Empty for inbox and for the account's own e-mail")
    )
    label = models.CharField(_("name"), max_length=60, blank=True, help_text=_("My phone"))
    secret = models.CharField(max_length=64, blank=True, editable=False, help_text=_("Signs webhooks"))
    verified_at = models.DateTimeField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    objects = ContactPointQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact point")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "channel", "address"],
                condition=models.Q(archived_at__isnull=True),
                name="contact_point_once",
                violation_error_message=_("You have this contact point already."),
            ),
            models.CheckConstraint(
                condition=models.Q(channel__in=[Channel.INBOX, Channel.EMAIL]) | ~models.Q(address=""),
                name="contact_point_has_an_address",
            ),
        ]

    def __str__(self) -> str:
        return self.label or f"{self.get_channel_display()} {self.address}".strip()

    @property
    def is_built_in(self) -> bool:
        """The inbox and the account's own e-mail: what makes that nobody is unreachable. They cannot be put away."""
        return self.channel == Channel.INBOX or (self.channel == Channel.EMAIL and not self.address)


class NotificationRule(models.Model):
    """When a person is paged in a tier: this contact point, `after` the page. Pages without a tier use primary's."""

    user = models.ForeignKey(User, models.PROTECT, related_name="notification_rules")
    tier = models.CharField(_("tier"), max_length=9, choices=Tier.choices())
    contact_point = models.ForeignKey(ContactPoint, models.PROTECT, related_name="rules")
    after = models.DurationField(_("after"), help_text=_("Time from the page to this contact point"))

    class Meta:
        verbose_name = _("notification rule")
        constraints = [
            models.UniqueConstraint(fields=["user", "tier", "contact_point"], name="notification_rule_once"),
            models.CheckConstraint(condition=models.Q(tier__in=list(Tier)), name="notification_rule_tier_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.tier}: {self.contact_point} after {self.after}"


class MessageKind(models.TextChoices):
    PAGE = "page", _("Page")
    NOTICE = "notice", _("Notice")
    TEST = "test", _("Test")


class MessageQuerySet(RecordQuerySet["Message"]):
    """What was said to people."""

    def in_inbox(self, user: User) -> Self:
        """What stands in a person's in-app inbox, newest first."""
        return self.filter(recipient=user).order_by("-created_at", "-pk")


class Message(Record):
    """One thing said to one person."""

    recipient = models.ForeignKey(User, models.PROTECT, related_name="messages")
    kind = models.CharField(max_length=6, choices=MessageKind)
    subject = models.CharField(max_length=250)
    body = models.TextField(blank=True)
    path = models.CharField(max_length=300, help_text=_("Where it leads, under SITE_URL: the one obvious link"))
    created_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True, blank=True, help_text=_("First shown to the person, on a visible page"))
    undeliverable_at = models.DateTimeField(
        null=True, blank=True, help_text=_("Since when every channel that could wake the person is failing")
    )

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        indexes = [
            models.Index(fields=["recipient", "-created_at"], name="message_inbox"),
            models.Index(
                fields=["undeliverable_at"],
                condition=models.Q(undeliverable_at__isnull=False),
                name="message_undeliverable",
            ),
        ]

    def __str__(self) -> str:
        return self.subject


# So many senders may wait for one address. A server that never answers holds these and no more, and the page of
# everybody else goes out; two rather than one, so that a sender that died does not block an address for its lease.
IN_FLIGHT_PER_ADDRESS = 2


class DeliveryState(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed for good")
    CANCELLED = "cancelled", _("No longer needed")


UNFINISHED = [DeliveryState.QUEUED, DeliveryState.SENDING]


class DeliveryQuerySet(RecordQuerySet["Delivery"]):
    """The outbox."""

    def claimable(self, now: "datetime") -> Self:
        """Due and in nobody's hands: waiting, or in those of a sender whose lease has run out.

        Left out while its address keeps as many senders waiting as it may; asking which those are takes one statement.
        """
        due = self.filter(state__in=UNFINISHED, due_at__lte=now)
        for channel, address in Delivery.objects.busy_addresses(now):
            due = due.exclude(channel=channel, address=address)
        return due.order_by("due_at", "pk")

    def busy_addresses(self, now: "datetime") -> "models.QuerySet[Delivery, tuple[str, str]]":
        """Channel and address of whatever keeps as many senders waiting as it may."""
        in_flight = self.filter(state=DeliveryState.SENDING, due_at__gt=now).values_list("channel", "address")
        return (
            in_flight.annotate(senders=models.Count("pk"))
            .filter(senders__gte=IN_FLIGHT_PER_ADDRESS)
            .values_list("channel", "address")
        )

    def unaccepted_since(self, instant: "datetime") -> Self:
        """First tried at or before `instant`, not accepted yet, and not counted as failing yet."""
        return self.filter(state__in=UNFINISHED, first_tried_at__lte=instant, failing_at__isnull=True)

    def waking(self) -> Self:
        """Those that can wake a person (an inbox cannot) and are still wanted."""
        return self.exclude(channel=Channel.INBOX).exclude(state=DeliveryState.CANCELLED)


class Delivery(Record):
    """A message on its way to one contact point.

    While it is being sent, `due_at` is the end of the sender's lease: a sender that dies loses the row to the next.
    """

    message = models.ForeignKey(Message, models.PROTECT, related_name="deliveries")
    contact_point = models.ForeignKey(ContactPoint, models.PROTECT, null=True, blank=True, related_name="deliveries")
    channel = models.CharField(max_length=10, choices=Channel)
    address = models.CharField(max_length=500, blank=True, help_text=_("As it was when the message was written"))
    state = models.CharField(max_length=9, choices=DeliveryState, default=DeliveryState.QUEUED)
    due_at = models.DateTimeField(help_text=_("Next attempt, or the end of the lease while it is being sent"))
    attempts = models.PositiveSmallIntegerField(default=0)
    first_tried_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True, help_text=_("Sent, failed for good, or cancelled"))
    failing_at = models.DateTimeField(null=True, blank=True, help_text=_("Since when this channel counts as failing"))
    answer = models.TextField(blank=True, help_text=_("What the provider said last, word for word"))

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                condition=models.Q(state__in=["queued", "sending"]),
                name="delivery_due",
            ),
            models.Index(fields=["channel", "address"], condition=models.Q(state="sending"), name="delivery_in_flight"),
            models.Index(
                fields=["first_tried_at"],
                condition=models.Q(
                    state__in=["queued", "sending"], first_tried_at__isnull=False, failing_at__isnull=True
                ),
                name="delivery_unaccepted",
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=DeliveryState.values), name="delivery_state_is_known"),
            models.CheckConstraint(
                condition=models.Q(state__in=["queued", "sending"], finished_at__isnull=True)
                | models.Q(state__in=["sent", "failed", "cancelled"], finished_at__isnull=False),
                name="delivery_is_finished_or_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.message} by {self.channel}: {self.state}"
