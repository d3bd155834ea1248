"""The inbox in Tandem: the message is there once it is written, so nothing can fail."""

from rotations.contact.channels.envelope import Accepted, Envelope


def send(envelope: Envelope) -> Accepted:
    """Nothing is left to do."""
    return Accepted("")
