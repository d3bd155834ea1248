"""Works the outbox off: claim one delivery, send it outside of any transaction, write down how it went; again.

Any number of threads and processes may do this at once. Each holds one delivery: a server that hangs holds one sender.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.conf import settings

from rotations.contact import channels, hints, outbox
from rotations.contact.channels.envelope import Accepted, Envelope, Outcome, PermanentFailure, TemporaryFailure
from rotations.contact.models import Channel, Delivery

log = structlog.get_logger(__name__)

# A worker that is told to stop waits for its tasks; the sweep starts the next one within a second.
RUN = timedelta(seconds=5)


def send_due(*, clock: Callable[[], datetime]) -> int:
    """Send whatever is due, for a few seconds at most; return how many tries were made.

    Where more is due than one, another sender is asked to join.
    """
    tries, started = 0, clock()
    now = started
    while now - started < RUN and (delivery := outbox.claim(now=now)) is not None:
        if not tries and outbox.more_is_due(now=now):
            hints.SEND_DUE.give()  # who joins does the same, until there are enough
        outcome = _try(delivery, now)
        now = clock()
        _write_down(delivery, outcome, now)
        tries += 1
    return tries


def _try(delivery: Delivery, now: datetime) -> Outcome:
    """Send it. A channel that breaks is a failure of this try, never of the sender."""
    try:
        return channels.sender(Channel(delivery.channel))(_envelope(delivery, now))
    except Exception as error:
        log.exception("channel_broke", channel=delivery.channel, delivery=delivery.pk)
        return TemporaryFailure(f"{type(error).__name__}: {error}")


def _envelope(delivery: Delivery, now: datetime) -> Envelope:
    whole = Delivery.objects.select_related("message__recipient", "contact_point").get(pk=delivery.pk)
    message, point = whole.message, whole.contact_point
    return Envelope(
        delivery_id=delivery.pk,
        attempt=delivery.attempts,
        kind=message.kind,
        recipient=message.recipient.name,
        address=delivery.address,
        secret=point.secret if point else "",
        subject=message.subject,
        body=message.body,
        url=f"{settings.SITE_URL}{message.path}",
        written_at=message.created_at,
        sent_at=now,
    )


def _write_down(delivery: Delivery, outcome: Outcome, now: datetime) -> None:
    match outcome:
        case Accepted(answer):
            is_ours = outbox.accepted(delivery, answer=answer, now=now)
        case TemporaryFailure(answer, retry_after):
            is_ours = outbox.try_again(delivery, answer=answer, retry_after=retry_after, now=now)
        case PermanentFailure(answer):
            is_ours = outbox.failed(delivery, answer=answer, now=now)
    log.info(
        "delivery",
        delivery=delivery.pk,
        channel=delivery.channel,
        attempt=delivery.attempts,
        outcome=type(outcome).__name__,
        took=round((now - (delivery.due_at - settings.DELIVERY_LEASE)).total_seconds(), 3),
        was_ours=is_ours,
    )
