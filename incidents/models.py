"""Where Django looks for models: each room's own."""

from incidents.alerts.models import Event, Integration, RefusedEvent, Service, SeverityRule
from incidents.paging.models import Alert, Incident, Page, Sweep, TimelineEntry
from incidents.policies.models import EscalationPolicy, PolicyStep, PolicyVersion, TriggerRule

__all__ = [
    "Alert",
    "EscalationPolicy",
    "Event",
    "Incident",
    "Integration",
    "Page",
    "PolicyStep",
    "PolicyVersion",
    "RefusedEvent",
    "Service",
    "SeverityRule",
    "Sweep",
    "TimelineEntry",
    "TriggerRule",
]
