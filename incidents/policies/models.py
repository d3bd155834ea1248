"""Escalation policies. An edit makes a new version; an incident keeps the version it opened with."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from incidents.escalation.terms import Severity, Target
from rotations.people.models import Team, User
from rotations.people.records import ArchivableQuerySet, Record, RecordQuerySet

TARGETS = [
    (Target.PRIMARY.value, _("Primary")),
    (Target.SECONDARY.value, _("Secondary")),
    (Target.MANAGERS.value, _("Managers of the team")),
    (Target.PERSON.value, _("A named person")),
]
NAMES_A_PERSON_WHEN_IT_MUST = Q(target=Target.PERSON.value, person__isnull=False) | (
    ~Q(target=Target.PERSON.value) & Q(person__isnull=True)
)


class EscalationPolicy(Record):
    """A named policy of a team; what it says is in its versions."""

    team = models.ForeignKey(Team, models.PROTECT, related_name="policies")
    name = models.CharField(_("name"), max_length=80)
    archived_at = models.DateTimeField(null=True, blank=True)

    objects = ArchivableQuerySet.as_manager()

    class Meta:
        verbose_name = _("escalation policy")
        verbose_name_plural = _("escalation policies")
        constraints = [models.UniqueConstraint(fields=["team", "name"], name="policy_name_once_in_a_team")]

    def __str__(self) -> str:
        return self.name


class PolicyVersion(Record):
    """What a policy said from `at` on, until the next version."""

    policy = models.ForeignKey(EscalationPolicy, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    repeats = models.PositiveSmallIntegerField(
        _("repeats"), default=0, help_text=_("How often the steps run again before the last alarm")
    )

    objects = RecordQuerySet["PolicyVersion"].as_manager()

    class Meta:
        verbose_name = _("policy version")
        get_latest_by = "number"
        constraints = [models.UniqueConstraint(fields=["policy", "number"], name="policy_version_once")]

    def __str__(self) -> str:
        return f"{self.policy}, version {self.number}"


class PolicyStep(Record):
    """One step: whom to page, and how long after the step before."""

    version = models.ForeignKey(PolicyVersion, models.PROTECT, related_name="steps")
    position = models.PositiveSmallIntegerField()
    target = models.CharField(_("who"), max_length=9, choices=TARGETS)
    person = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    after = models.DurationField(_("after"), help_text=_("Time without acknowledgement since the step before"))

    objects = RecordQuerySet["PolicyStep"].as_manager()

    class Meta:
        verbose_name = _("step")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["version", "position"], name="policy_step_once"),
            models.CheckConstraint(condition=NAMES_A_PERSON_WHEN_IT_MUST, name="policy_step_names_its_person"),
        ]

    def __str__(self) -> str:
        return f"{self.target} after {self.after}"


class TriggerRule(Record):
    """One row of the trigger table: an incident at least this severe also pages `target`, at once (R50, R51)."""

    version = models.ForeignKey(PolicyVersion, models.PROTECT, related_name="triggers")
    severity = models.PositiveSmallIntegerField(
        _("severity at or above"), choices=[(s.value, s.name) for s in Severity]
    )
    target = models.CharField(_("who"), max_length=9, choices=TARGETS)
    person = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    objects = RecordQuerySet["TriggerRule"].as_manager()

    class Meta:
        verbose_name = _("trigger")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=NAMES_A_PERSON_WHEN_IT_MUST, name="trigger_names_its_person"),
            models.CheckConstraint(condition=Q(severity__range=(1, 5)), name="trigger_severity_is_known"),
        ]

    def __str__(self) -> str:
        return f"SEV{self.severity} or worse: {self.target}"
