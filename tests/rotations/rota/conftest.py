"""A rotation that is worth publishing."""

from datetime import datetime
from types import SimpleNamespace

import pytest

from rotations.people.models import Role
from rotations.rota import services
from rotations.rota.models import Rotation
from tests.factories import MembershipFactory
from tests.rotations.rota.shapes import rotation_of


@pytest.fixture
def rotation(db: None, now: datetime) -> Rotation:
    """Five people, nothing published."""
    return rotation_of(5, now)


@pytest.fixture
def rota(rotation: Rotation, now: datetime) -> SimpleNamespace:
    """The same, published; with a manager and a colleague who is in no roster."""
    team = rotation.schedule.team
    services.publish(rotation, by=None, now=now)
    return SimpleNamespace(
        rotation=rotation,
        schedule=rotation.schedule,
        team=team,
        manager=MembershipFactory(team=team, role=Role.MANAGER, user__name="Mara Lindt").user,
        colleague=MembershipFactory(team=team, user__name="Priya Raman").user,
    )
