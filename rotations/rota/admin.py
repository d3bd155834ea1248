"""Schedules and who was on call, to read: they are changed by their services, from the pages of Tandem."""

from django.contrib import admin

from rotations.people.admin import RecordAdmin
from rotations.rota.models import Override, Publication, Rotation, Schedule, Seat, Shift


@admin.register(Schedule)
class ScheduleAdmin(RecordAdmin[Schedule]):
    list_display = ["name", "slug", "team", "archived_at"]
    list_select_related = ["team"]
    search_fields = ["name", "slug"]
    ordering = ["name"]


@admin.register(Rotation)
class RotationAdmin(RecordAdmin[Rotation]):
    list_display = ["name", "schedule", "time_zone", "tiers", "pairing", "every", "unit", "archived_at"]
    list_select_related = ["schedule"]
    search_fields = ["name", "schedule__name"]
    ordering = ["name"]


@admin.register(Seat)
class SeatAdmin(RecordAdmin[Seat]):
    list_display = ["user", "rotation", "position", "is_senior", "starts_at", "ends_at"]
    list_select_related = ["user", "rotation"]
    search_fields = ["user__name", "rotation__name"]


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
