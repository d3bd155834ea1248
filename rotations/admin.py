"""Where Django's admin looks: each room's own."""

from rotations.contact import admin as contact
from rotations.people import admin as people
from rotations.rota import admin as rota

__all__ = ["contact", "people", "rota"]
