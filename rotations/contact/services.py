"""The writers of messages and of contact points. Sending is `outbox` and `sending`."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from rotations.contact import outbox
from rotations.contact.addresses import clean_address
from rotations.contact.models import (
    Channel,
    ContactPoint,
    Delivery,
    DeliveryState,
    Message,
    MessageKind,
    NotificationRule,
)
from rotations.contact.routes import Stop, reaches
from rotations.people.models import User
from rotations.people.services import record
from rotations.schedule.tiers import Tier

SUBJECT_LENGTH = 250
LATEST_RULE = timedelta(hours=1)
BETWEEN_TESTS = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Draft:
    """Something to tell one person. `path` is where it leads, under SITE_URL; `tier` chooses whose rules (R71)."""

    recipient_id: int
    kind: MessageKind
    subject: str
    body: str
    path: str
    tier: Tier | None = None


def write_messages(drafts: Sequence[Draft], *, now: datetime) -> list[Message]:
    """Write messages and their deliveries in the caller's transaction; return them in the order of the drafts.

    Takes five statements for any number of drafts (SQLite splits long inserts). After the commit, give
    `hints.SEND_DUE`.
    """
    if not drafts:
        return []
    reach = reaches({draft.recipient_id for draft in drafts})
    messages = Message.objects.bulk_create([_message(draft, now) for draft in drafts])
    Delivery.objects.bulk_create(
        [
            _delivery(message, stop, now)
            for draft, message in zip(drafts, messages, strict=True)
            for stop in reach[draft.recipient_id].stops(draft.kind, draft.tier)
        ]
    )
    return messages


@transaction.atomic
def cancel_messages(message_ids: Collection[int], *, now: datetime) -> int:
    """What is not sent yet is no longer needed: somebody has acknowledged. Return how many deliveries that stopped."""
    return outbox.cancel(message_ids, now=now)


def mark_seen(message_id: int, *, by: User, now: datetime) -> None:
    """Record when a message first stood on a visible page. Raises `PermissionDenied` for somebody else's."""
    own = Message.objects.filter(pk=message_id, recipient=by)
    if not own.filter(seen_at__isnull=True).update(seen_at=now) and not own.exists():
        raise PermissionDenied


def mark_all_seen(*, by: User, now: datetime) -> int:
    """Record that a person has seen everything in their inbox. Return how much of it was new."""
    return Message.objects.filter(recipient=by, seen_at__isnull=True).update(seen_at=now)


@transaction.atomic
def create_default_contacts(*, user: User, now: datetime) -> None:
    """Give a person the inbox and their account's e-mail, at once in both tiers; a second call changes nothing."""
    for channel in (Channel.INBOX, Channel.EMAIL):
        point, is_new = ContactPoint.objects.get_or_create(
            user=user, channel=channel, address="", archived_at=None, defaults={"verified_at": now}
        )
        if is_new:
            _use_at_once(point)


@transaction.atomic
def add_contact_point(
    *, user: User, channel: Channel, address: str, label: str = "", by: User, now: datetime
) -> ContactPoint:
    """Add a way to oneself. It is used at once in both tiers until its rules say otherwise.

    Raises `ValidationError` for an address that cannot work or is there already.
    """
    _must_be_own(user.pk, by)
    create_default_contacts(user=user, now=now)
    point = ContactPoint(user=user, channel=channel, address=clean_address(channel, address), label=label.strip())
    if channel == Channel.WEBHOOK:
        point.secret = secrets.token_urlsafe(32)
    point.full_clean()
    point.save()
    _use_at_once(point)
    record("contact_point.added", point.get_channel_display(), detail={"label": label}, by=by, now=now)
    return point


@transaction.atomic
def archive_contact_point(*, contact_point: ContactPoint, by: User, now: datetime) -> None:
    """Put a way to oneself away, with its rules and whatever still waits for it.

    Raises `ValidationError` for the inbox and the account's own e-mail: nobody is unreachable.
    """
    _must_be_own(contact_point.user_id, by)
    if contact_point.is_built_in:
        raise ValidationError(
            _("Your inbox and your account's e-mail stay: they make that nobody is unreachable."), code="built_in"
        )
    if not ContactPoint.objects.active().filter(pk=contact_point.pk).update(archived_at=now):
        return
    NotificationRule.objects.filter(contact_point=contact_point).delete()
    outbox.cancel_for(contact_point, now=now)
    detail = {"label": contact_point.label}
    record("contact_point.archived", contact_point.get_channel_display(), detail=detail, by=by, now=now)


@transaction.atomic
def set_rule(*, contact_point: ContactPoint, tier: Tier, after: timedelta | None, by: User, now: datetime) -> None:
    """Say when a contact point is used in a tier, counted from the page; None: not at all.

    Raises `ValidationError` for more than an hour: by then the page has gone to others.
    """
    _must_be_own(contact_point.user_id, by)
    if contact_point.channel == Channel.INBOX:
        raise ValidationError(_("Your inbox gets everything at once."), code="inbox")
    if after is not None and not timedelta() <= after <= LATEST_RULE:
        raise ValidationError(_("Choose a time between 0 and 60 minutes after the page."), code="after")
    rules = NotificationRule.objects.filter(user=contact_point.user, tier=tier)
    if after is None:
        rules.filter(contact_point=contact_point).delete()
    else:
        rules.update_or_create(
            user=contact_point.user, tier=tier, contact_point=contact_point, defaults={"after": after}
        )
    detail = {"tier": tier, "after_seconds": None if after is None else after.total_seconds()}
    record("notification_rule.set", contact_point.get_channel_display(), detail=detail, by=by, now=now)


@transaction.atomic
def set_rules(*, tier: Tier, after: Mapping[ContactPoint, timedelta | None], by: User, now: datetime) -> None:
    """Say when each of one's contact points is used in a tier. Only what differs is written."""
    kept = dict(NotificationRule.objects.filter(user=by, tier=tier).values_list("contact_point", "after"))
    for point, delay in after.items():
        _must_be_own(point.user_id, by)
        if kept.get(point.pk) != delay:
            set_rule(contact_point=point, tier=tier, after=delay, by=by, now=now)


@transaction.atomic
def send_test(*, contact_point: ContactPoint, by: User, now: datetime) -> Message:
    """Write a test message to one contact point of one's own. Raises `ValidationError` right after another test."""
    _must_be_own(contact_point.user_id, by)
    if contact_point.channel == Channel.EMAIL and not settings.EMAIL_URL:
        raise ValidationError(_("Tandem sends no e-mail here: whoever runs it has not set EMAIL_URL."), code="off")
    ContactPoint.objects.select_for_update(no_key=True).get(pk=contact_point.pk)  # pages go there meanwhile
    recent = Message.objects.filter(kind=MessageKind.TEST, recipient=by, created_at__gt=now - BETWEEN_TESTS)
    if recent.filter(deliveries__contact_point=contact_point).exists():
        raise ValidationError(_("A test is on its way already. Wait 30 seconds for the next."), code="too_soon")
    subject = _("Test from Tandem: this way reaches you")
    body = _("You asked for this message. A page about an incident comes the same way.")
    draft = Draft(by.pk, MessageKind.TEST, subject, body, reverse("contact-points"))
    message = _message(draft, now)
    message.save()
    address = contact_point.address or (by.email if contact_point.channel == Channel.EMAIL else "")
    _delivery(message, Stop(contact_point.channel, address, contact_point.pk), now).save()
    record("contact_point.tested", contact_point.get_channel_display(), by=by, now=now)
    return message


def _message(draft: Draft, now: datetime) -> Message:
    """A subject is one line; PostgreSQL holds no NUL."""
    return Message(
        recipient_id=draft.recipient_id,
        kind=draft.kind,
        subject=" ".join(draft.subject.replace("\x00", "").split())[:SUBJECT_LENGTH],
        body=draft.body.replace("\x00", ""),
        path=draft.path,
        created_at=now,
    )


def _delivery(message: Message, stop: Stop, now: datetime) -> Delivery:
    """A stop on its way. The inbox has the message already, so that one is born sent."""
    is_there = stop.channel == Channel.INBOX
    return Delivery(
        message_id=message.pk,
        contact_point_id=stop.contact_point_id,
        channel=stop.channel,
        address=stop.address,
        state=DeliveryState.SENT if is_there else DeliveryState.QUEUED,
        due_at=now + stop.after,
        finished_at=now if is_there else None,
    )


def _use_at_once(point: ContactPoint) -> None:
    NotificationRule.objects.bulk_create(
        NotificationRule(user=point.user, tier=tier, contact_point=point, after=timedelta()) for tier in Tier
    )


def _must_be_own(user_id: int, by: User) -> None:
    """How a person is reached is theirs to say, and nobody else's."""
    if user_id != by.pk:
        raise PermissionDenied
