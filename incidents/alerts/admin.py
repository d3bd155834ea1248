"""Services, integrations and what arrived on them, to read. Keys are shown to nobody here."""

from django.contrib import admin

from incidents.alerts.models import Event, Integration, RefusedEvent, Service, SeverityRule
from rotations.people.admin import RecordAdmin


@admin.register(Service)
class ServiceAdmin(RecordAdmin[Service]):
    list_display = ["name", "team", "schedule", "policy", "urgency", "archived_at"]
    list_filter = ["urgency"]
    list_select_related = ["team", "schedule", "policy"]
    search_fields = ["name", "slug"]
    ordering = ["name"]


@admin.register(Integration)
class IntegrationAdmin(RecordAdmin[Integration]):
    list_display = ["name", "service", "format", "is_strict", "archived_at"]
    list_select_related = ["service"]
    search_fields = ["name", "service__name"]
    fields = ["name", "service", "format", "is_strict", "archived_at"]


@admin.register(SeverityRule)
class SeverityRuleAdmin(RecordAdmin[SeverityRule]):
    list_display = ["integration", "word", "severity"]
    list_select_related = ["integration__service"]
    search_fields = ["word", "integration__name"]


@admin.register(Event)
class EventAdmin(RecordAdmin[Event]):
    list_display = ["received_at", "integration", "key", "processed_at", "problem"]
    list_select_related = ["integration__service"]
    search_fields = ["=integration__name", "=integration__service__slug"]


@admin.register(RefusedEvent)
class RefusedEventAdmin(RecordAdmin[RefusedEvent]):
    list_display = ["at", "integration", "status"]
    list_filter = ["status"]
    list_select_related = ["integration__service"]
    search_fields = ["=integration__name", "=integration__service__slug"]
