"""What an escalation policy says, without a database: steps in order, and a trigger table beside them."""

from dataclasses import dataclass
from datetime import timedelta

from incidents.escalation.terms import Severity, Target

# The last step of a round is given at least this long to answer before the round is over.
SHORTEST_LAST_WAIT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Step:
    """Page `target` when nobody has acknowledged for `after` since the step before."""

    target: Target
    after: timedelta
    person_id: int | None = None


@dataclass(frozen=True, slots=True)
class Trigger:
    """Also page `target`, at once, for an incident of this severity or worse. `id` is its row in the table."""

    id: int
    severity: Severity
    target: Target
    person_id: int | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """Steps run once, and again `repeats` times; then comes the last call, which every policy ends with.

    Firings are counted over all rounds: firing number `k` is step `k % len(steps)` of round `k // len(steps)`. Number
    `total` is the last call: the managers are paged unless the last step was theirs, and the alarm is raised.
    """

    steps: tuple[Step, ...]
    triggers: tuple[Trigger, ...] = ()
    repeats: int = 0

    @property
    def total(self) -> int:
        """Firings of steps over all rounds, the last call not counted."""
        return len(self.steps) * (self.repeats + 1)

    @property
    def last_wait(self) -> timedelta:
        """How long after the last step of a round the round is over: that step's own delay, at least five minutes."""
        return max(self.steps[-1].after, SHORTEST_LAST_WAIT) if self.steps else timedelta()

    def position(self, firing: int) -> int:
        """Which step of its round a firing is, from 0."""
        return firing % len(self.steps)

    def round(self, firing: int) -> int:
        """Which round a firing belongs to, from 0. The last call ends the last round."""
        return min(firing, max(self.total - 1, 0)) // max(len(self.steps), 1)

    def starts_a_round_again(self, firing: int) -> bool:
        """Whether a firing is the first step of a later round."""
        return 0 < firing < self.total and self.position(firing) == 0

    def wait_before(self, firing: int) -> timedelta:
        """Time without acknowledgement between the firing before (or the opening) and this one."""
        if firing == self.total:
            return self.last_wait
        own = self.steps[self.position(firing)].after
        return self.last_wait + own if self.starts_a_round_again(firing) else own

    def step_of(self, firing: int) -> Step | None:
        """Whom a firing pages: a step, the managers in the last call, or nobody when the last step was theirs."""
        if firing < self.total:
            return self.steps[self.position(firing)]
        if self.steps and self.steps[-1].target is Target.MANAGERS:
            return None
        return Step(Target.MANAGERS, self.last_wait)
