"""What the workers run for this room."""

from celery import shared_task

from rotations.people import clock
from rotations.rota import services


@shared_task(name="rotations.rota.extend_horizons")
def extend_horizons() -> None:
    """Once a day; harmless if it runs twice."""
    services.extend_horizons(now=clock.database_now())
