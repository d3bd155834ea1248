"""What a channel is given and what it answers."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message on its way to one address. `delivery_id` stays the same over all tries: receivers may count by it."""

    delivery_id: int
    attempt: int
    kind: str
    recipient: str
    address: str
    secret: str
    subject: str
    body: str
    url: str
    written_at: datetime
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took the message over."""

    answer: str


@dataclass(frozen=True, slots=True)
class TemporaryFailure:
    """Not now; later it may work. `retry_after` is what the provider asked for."""

    answer: str
    retry_after: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class PermanentFailure:
    """Never, as long as nobody changes something."""

    answer: str


Outcome = Accepted | TemporaryFailure | PermanentFailure
