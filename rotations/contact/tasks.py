"""What the workers run for this room."""

from celery import shared_task

from rotations.contact import hints, outbox, sending
from rotations.people import clock


@shared_task(name="rotations.contact.send_due")
def send_due() -> None:
    """Send what is due; each tick of the beat starts one, and so does a hint."""
    hints.SEND_DUE.taken()
    sending.send_due(clock=clock.database_now)


@shared_task(name="rotations.contact.note_failing")
def note_failing() -> None:
    """Notice channels that do not answer. On the queue of the sweeps: every sender may be waiting for one of them."""
    if outbox.note_failing(now=clock.database_now()):
        hints.SEND_DUE.give()
