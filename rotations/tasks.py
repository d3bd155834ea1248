"""Where Celery looks for tasks: each room's own."""

from rotations.contact import tasks as contact  # noqa: F401
from rotations.rota import tasks as rota  # noqa: F401
