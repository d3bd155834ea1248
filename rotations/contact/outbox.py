"""What happens to a delivery: claimed under a lease, then sent, tried again, or failed for good.

Everything here is one short transaction and touches no network. Claiming takes one delivery and waits for nobody;
whatever else changes deliveries locks their message first, so that two failing channels cannot overlook each other.
"""

import random
from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery

from rotations.contact.models import UNFINISHED, ContactPoint, Delivery, DeliveryState, Message

LONGEST_WAIT = timedelta(seconds=60)
LONGEST_RETRY_AFTER = timedelta(minutes=5)
ANSWER_LENGTH = 2000
FAILING_AT_ONCE = 500

chance = random.SystemRandom()


@transaction.atomic
def claim(*, now: datetime) -> Delivery | None:
    """Take the delivery that is due longest, for the length of a lease; None when nothing is due.

    PostgreSQL passes over rows that another sender is claiming; SQLite admits one writer at a time.
    """
    delivery = Delivery.objects.claimable(now).select_for_update(skip_locked=True, no_key=True).first()
    if delivery is None:
        return None
    delivery.state = DeliveryState.SENDING
    delivery.due_at = now + settings.DELIVERY_LEASE
    delivery.attempts += 1
    delivery.first_tried_at = delivery.first_tried_at or now
    delivery.save(update_fields=["state", "due_at", "attempts", "first_tried_at"])
    return delivery


def more_is_due(*, now: datetime) -> bool:
    """Whether another sender would find work."""
    return Delivery.objects.claimable(now).exists()


@transaction.atomic
def accepted(delivery: Delivery, *, answer: str, now: datetime) -> bool:
    """The provider took it. Return False if another sender has written so before.

    What was cancelled while it was under way is told as it is: sent. So is what a slower sender got through after
    its lease: whoever holds the row now need not try once more, and nobody waits for a lease long enough.
    """
    _lock([delivery.message_id])
    unsent = Delivery.objects.filter(pk=delivery.pk).exclude(state=DeliveryState.SENT)
    won = unsent.update(state=DeliveryState.SENT, finished_at=now, failing_at=None, answer=kept(answer))
    if won:
        Message.objects.filter(pk=delivery.message_id, undeliverable_at__isnull=False).update(undeliverable_at=None)
    return bool(won)


@transaction.atomic
def try_again(delivery: Delivery, *, answer: str, retry_after: timedelta, now: datetime) -> bool:
    """It failed for now: wait, longer each time and at least as long as the provider asked (up to 5 minutes)."""
    assert delivery.first_tried_at is not None
    tried_for = now - delivery.first_tried_at
    if tried_for >= settings.DELIVERY_GIVE_UP_AFTER:
        return failed(delivery, answer=answer, now=now)
    wait = backoff(delivery.attempts, first=settings.DELIVERY_RETRY_FIRST, luck=chance.random())
    _lock([delivery.message_id])
    won = _claimed(delivery).update(
        state=DeliveryState.QUEUED, due_at=now + max(wait, min(retry_after, LONGEST_RETRY_AFTER)), answer=kept(answer)
    )
    if won and tried_for >= settings.CHANNEL_FAILING_AFTER:
        _start_failing([delivery.pk], [delivery.message_id], now)
    return bool(won)


@transaction.atomic
def failed(delivery: Delivery, *, answer: str, now: datetime) -> bool:
    """It can never succeed: the message's next contact point starts now."""
    _lock([delivery.message_id])
    won = _claimed(delivery).update(state=DeliveryState.FAILED, finished_at=now, answer=kept(answer))
    if won:
        _start_failing([delivery.pk], [delivery.message_id], now)
    return bool(won)


def note_failing(*, now: datetime) -> int:
    """Count as failing what was tried 30 s ago and not accepted since, also while a try still hangs."""
    overdue = Delivery.objects.unaccepted_since(now - settings.CHANNEL_FAILING_AFTER)
    message_ids = set(overdue.order_by("first_tried_at").values_list("message_id", flat=True)[:FAILING_AT_ONCE])
    if not message_ids:
        return 0
    with transaction.atomic():
        _lock(message_ids)
        still = list(overdue.filter(message__in=message_ids).values_list("pk", "message_id"))
        _start_failing([pk for pk, _ in still], {message_id for _, message_id in still}, now)
    return len(still)


@transaction.atomic
def cancel(message_ids: Collection[int], *, now: datetime) -> int:
    """What is not sent yet is no longer needed. Return how many deliveries that stopped."""
    _lock(message_ids)
    unfinished = Delivery.objects.filter(message__in=message_ids, state__in=UNFINISHED)
    return unfinished.update(state=DeliveryState.CANCELLED, finished_at=now)


def cancel_for(contact_point: ContactPoint, *, now: datetime) -> None:
    """What still waits for a contact point that was put away goes there no more."""
    waiting = Delivery.objects.filter(contact_point=contact_point, state__in=UNFINISHED)
    message_ids = set(waiting.values_list("message_id", flat=True))
    with transaction.atomic():
        _lock(message_ids)
        waiting.update(state=DeliveryState.CANCELLED, finished_at=now)
        _bring_forward(message_ids, now)
        _note_undeliverable(message_ids, now)


def backoff(attempts: int, *, first: timedelta, luck: float) -> timedelta:
    """Return the wait after so many attempts: doubling from `first` up to a minute, half of it by `luck` in [0, 1).

    The random half keeps a thousand deliveries that failed together from coming back together.
    """
    whole: timedelta = min(first * 2 ** min(attempts - 1, 16), LONGEST_WAIT)
    return whole / 2 + whole / 2 * luck


def kept(answer: str) -> str:
    """An answer as it is kept: word for word, cut; PostgreSQL holds no NUL."""
    return answer.replace("\x00", "\N{REPLACEMENT CHARACTER}").strip()[:ANSWER_LENGTH]


def _lock(message_ids: Collection[int]) -> None:
    """Lock messages in the order of their keys, so that no two transactions wait for each other."""
    locked = Message.objects.filter(pk__in=message_ids).order_by("pk").select_for_update(no_key=True)
    list(locked.values_list("pk", flat=True))


def _claimed(delivery: Delivery) -> QuerySet[Delivery]:
    """The row as this sender left it: nobody has claimed it since, nobody has finished it."""
    return Delivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts, state=DeliveryState.SENDING)


def _start_failing(delivery_ids: Collection[int], message_ids: Collection[int], now: datetime) -> None:
    """These channels are failing from now on: what comes next is brought forward, and who is left unreachable noted."""
    started = Delivery.objects.filter(pk__in=delivery_ids, failing_at__isnull=True).update(failing_at=now)
    if started:
        _bring_forward(message_ids, now)
        _note_undeliverable(message_ids, now)


def _bring_forward(message_ids: Collection[int], now: datetime) -> None:
    """Start the next contact point of each message now instead of at its own time."""
    waiting = Delivery.objects.filter(state=DeliveryState.QUEUED, attempts=0, due_at__gt=now)
    following = waiting.filter(message=OuterRef("message")).order_by("due_at", "pk").values("pk")[:1]
    # Read first: SQLite would see each row that the UPDATE has moved, and move the next one as well.
    chosen = list(waiting.filter(message__in=message_ids, pk=Subquery(following)).values_list("pk", flat=True))
    waiting.filter(pk__in=chosen).update(due_at=now)


def _note_undeliverable(message_ids: Collection[int], now: datetime) -> None:
    """Mark the messages of which every channel that could wake the person is failing."""
    waking = Delivery.objects.waking().filter(message=OuterRef("pk"))
    Message.objects.filter(pk__in=message_ids, undeliverable_at__isnull=True).filter(Exists(waking)).exclude(
        Exists(waking.filter(failing_at__isnull=True))
    ).update(undeliverable_at=now)
