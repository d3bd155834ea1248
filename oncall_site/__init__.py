"""The project: settings, addresses, processes, health, and the front page that needs both apps."""

from oncall_site.celery import app as celery_app

__all__ = ["celery_app"]
