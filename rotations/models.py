"""Where Django looks for models: each room's own."""

from rotations.contact.models import ContactPoint, Delivery, Message, NotificationRule
from rotations.people.models import ApiToken, AuditEntry, Membership, Team, TimeOff, User
from rotations.rota.models import Override, Publication, Rotation, Schedule, Seat, Shift

__all__ = [
    "ApiToken",
    "AuditEntry",
    "ContactPoint",
    "Delivery",
    "Membership",
    "Message",
    "NotificationRule",
    "Override",
    "Publication",
    "Rotation",
    "Schedule",
    "Seat",
    "Shift",
    "Team",
    "TimeOff",
    "User",
]
