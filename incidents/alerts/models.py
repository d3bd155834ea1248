"""Services, the keys on which events about them arrive, and the inbox of events, word for word."""

from typing import Self

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from incidents.escalation.terms import Severity, Urgency
from incidents.policies.models import EscalationPolicy
from rotations.people.models import Team
from rotations.people.records import ArchivableQuerySet, Record, RecordQuerySet
from rotations.rota.models import Schedule

SEVERITIES = [(severity.value, severity.name) for severity in Severity]


class Service(Record):
    """The thing that breaks."""

    team = models.ForeignKey(Team, models.PROTECT, related_name="services")
    name = models.CharField(_("name"), max_length=80)
    slug = models.SlugField(_("address"), max_length=80, unique=True)
    schedule = models.ForeignKey(Schedule, models.PROTECT, related_name="services")
    policy = models.ForeignKey(EscalationPolicy, models.PROTECT, related_name="services")
    urgency = models.CharField(
        _("urgency"),
        max_length=8,
        default=Urgency.STANDARD.value,
        choices=[
            (Urgency.HIGH.value, _("High: 5 minutes")),
            (Urgency.STANDARD.value, _("Standard: 10 minutes")),
            (Urgency.LOW.value, _("Low: 15 minutes")),
        ],
    )
    archived_at = models.DateTimeField(null=True, blank=True)

    objects = ArchivableQuerySet.as_manager()

    class Meta:
        verbose_name = _("service")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["team", "name"], name="service_name_once_in_a_team"),
            models.CheckConstraint(condition=Q(urgency__in=list(Urgency)), name="service_urgency_is_known"),
        ]

    def __str__(self) -> str:
        return self.name


class Format(models.TextChoices):
    """How an integration speaks. `alerts` holds one module for each."""

    PAGERDUTY = "pagerduty", _("PagerDuty Events API v2")


class Integration(Record):
    """A key on which events about a service arrive."""

    service = models.ForeignKey(Service, models.PROTECT, related_name="integrations")
    name = models.CharField(_("name"), max_length=80)
    format = models.CharField(_("format"), max_length=12, choices=Format, default=Format.PAGERDUTY)
    key = models.CharField(
        _("key"), max_length=32, unique=True, validators=[RegexValidator(r"^[0-9A-Za-z]{32}$")], editable=False
    )
    is_strict = models.BooleanField(
        _("strict"), default=False, help_text=_("Answer PagerDuty's exact 400 instead of paging on a faulty event")
    )
    refusal_told_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("When managers last heard that an event was refused")
    )
    archived_at = models.DateTimeField(null=True, blank=True)

    objects = ArchivableQuerySet.as_manager()

    class Meta:
        verbose_name = _("integration")
        constraints = [
            models.CheckConstraint(condition=Q(key__regex=r"^[0-9A-Za-z]{32}$"), name="integration_key_is_well_formed")
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.service})"


class SeverityRule(models.Model):
    """One row of an integration's mapping table: this word of the sender means this severity."""

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="severity_rules")
    word = models.CharField(_("word"), max_length=40)
    severity = models.PositiveSmallIntegerField(_("severity"), choices=SEVERITIES)

    class Meta:
        verbose_name = _("severity rule")
        constraints = [
            models.UniqueConstraint(fields=["integration", "word"], name="severity_word_once"),
            models.CheckConstraint(condition=Q(severity__range=(1, 5)), name="severity_rule_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.word} is SEV{self.severity}"


class EventQuerySet(RecordQuerySet["Event"]):
    """The inbox."""

    def pending(self) -> Self:
        """Committed and answered, not yet worked off."""
        return self.filter(processed_at__isnull=True)


class Event(Record):
    """What was received, word for word: committed before it is answered."""

    integration = models.ForeignKey(Integration, models.PROTECT, related_name="events")
    service = models.ForeignKey(Service, models.PROTECT, related_name="events")
    key = models.CharField(max_length=255, help_text=_("The sender's dedup key, or the one we answered with"))
    body = models.TextField(help_text=_("As received"))
    received_at = models.DateTimeField()
    processed_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=200, blank=True, help_text=_("Why nothing could be made of it"))

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        indexes = [
            models.Index(fields=["service", "id"], condition=Q(processed_at__isnull=True), name="event_pending"),
            models.Index(fields=["integration", "-received_at"], name="event_by_integration"),
        ]

    def __str__(self) -> str:
        return f"{self.integration}: {self.key}"


class RefusedEvent(Record):
    """A body that was refused, and what it was told: nothing is turned away without a trace."""

    integration = models.ForeignKey(
        Integration, models.PROTECT, null=True, blank=True, related_name="refused", help_text=_("Empty: unknown key")
    )
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(help_text=_("HTTP status of the answer"))
    errors = models.JSONField()
    body = models.TextField(help_text=_("The first 4096 characters"))

    objects = RecordQuerySet["RefusedEvent"].as_manager()

    class Meta:
        verbose_name = _("refused event")
        indexes = [models.Index(fields=["integration", "-at"], name="refused_by_integration")]

    def __str__(self) -> str:
        return f"{self.status} at {self.at:%d %b %Y %H:%M:%S}"
