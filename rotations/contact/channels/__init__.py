"""The ways to a person: one module for each, found by name and loaded when the first message goes that way.

A channel is a module with one function: `send(envelope) -> Outcome`. It reads no database, keeps its own timeouts, and
answers with the provider's own words. The web process never loads one (`apprise` alone takes most of a second).
"""

from collections.abc import Callable
from functools import cache

from django.utils.module_loading import import_string

from rotations.contact.channels.envelope import Envelope, Outcome
from rotations.contact.models import Channel

Send = Callable[[Envelope], Outcome]

SENDERS = {
    Channel.INBOX: "rotations.contact.channels.inbox.send",
    Channel.EMAIL: "rotations.contact.channels.email.send",
    Channel.WEBHOOK: "rotations.contact.channels.webhook.send",
    Channel.APPRISE: "rotations.contact.channels.apprise.send",
}


@cache
def sender(channel: Channel) -> Send:
    """The function that sends by this channel."""
    send: Send = import_string(SENDERS[channel])
    return send
