"""Policies: versions, presets, and what they say in words."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from incidents.escalation.policy import Policy, Step, Trigger
from incidents.escalation.terms import Severity, Target, Urgency
from incidents.policies.models import EscalationPolicy
from incidents.policies.selectors import current_version, current_versions, policies, policy_text
from incidents.policies.services import create_policy, edit_policy, preset_policy
from incidents.policies.words import length
from rotations.people.models import AuditEntry
from tests.factories import PolicyVersionFactory, UserFactory

MINUTE = timedelta(minutes=1)
AT_ONCE = Step(Target.PRIMARY, timedelta())
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("urgency", "minutes"), [(Urgency.HIGH, 5), (Urgency.STANDARD, 10), (Urgency.LOW, 15)])
def test_a_preset_waits_as_long_as_the_urgency_allows(actors, now, urgency, minutes):
    policy = preset_policy(team=actors.team, urgency=urgency, by=actors.manager, now=now)
    version = current_version(policy)
    wait = minutes * MINUTE
    assert policies([version.pk])[version.pk].steps == (
        AT_ONCE, Step(Target.SECONDARY, wait), Step(Target.MANAGERS, wait),
    )  # fmt: skip


def test_a_team_has_each_preset_once(actors, now):
    twice = [preset_policy(team=actors.team, urgency=Urgency.HIGH, by=None, now=now) for _ in range(2)]
    assert twice[0] == twice[1]


def test_severity_one_and_two_page_the_secondary_unless_somebody_says_otherwise(actors, now):
    usual = create_policy(team=actors.team, name="Usual", steps=[AT_ONCE], by=None, now=now)
    none = create_policy(team=actors.team, name="None", steps=[AT_ONCE], triggers=[], by=None, now=now)
    read = policies([usual.pk, none.pk])
    assert [(t.severity, t.target) for t in read[usual.pk].triggers] == [(Severity.SEV2, Target.SECONDARY)]
    assert read[none.pk].triggers == ()


def test_an_edit_is_a_new_version_and_the_old_one_stays(actors, now):
    first = create_policy(team=actors.team, name="Ours", steps=[AT_ONCE], by=actors.manager, now=now)
    steps = [AT_ONCE, Step(Target.PERSON, MINUTE, actors.member.pk)]
    second = edit_policy(policy=first.policy, steps=steps, repeats=2, by=actors.manager, now=now)
    read = policies([first.pk, second.pk])
    assert (second.number, current_version(first.policy)) == (2, second)
    assert read[first.pk].steps == (AT_ONCE,)
    assert (read[second.pk].steps, read[second.pk].repeats) == (tuple(steps), 2)
    assert AuditEntry.objects.filter(action="policy.changed", by=actors.manager).exists()


@pytest.mark.parametrize(
    ("steps", "repeats", "code"),
    [
        ([], 0, "no_steps"),
        ([Step(Target.PRIMARY, MINUTE)], 0, "first_step_waits"),
        ([AT_ONCE, Step(Target.SECONDARY, timedelta(days=2))], 0, "wait_out_of_range"),
        ([AT_ONCE, Step(Target.SECONDARY, -MINUTE)], 0, "wait_out_of_range"),
        ([AT_ONCE, Step(Target.PERSON, MINUTE)], 0, "step_without_person"),
        ([AT_ONCE, Step(Target.MANAGERS, MINUTE, 1)], 0, "step_without_person"),
        ([AT_ONCE], 10, "repeats_out_of_range"),
    ],
)
def test_steps_that_cannot_be_are_refused_with_a_reason(actors, now, steps, repeats, code):
    with pytest.raises(ValidationError) as refused:
        create_policy(team=actors.team, name="Odd", steps=steps, repeats=repeats, by=None, now=now)
    assert refused.value.code == code
    assert not EscalationPolicy.objects.exists()


@pytest.mark.parametrize("who", ["member", "observer", "stranger"])
def test_only_managers_write_policies(actors, now, who):
    with pytest.raises(PermissionDenied):
        create_policy(team=actors.team, name="Mine", steps=[AT_ONCE], by=getattr(actors, who), now=now)


@pytest.mark.parametrize("versions", [1, 50])
def test_any_number_of_versions_takes_three_queries(django_assert_num_queries, versions):
    ids = [PolicyVersionFactory().pk for _ in range(versions)]
    with django_assert_num_queries(3):
        assert len(policies(ids)) == versions


def test_the_current_version_of_each_policy_is_the_last(now):
    old = PolicyVersionFactory()
    new = PolicyVersionFactory(policy=old.policy, number=2)
    other = PolicyVersionFactory()
    assert current_versions([old.policy_id, other.policy_id]) == {old.policy_id: new, other.policy_id: other}


def test_a_policy_reads_as_sentences(actors, now):
    priya = UserFactory(name="Priya Raman")
    steps = [AT_ONCE, Step(Target.SECONDARY, 5 * MINUTE), Step(Target.PERSON, timedelta(seconds=90), priya.pk)]
    triggers = [Trigger(0, Severity.SEV1, Target.MANAGERS), Trigger(0, Severity.SEV2, Target.SECONDARY)]
    version = create_policy(team=actors.team, name="Ours", steps=steps, triggers=triggers, by=None, now=now)
    text = policy_text(version)
    assert text.steps == (
        "Page the primary at once",
        "If nobody acknowledges within 5 minutes, page the secondary",
        "If nobody acknowledges within 90 seconds, page Priya Raman",
    )
    assert text.triggers == (
        "SEV1: page the managers of the team at once, too",
        "SEV2 or worse: page the secondary at once, too",
    )


@pytest.mark.parametrize(
    ("wait", "said"),
    [(MINUTE, "1 minute"), (5 * MINUTE, "5 minutes"), (120 * MINUTE, "2 hours"), (timedelta(seconds=1), "1 second")],
)
def test_waits_are_said_in_the_largest_whole_unit(wait, said):
    assert length(wait) == said


def test_the_engine_takes_a_policy_without_a_database():
    assert Policy(steps=(AT_ONCE,), repeats=1).total == 2
