"""Services, integrations and what arrived on them. Both are added here, by their services; keys are shown on a
service's page, to its team only.
"""

from datetime import datetime
from typing import Any

from django.contrib import admin

from incidents.alerts import services
from incidents.alerts.models import Event, Integration, RefusedEvent, Service, SeverityRule
from incidents.escalation.terms import Severity, Urgency
from rotations.people.admin import AddedByServiceAdmin, RecordAdmin
from rotations.people.models import User


@admin.register(Service)
class ServiceAdmin(AddedByServiceAdmin[Service]):
    """A new service gets its team's preset policy of 5, 10 or 15 minutes, by urgency."""

    add_fields = ["team", "name", "schedule", "urgency"]
    autocomplete_fields = ["team", "schedule"]
    list_display = ["name", "team", "schedule", "policy", "urgency", "archived_at"]
    list_filter = ["urgency"]
    list_select_related = ["team", "schedule", "policy"]
    search_fields = ["name", "slug"]
    ordering = ["name"]

    def add(self, wanted: dict[str, Any], *, by: User, now: datetime) -> Service:
        wanted["urgency"] = Urgency(wanted["urgency"])
        return services.create_service(**wanted, by=by, now=now)


@admin.register(Integration)
class IntegrationAdmin(AddedByServiceAdmin[Integration]):
    add_fields = ["service", "name", "is_strict"]
    autocomplete_fields = ["service"]
    list_display = ["name", "service", "format", "is_strict", "archived_at"]
    list_select_related = ["service"]
    search_fields = ["name", "service__name"]
    fields = ["name", "service", "format", "is_strict", "archived_at"]

    def add(self, wanted: dict[str, Any], *, by: User, now: datetime) -> Integration:
        return services.create_integration(**wanted, by=by, now=now)


@admin.register(SeverityRule)
class SeverityRuleAdmin(AddedByServiceAdmin[SeverityRule]):
    """What a sender's word means. The same word again replaces what it meant."""

    add_fields = ["integration", "word", "severity"]
    autocomplete_fields = ["integration"]
    list_display = ["integration", "word", "severity"]
    list_select_related = ["integration__service"]
    search_fields = ["word", "integration__name"]

    def add(self, wanted: dict[str, Any], *, by: User, now: datetime) -> SeverityRule:
        wanted["severity"] = Severity(wanted["severity"])
        return services.set_severity_rule(**wanted, by=by, now=now)


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
