"""Reads of policies: their current versions, and versions as the engine takes them."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from incidents.escalation.policy import Policy, Step, Trigger
from incidents.escalation.terms import Severity, Target
from incidents.policies.models import EscalationPolicy, PolicyStep, PolicyVersion, TriggerRule
from incidents.policies.words import step_sentence, trigger_sentence


@dataclass(frozen=True, slots=True)
class PolicyText:
    """A version in words: what happens, in order, for a person who reads it at night."""

    name: str
    number: int
    steps: tuple[str, ...]
    triggers: tuple[str, ...]
    end: str


def policies(version_ids: Collection[int]) -> dict[int, Policy]:
    """Versions as the engine takes them, by id. Three queries for any number."""
    repeats = dict(PolicyVersion.objects.filter(pk__in=version_ids).values_list("pk", "repeats"))
    steps: dict[int, list[Step]] = defaultdict(list)
    for step in PolicyStep.objects.filter(version__in=version_ids).order_by("version", "position"):
        steps[step.version_id].append(Step(Target(step.target), step.after, step.person_id))
    triggers: dict[int, list[Trigger]] = defaultdict(list)
    for rule in TriggerRule.objects.filter(version__in=version_ids).order_by("pk"):
        triggers[rule.version_id].append(Trigger(rule.pk, Severity(rule.severity), Target(rule.target), rule.person_id))
    return {pk: Policy(tuple(steps[pk]), tuple(triggers[pk]), repeats[pk]) for pk in repeats}


def current_versions(policy_ids: Iterable[int]) -> dict[int, PolicyVersion]:
    """The version in force of each policy, by policy id. One query."""
    versions = PolicyVersion.objects.filter(policy__in=set(policy_ids)).order_by("policy", "number")
    return {version.policy_id: version for version in versions}


def current_version(policy: EscalationPolicy) -> PolicyVersion:
    """What a policy says now."""
    return policy.versions.latest()


def policy_text(version: PolicyVersion) -> PolicyText:
    """A version in sentences. Three queries at most."""
    steps = version.steps.select_related("person")
    triggers = version.triggers.select_related("person")
    return PolicyText(
        name=version.policy.name,
        number=version.number,
        steps=tuple(step_sentence(Target(step.target), step.after, person=step.person) for step in steps),
        triggers=tuple(
            trigger_sentence(Severity(rule.severity), Target(rule.target), person=rule.person) for rule in triggers
        ),
        end=_("If still nobody acknowledges, the managers are paged and an alarm is raised for everybody to see."),
    )
