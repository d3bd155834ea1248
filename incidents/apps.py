"""Incidents: what happened, who was paged, and what we learn from it."""

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "incidents"
