"""Rotations: who is on call, and how to reach them. Knows nothing of incidents."""

from django.apps import AppConfig


class RotationsConfig(AppConfig):
    name = "rotations"
