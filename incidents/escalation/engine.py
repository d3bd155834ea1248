"""`decide`: from a policy and the facts of one incident to what fires now and when to look again.

Pure: no clock, no database, no knowledge of who holds a tier. `turn` plays its decisions out.
"""

from collections.abc import Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from incidents.escalation.policy import Policy
from incidents.escalation.terms import Cause, Severity, State, Target

# A step that went out later than this was held up by an outage: then the next one waits for an answer to it first.
OUTAGE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is true of an incident: all that a decision rests on.

    `step_planned_at` is when the last firing was due (at first: the opening), `step_fired_at` when it really went out.
    `next_cause` is set when that firing reached nobody: the next step then follows at once, for this cause.
    `paged` are people who heard of it before: a trigger that asks for them has them already.
    """

    state: State
    severity: Severity
    steps_fired: int
    step_planned_at: datetime
    step_fired_at: datetime | None = None
    next_cause: Cause | None = None
    triggers_fired: Set[int] = frozenset()
    is_exhausted: bool = False
    paged: Set[int] = frozenset()

    def passed_over(self, cause: Cause) -> Self:
        """The last firing was for a tier that the schedule does not have: the next follows, for the same cause."""
        return replace(self, next_cause=cause)

    def missed(self, policy: Policy, cause: Cause, at: datetime) -> Self:
        """The last firing reached nobody, known at `at`. Nobody in the last step of a round: the alarm is raised."""
        return replace(
            self,
            next_cause=cause,
            step_planned_at=max(self.step_planned_at, at),
            is_exhausted=self.is_exhausted or self.steps_fired % max(len(policy.steps), 1) == 0,
        )


@dataclass(frozen=True, slots=True)
class Fire:
    """Page this target now, because. `step` counts over all rounds and is empty for triggers and requests by hand."""

    target: Target
    cause: Cause
    planned_at: datetime
    person_id: int | None = None
    step: int | None = None
    round: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """What fires now; the facts once it has; and the next due instant, if what fires reaches somebody."""

    fires: tuple[Fire, ...]
    facts: Facts
    next_action_at: datetime | None


def decide(policy: Policy, facts: Facts, now: datetime) -> Decision:
    """What is due at `now`. At most one step; triggers once no step is due.

    Call again with the facts it returns (or, when nobody was reached, with `facts.missed(…)`) until they stay the same.
    """
    due_at = next_step_at(policy, facts)
    if due_at is not None and due_at <= now:
        return _step(policy, facts, due_at, now)
    return Decision((), facts, due_at) if facts.state is State.RESOLVED else _triggers(policy, facts, due_at, now)


def next_step_at(policy: Policy, facts: Facts) -> datetime | None:
    """When the next firing is due: counted from the planned instant of the last, so lateness never adds up.

    After an outage it is not before half its delay has gone since the last page really went out.
    """
    firing = facts.steps_fired
    if facts.state is not State.TRIGGERED or firing > policy.total:
        return None
    follows_at_once = facts.next_cause is not None and not policy.starts_a_round_again(firing)
    wait = timedelta() if follows_at_once else policy.wait_before(firing)
    due_at = facts.step_planned_at + wait
    if facts.step_fired_at is not None and facts.step_fired_at - facts.step_planned_at > OUTAGE:
        return max(due_at, facts.step_fired_at + wait / 2)
    return due_at


def ask(policy: Policy, facts: Facts, target: Target, now: datetime) -> Decision:
    """Somebody asks for `target` before the timeout (R47).

    While nobody has acknowledged, the ladder goes on from the target's next step in this round, counted from now;
    if that step is behind, or the incident is acknowledged, it is a page and nothing else.
    """
    step = _next_step_for(policy, facts, target)
    fire = Fire(target, Cause.MANUAL, now, step=step, round=policy.round(facts.steps_fired))
    after = facts if step is None else _fired(facts, step, planned_at=now, now=now)
    return Decision((fire,), after, next_step_at(policy, after))


def _step(policy: Policy, facts: Facts, due_at: datetime, now: datetime) -> Decision:
    firing = facts.steps_fired
    step = policy.step_of(firing)
    after = replace(
        _fired(facts, firing, planned_at=due_at, now=now),
        is_exhausted=facts.is_exhausted or firing == policy.total,
    )
    fires = () if step is None else (
        Fire(step.target, _cause(policy, facts), due_at, step.person_id, firing, policy.round(firing)),
    )  # fmt: skip
    return Decision(fires, after, next_step_at(policy, after))


def _triggers(policy: Policy, facts: Facts, due_at: datetime | None, now: datetime) -> Decision:
    due = [t for t in policy.triggers if facts.severity <= t.severity and t.id not in facts.triggers_fired]
    if not due:
        return Decision((), facts, due_at)
    after = replace(facts, triggers_fired=facts.triggers_fired | {trigger.id for trigger in due})
    fires = tuple(Fire(trigger.target, Cause.SEVERITY, now, trigger.person_id) for trigger in due)
    return Decision(fires, after, due_at)


def _cause(policy: Policy, facts: Facts) -> Cause:
    if policy.starts_a_round_again(facts.steps_fired):
        return Cause.REPEAT
    if facts.next_cause is not None:
        return facts.next_cause
    return Cause.FIRST if facts.steps_fired == 0 else Cause.TIMEOUT


def _fired(facts: Facts, firing: int, *, planned_at: datetime, now: datetime) -> Facts:
    return replace(facts, steps_fired=firing + 1, step_planned_at=planned_at, step_fired_at=now, next_cause=None)


def _next_step_for(policy: Policy, facts: Facts, target: Target) -> int | None:
    if facts.state is not State.TRIGGERED or facts.steps_fired >= policy.total:
        return None
    end_of_round = (policy.round(facts.steps_fired) + 1) * len(policy.steps)
    ahead = range(facts.steps_fired, end_of_round)
    return next((k for k in ahead if policy.steps[policy.position(k)].target is target), None)
