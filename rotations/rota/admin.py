"""Schedules and who was on call. An administrator adds schedules, rotations and seats here, by their services; the rest
is changed from the pages of Tandem.
"""

from datetime import datetime
from typing import Any

from django.contrib import admin

from rotations.people.admin import AddedByServiceAdmin, RecordAdmin
from rotations.people.models import User
from rotations.rota import services
from rotations.rota.models import Override, Publication, Rotation, Schedule, Seat, Shift


@admin.register(Schedule)
class ScheduleAdmin(AddedByServiceAdmin[Schedule]):
    add_fields = ["team", "name"]
    autocomplete_fields = ["team"]
    list_display = ["name", "slug", "team", "archived_at"]
    list_select_related = ["team"]
    search_fields = ["name", "slug"]
    ordering = ["name"]

    def add(self, wanted: dict[str, Any], *, by: User, now: datetime) -> Schedule:
        return services.create_schedule(**wanted, by=by, now=now)


@admin.register(Rotation)
class RotationAdmin(AddedByServiceAdmin[Rotation]):
    """A new rotation is a draft: it counts once it is published from its schedule's page."""

    add_fields = ["schedule", "name", "time_zone", "tiers", "pairing", "every", "unit", "anchor_on", "handoff_at"]
    autocomplete_fields = ["schedule"]
    list_display = ["name", "schedule", "time_zone", "tiers", "pairing", "every", "unit", "archived_at"]
    list_select_related = ["schedule"]
    search_fields = ["name", "schedule__name"]
    ordering = ["name"]

    def add(self, wanted: dict[str, Any], *, by: User, now: datetime) -> Rotation:
        return services.create_rotation(**wanted, by=by, now=now)


@admin.register(Seat)
class SeatAdmin(AddedByServiceAdmin[Seat]):
    """One more person in a roster; turns follow the order in which they were added."""

    add_fields = ["rotation", "user", "is_senior"]
    autocomplete_fields = ["rotation", "user"]
    list_display = ["user", "rotation", "position", "is_senior", "starts_at", "ends_at"]
    list_select_related = ["user", "rotation"]
    search_fields = ["user__name", "rotation__name"]

    def add(self, wanted: dict[str, Any], *, by: User, now: datetime) -> Seat:
        return services.add_seat(**wanted, by=by, now=now)


@admin.register(Publication)
class PublicationAdmin(RecordAdmin[Publication]):
    list_display = ["rotation", "at", "by", "effective_from", "until"]
    list_select_related = ["rotation", "by"]
    search_fields = ["rotation__name"]


@admin.register(Shift)
class ShiftAdmin(RecordAdmin[Shift]):
    list_display = ["user", "tier", "rotation", "starts_at", "ends_at", "withdrawn_at"]
    list_filter = ["tier"]
    list_select_related = ["user", "rotation"]
    search_fields = ["user__name", "rotation__name"]


@admin.register(Override)
class OverrideAdmin(RecordAdmin[Override]):
    list_display = ["user", "tier", "schedule", "starts_at", "ends_at", "approved_by", "withdrawn_at"]
    list_filter = ["tier"]
    list_select_related = ["user", "schedule", "approved_by"]
    search_fields = ["user__name", "schedule__name"]
