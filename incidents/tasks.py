"""Where Celery looks for tasks: each room's own."""

from incidents.paging import tasks as paging

__all__ = ["paging"]
