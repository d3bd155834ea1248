"""Tasks of the queue `due`: a few lines each, everything is in the database."""

from celery import shared_task

from incidents.paging import inbox
from incidents.paging.hints import INBOX_HINT
from incidents.paging.services import sweep
from rotations.contact.hints import SEND_DUE
from rotations.people.clock import database_now


@shared_task(name="incidents.paging.sweep")
def sweep_due() -> None:
    """Escalate whatever is due, by the database's clock: what every sweeper agrees on."""
    if sweep(now=database_now()).pages:
        SEND_DUE.give()


@shared_task(name="incidents.paging.work_inbox")
def work_inbox() -> None:
    """Make incidents of what came in. More may be left when its turn is over: then it asks for another."""
    INBOX_HINT.taken()
    if inbox.drain():
        INBOX_HINT.give()
