"""Incidents and everything that happened to them, to read: the engine is their only writer."""

from django.contrib import admin

from incidents.paging.models import Alert, Incident, Page, Sweep, TimelineEntry
from rotations.people.admin import RecordAdmin


@admin.register(Incident)
class IncidentAdmin(RecordAdmin[Incident]):
    list_display = ["code", "title", "service", "severity", "state", "opened_at", "lead"]
    list_filter = ["state", "severity"]
    list_select_related = ["service", "lead"]
    search_fields = ["=pk", "=service__slug"]


@admin.register(Alert)
class AlertAdmin(RecordAdmin[Alert]):
    list_display = ["summary", "integration", "incident", "severity", "opened_at", "event_count", "resolved_at"]
    list_select_related = ["integration__service", "incident"]
    search_fields = ["=incident__pk", "=key"]


@admin.register(Page)
class PageAdmin(RecordAdmin[Page]):
    list_display = ["paged_at", "user", "tier", "incident", "cause", "step"]
    list_filter = ["cause", "tier"]
    list_select_related = ["user", "incident"]
    search_fields = ["=incident__pk", "user__name"]


@admin.register(TimelineEntry)
class TimelineEntryAdmin(RecordAdmin[TimelineEntry]):
    list_display = ["at", "incident", "kind", "by"]
    list_filter = ["kind"]
    list_select_related = ["incident", "by", "page__user", "page__incident"]
    search_fields = ["=incident__pk"]


@admin.register(Sweep)
class SweepAdmin(RecordAdmin[Sweep]):
    list_display = ["name", "ran_at", "lateness"]
    ordering = ["name"]
