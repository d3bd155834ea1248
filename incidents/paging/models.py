"""Alerts, incidents, pages and the timeline. The engine (`services`) is their only writer."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from incidents.alerts.details import Link, links_of, said
from incidents.alerts.models import SEVERITIES, Integration, Service
from incidents.alerts.signals import words_of
from incidents.escalation.terms import Cause, ManualReason
from incidents.policies.models import PolicyVersion
from rotations.contact.models import Message
from rotations.people.models import User
from rotations.people.records import Record, RecordQuerySet
from rotations.schedule.tiers import Tier

CAUSES = [
    (Cause.FIRST.value, _("First page")),
    (Cause.TIMEOUT.value, _("Not acknowledged in time")),
    (Cause.MANUAL.value, _("Asked for by a person")),
    (Cause.SEVERITY.value, _("Severity")),
    (Cause.NOBODY_ON_CALL.value, _("Nobody was on call before")),
    (Cause.UNDELIVERABLE.value, _("The page before reached nobody")),
    (Cause.REPEAT.value, _("Repeated: nobody has acknowledged")),
]
MANUAL_REASONS = [
    (ManualReason.BEYOND_ONE.value, _("Beyond one engineer")),
    (ManualReason.SPECIALIST.value, _("Specialist needed")),
    (ManualReason.SEVERAL.value, _("Several incidents at once")),
    (ManualReason.DEEP.value, _("Deep in another incident")),
]


class State(models.TextChoices):
    TRIGGERED = "triggered", _("Not acknowledged")
    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
    RESOLVED = "resolved", _("Resolved")


class IncidentQuerySet(RecordQuerySet["Incident"]):
    """What people work on."""

    def open(self) -> Self:
        """Not resolved."""
        return self.exclude(state=State.RESOLVED)

    def due(self, now: datetime) -> Self:
        """Those whose next action is due."""
        return self.filter(next_action_at__lte=now)


class Incident(Record):
    """What people work on: one or more alerts about a service.

    `next_action_at` is the only timer: whatever is due is found by the sweep, whoever died in between (DESIGN §1.3).
    """

    service = models.ForeignKey(Service, models.PROTECT, related_name="incidents")
    policy = models.ForeignKey(PolicyVersion, models.PROTECT, related_name="incidents")
    title = models.CharField(_("title"), max_length=1024)
    severity = models.PositiveSmallIntegerField(_("severity"), choices=SEVERITIES)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.TRIGGERED)
    is_test = models.BooleanField(default=False)
    opened_at = models.DateTimeField()

    lead = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="leads")
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", help_text=_("Empty: the sender's own event did")
    )
    acknowledged_tier = models.CharField(max_length=9, blank=True, choices=Tier.choices())
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    resolved_tier = models.CharField(max_length=9, blank=True, choices=Tier.choices())
    resolution = models.TextField(_("what fixed it"), blank=True)
    second_needed = models.BooleanField(_("was the second person needed?"), null=True, blank=True)

    steps_fired = models.PositiveSmallIntegerField(default=0, help_text=_("Over all rounds"))
    step_planned_at = models.DateTimeField(help_text=_("When the last step was due; delays are counted from here"))
    step_fired_at = models.DateTimeField(null=True, blank=True, help_text=_("When it really went out"))
    next_cause = models.CharField(
        max_length=14,
        blank=True,
        choices=CAUSES,
        help_text=_("Set when the last step reached nobody: the next one follows at once, for this cause"),
    )
    triggers_fired = models.JSONField(default=list, help_text=_("Rows of the trigger table that have paged"))
    next_action_at = models.DateTimeField(null=True, blank=True)
    exhausted_at = models.DateTimeField(
        null=True, blank=True, help_text=_("The policy ran out and nobody answered: managers and operators are told")
    )

    objects = IncidentQuerySet.as_manager()

    class Meta:
        verbose_name = _("incident")
        indexes = [
            models.Index(fields=["next_action_at"], condition=Q(next_action_at__isnull=False), name="incident_due"),
            models.Index(fields=["service", "-opened_at"], name="incident_by_service"),
            models.Index(fields=["opened_at"], condition=~Q(state="resolved"), name="incident_open"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(severity__range=(1, 5)), name="incident_severity_is_known"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="incident_state_is_known"),
            models.CheckConstraint(
                condition=Q(state="resolved", resolved_at__isnull=False)
                | (~Q(state="resolved") & Q(resolved_at__isnull=True)),
                name="incident_resolved_at_is_told",
            ),
            models.CheckConstraint(
                condition=~Q(state="acknowledged") | Q(acknowledged_at__isnull=False),
                name="incident_acknowledged_at_is_told",
            ),
            models.CheckConstraint(
                condition=~Q(state="triggered") | Q(next_action_at__isnull=False) | Q(exhausted_at__isnull=False),
                name="incident_never_waits_without_a_due_instant",
            ),
            models.CheckConstraint(
                condition=~Q(state="resolved") | Q(next_action_at__isnull=True),
                name="incident_resolved_waits_for_nothing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"

    @property
    def code(self) -> str:
        """How people say it: INC-2291."""
        return f"INC-{self.pk}"


class Alert(Record):
    """The condition that events speak of: one per integration and key while it is open."""

    integration = models.ForeignKey(Integration, models.PROTECT, related_name="alerts")
    key = models.CharField(max_length=255)
    incident = models.ForeignKey(Incident, models.PROTECT, related_name="alerts")
    summary = models.CharField(max_length=1024)
    source = models.CharField(max_length=255, blank=True)
    severity = models.PositiveSmallIntegerField(choices=SEVERITIES)
    opened_at = models.DateTimeField()
    last_event_at = models.DateTimeField()
    event_count = models.PositiveIntegerField(default=1)
    firing = models.PositiveIntegerField(
        default=0, help_text=_("How many conditions a grouped sender says are firing under this key; 0: not said")
    )
    resolved_at = models.DateTimeField(null=True, blank=True)
    flags = models.JSONField(default=list, help_text=_("What had to be guessed, because a lost page costs more"))
    detail = models.JSONField(default=dict, help_text=_("Component, group, class, links, images, custom details"))

    objects = RecordQuerySet["Alert"].as_manager()

    class Meta:
        verbose_name = _("alert")
        constraints = [
            models.UniqueConstraint(
                fields=["integration", "key"], condition=Q(resolved_at__isnull=True), name="alert_open_once"
            )
        ]

    def __str__(self) -> str:
        return self.summary

    @property
    def guesses(self) -> list[str]:
        """The flags in sentences."""
        return words_of(self.flags)

    @property
    def links(self) -> list[Link]:
        """Where the sender points."""
        return links_of(self.detail)

    @property
    def said(self) -> list[tuple[str, str]]:
        """What else the sender told."""
        return said(self.detail)


class Page(Record):
    """One person told about one incident, with the step and cause that led to it."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="pages")
    user = models.ForeignKey(User, models.PROTECT, related_name="pages")
    tier = models.CharField(max_length=9, blank=True, choices=Tier.choices(), help_text=_("Empty: manager or other"))
    step = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text=_("Which firing of a step, over all rounds; empty: by trigger or by hand")
    )
    cause = models.CharField(max_length=14, choices=CAUSES)
    manual_reason = models.CharField(max_length=10, blank=True, choices=MANUAL_REASONS)
    planned_at = models.DateTimeField(help_text=_("When the rule wanted it"))
    paged_at = models.DateTimeField(help_text=_("When it was written to the outbox"))
    message = models.OneToOneField(Message, models.PROTECT, related_name="page")

    objects = RecordQuerySet["Page"].as_manager()

    class Meta:
        verbose_name = _("page")
        constraints = [
            models.UniqueConstraint(fields=["incident", "step", "user"], name="page_once_a_step"),
            models.CheckConstraint(condition=Q(cause__in=list(Cause)), name="page_has_a_cause"),
        ]

    def __str__(self) -> str:
        return f"{self.user} about {self.incident.code}"


class EntryKind(models.TextChoices):
    """What a timeline entry tells; `words` makes the sentence."""

    OPENED = "opened", _("Opened")
    REPEATED = "repeated", _("Alert repeated")
    PAGED = "paged", _("Paged")
    NOBODY = "nobody", _("Nobody to page")
    PASSED_OVER = "passed_over", _("Step passed over")
    UNDELIVERABLE = "undeliverable", _("Page reached nobody")
    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
    SEVERITY = "severity", _("Severity changed")
    ALERT_RESOLVED = "alert_resolved", _("Alert resolved")
    RESOLVED = "resolved", _("Resolved")
    EXHAUSTED = "exhausted", _("Nobody answered")


class TimelineEntry(Record):
    """What happened to an incident, in order: it explains every page."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="timeline")
    at = models.DateTimeField()
    kind = models.CharField(max_length=14, choices=EntryKind)
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    page = models.ForeignKey(Page, models.PROTECT, null=True, blank=True, related_name="+")
    detail = models.JSONField(default=dict, blank=True)

    objects = RecordQuerySet["TimelineEntry"].as_manager()

    class Meta:
        verbose_name = _("timeline entry")
        verbose_name_plural = _("timeline entries")
        indexes = [models.Index(fields=["incident", "-at", "-id"], name="timeline_of_incident")]

    def __str__(self) -> str:
        return f"{self.incident.code} {self.kind}"


class Sweep(models.Model):
    """The last run of a sweep: a watchdog's proof that escalation is alive (N20)."""

    name = models.CharField(max_length=20, primary_key=True)
    ran_at = models.DateTimeField()
    lateness = models.DurationField(help_text=_("Of the most overdue row that it found"))

    class Meta:
        verbose_name = _("sweep")

    def __str__(self) -> str:
        return f"{self.name} ran {self.ran_at:%H:%M:%S}"
