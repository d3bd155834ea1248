"""The only writers of escalation policies. Every edit is a new version; what was, stays."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from incidents.escalation.policy import Step, Trigger
from incidents.escalation.terms import Severity, Target, Urgency
from incidents.policies.models import EscalationPolicy, PolicyStep, PolicyVersion, TriggerRule
from rotations.people.models import Team, User
from rotations.people.permissions import may_manage
from rotations.people.services import record

TIMEOUTS = {
    Urgency.HIGH: timedelta(minutes=5),
    Urgency.STANDARD: timedelta(minutes=10),
    Urgency.LOW: timedelta(minutes=15),
}
LONGEST_WAIT = timedelta(days=1)
MOST_REPEATS = 9
# An incident of severity 1 or 2 includes the secondary from the start (R51).
SEVERE_PAGES_SECONDARY = (Trigger(0, Severity.SEV2, Target.SECONDARY),)


@transaction.atomic
def create_policy(
    *,
    team: Team,
    name: str,
    steps: Sequence[Step],
    triggers: Sequence[Trigger] | None = None,
    repeats: int = 0,
    by: User | None,
    now: datetime,
) -> PolicyVersion:
    """Make a policy with its first version. Without `triggers`, severity 1 and 2 page the secondary at once.

    Raises `ValidationError` for a taken name or steps that cannot be, `PermissionDenied` unless `by` manages the team.
    """
    _check_may_manage(by, team)
    policy = EscalationPolicy(team=team, name=name.strip())
    policy.full_clean()
    policy.save()
    record("policy.added", policy, team=team, by=by, now=now)
    return _write_version(policy, 1, steps, triggers, repeats, by=by, now=now)


@transaction.atomic
def edit_policy(
    *,
    policy: EscalationPolicy,
    steps: Sequence[Step],
    triggers: Sequence[Trigger] | None = None,
    repeats: int = 0,
    by: User | None,
    now: datetime,
) -> PolicyVersion:
    """Write a new version. Open incidents keep the one they opened with."""
    _check_may_manage(by, policy.team)
    EscalationPolicy.objects.select_for_update().get(pk=policy.pk)
    number = policy.versions.latest().number + 1
    record("policy.changed", policy, team=policy.team, detail={"version": number}, by=by, now=now)
    return _write_version(policy, number, steps, triggers, repeats, by=by, now=now)


@transaction.atomic
def preset_policy(*, team: Team, urgency: Urgency, by: User | None, now: datetime) -> EscalationPolicy:
    """The team's policy for an urgency, made on first use: 5, 10 or 15 minutes to each next step (R43)."""
    Team.objects.select_for_update().get(pk=team.pk)
    name = {
        Urgency.HIGH: _("High urgency, 5 minutes"),
        Urgency.STANDARD: _("Standard, 10 minutes"),
        Urgency.LOW: _("Low urgency, 15 minutes"),
    }[urgency]
    existing = EscalationPolicy.objects.active().filter(team=team, name=name).first()
    if existing is not None:
        return existing
    wait = TIMEOUTS[urgency]
    steps = [Step(Target.PRIMARY, timedelta()), Step(Target.SECONDARY, wait), Step(Target.MANAGERS, wait)]
    return create_policy(team=team, name=name, steps=steps, by=by, now=now).policy


def _write_version(
    policy: EscalationPolicy,
    number: int,
    steps: Sequence[Step],
    triggers: Sequence[Trigger] | None,
    repeats: int,
    *,
    by: User | None,
    now: datetime,
) -> PolicyVersion:
    _check_steps(steps, repeats)
    version = PolicyVersion.objects.create(policy=policy, number=number, at=now, by=by, repeats=repeats)
    PolicyStep.objects.bulk_create(
        PolicyStep(version=version, position=n, target=step.target, person_id=step.person_id, after=step.after)
        for n, step in enumerate(steps)
    )
    TriggerRule.objects.bulk_create(
        TriggerRule(version=version, severity=t.severity, target=t.target, person_id=t.person_id)
        for t in (SEVERE_PAGES_SECONDARY if triggers is None else triggers)
    )
    return version


def _check_steps(steps: Sequence[Step], repeats: int) -> None:
    if not steps:
        raise ValidationError(_("A policy needs a step: somebody has to be paged first."), code="no_steps")
    if steps[0].after:
        raise ValidationError(_("The first step pages at once: set its wait to 0."), code="first_step_waits")
    if any(not timedelta() <= step.after <= LONGEST_WAIT for step in steps):
        raise ValidationError(_("A step waits between 0 minutes and a day."), code="wait_out_of_range")
    if any((step.target is Target.PERSON) != (step.person_id is not None) for step in steps):
        raise ValidationError(_("Choose the person whom this step pages."), code="step_without_person")
    if not 0 <= repeats <= MOST_REPEATS:
        raise ValidationError(_("Repeat between 0 and %d times.") % MOST_REPEATS, code="repeats_out_of_range")


def _check_may_manage(by: User | None, team: Team) -> None:
    if by is not None and not may_manage(by, team.pk):
        raise PermissionDenied(_("Only managers of %s change its policies.") % team)
