"""Rows that several tests of this room start from."""

from datetime import datetime, timedelta

from rotations.rota.models import Rotation
from tests.factories import MembershipFactory, RotationFactory, SeatFactory


def rotation_of(people: int, now: datetime, **settings: object) -> Rotation:
    """A weekly rotation, Mondays at 09:00 in Berlin, whose roster has been there for a week."""
    rotation = RotationFactory(**settings)
    for position in range(people):
        member = MembershipFactory(team=rotation.schedule.team)
        SeatFactory(rotation=rotation, user=member.user, position=position, starts_at=now - timedelta(weeks=1))
    return rotation
