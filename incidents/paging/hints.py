"""The doorbell of the inbox: whoever commits an event rings it, so that the sweep need not be waited for."""

from rotations.contact.hints import Hint

INBOX_HINT = Hint(task="incidents.paging.work_inbox", queue="due")
