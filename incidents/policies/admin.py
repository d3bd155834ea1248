"""Policies and their versions, to read: an edit is a new version, made by its service."""

from django.contrib import admin

from incidents.policies.models import EscalationPolicy, PolicyStep, PolicyVersion, TriggerRule
from rotations.people.admin import RecordAdmin


@admin.register(EscalationPolicy)
class EscalationPolicyAdmin(RecordAdmin[EscalationPolicy]):
    list_display = ["name", "team", "archived_at"]
    list_select_related = ["team"]
    search_fields = ["name", "team__name"]


@admin.register(PolicyVersion)
class PolicyVersionAdmin(RecordAdmin[PolicyVersion]):
    list_display = ["policy", "number", "at", "by", "repeats"]
    list_select_related = ["policy", "by"]
    search_fields = ["policy__name"]


@admin.register(PolicyStep)
class PolicyStepAdmin(RecordAdmin[PolicyStep]):
    list_display = ["version", "position", "target", "person", "after"]
    list_select_related = ["version__policy", "person"]
    search_fields = ["version__policy__name"]


@admin.register(TriggerRule)
class TriggerRuleAdmin(RecordAdmin[TriggerRule]):
    list_display = ["version", "severity", "target", "person"]
    list_select_related = ["version__policy", "person"]
    search_fields = ["version__policy__name"]
