"""One turn of an incident: `decide` again and again until nothing is due, and who is paged in the end.

Pure: `find` answers who stands behind a target at this moment; it is asked only when a step fires.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum, StrEnum

from incidents.escalation.engine import Decision, Facts, Fire, ask, decide
from incidents.escalation.policy import Policy
from incidents.escalation.terms import Cause, Target


class NoSuchTier(Enum):
    """The schedule has one tier by design: nobody is missing where nobody is meant to be."""

    SINGLE = "single"


# The ids of the people behind a target: none where somebody should be and is not.
Found = tuple[int, ...] | NoSuchTier
Find = Callable[[Target, int | None], Found]


class Told(StrEnum):
    """What a turn has to say to the timeline."""

    PAGED = "paged"
    NOBODY = "nobody"
    PASSED_OVER = "passed_over"
    EXHAUSTED = "exhausted"


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a turn. `fire` is why; `user_id` is who, where somebody was paged."""

    told: Told
    fire: Fire | None = None
    user_id: int | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn came to: lines in order, the facts afterwards, the next due instant."""

    happenings: tuple[Happening, ...]
    facts: Facts
    next_action_at: datetime | None


@dataclass(slots=True)
class _Play:
    """A turn while it is played."""

    policy: Policy
    facts: Facts
    now: datetime
    find: Find
    happenings: list[Happening] = field(default_factory=list)
    paged: set[int] = field(default_factory=set)
    missing: Fire | None = None  # the first target that nobody could be paged for

    def take(self, decision: Decision) -> None:
        """Find the people of what fires; where there is nobody, the facts say so before the next decision."""
        was_exhausted, self.facts = self.facts.is_exhausted, decision.facts
        for fire in decision.fires:
            self._fire(fire)
        if self.facts.is_exhausted and not was_exhausted:
            self.happenings.append(Happening(Told.EXHAUSTED))

    def _fire(self, fire: Fire) -> None:
        found = self.find(fire.target, fire.person_id)
        if isinstance(found, NoSuchTier):
            self._pass_over(fire)
        elif found:
            self._page(fire, found)
        else:
            self._miss(fire)

    def _page(self, fire: Fire, people: tuple[int, ...]) -> None:
        """Nobody is paged twice in one turn, whatever the reasons, nor by a trigger who was paged before."""
        known = self.paged | self.facts.paged if fire.cause is Cause.SEVERITY else self.paged
        for user_id in people:
            if user_id not in known:
                self.paged.add(user_id)
                self.happenings.append(Happening(Told.PAGED, fire, user_id))

    def _pass_over(self, fire: Fire) -> None:
        if fire.step is not None:
            self.happenings.append(Happening(Told.PASSED_OVER, fire))
            self.facts = self.facts.passed_over(fire.cause)

    def _miss(self, fire: Fire) -> None:
        self.happenings.append(Happening(Told.NOBODY, fire))
        if fire.target is not Target.MANAGERS:
            self.missing = self.missing or replace(fire, cause=Cause.NOBODY_ON_CALL)
        if fire.step is not None:
            self.facts = self.facts.missed(self.policy, Cause.NOBODY_ON_CALL, fire.planned_at)

    def _tell_managers(self, missing: Fire) -> None:
        """Where somebody should have been and was not, the managers are paged too, unless they just were."""
        managers = self.find(Target.MANAGERS, None)
        if isinstance(managers, tuple):
            self._page(Fire(Target.MANAGERS, missing.cause, missing.planned_at), managers)

    def finish(self) -> Turn:
        """Decide until nothing is due any more, then tell the managers what was missing."""
        while (decision := decide(self.policy, self.facts, self.now)).facts != self.facts:
            self.take(decision)
        if self.missing is not None:
            self._tell_managers(self.missing)
        return Turn(tuple(self.happenings), self.facts, decision.next_action_at)


def play(policy: Policy, facts: Facts, now: datetime, find: Find) -> Turn:
    """Everything that is due at `now`."""
    return _Play(policy, facts, now, find).finish()


def play_request(policy: Policy, facts: Facts, now: datetime, find: Find, *, target: Target) -> Turn:
    """Somebody asks for `target` now (R47), and whatever follows from it."""
    turn = _Play(policy, facts, now, find)
    turn.take(ask(policy, facts, target, now))
    return turn.finish()


def play_unheard(policy: Policy, facts: Facts, now: datetime, find: Find, *, since: datetime) -> Turn:
    """A page beside the ladder, by hand or by trigger, reaches nobody since `since`: the managers are told."""
    turn = _Play(policy, facts, now, find)
    turn.missing = Fire(Target.SECONDARY, Cause.UNDELIVERABLE, since)
    return turn.finish()


def play_undeliverable(policy: Policy, facts: Facts, now: datetime, find: Find, *, since: datetime) -> Turn:
    """Every delivery of the last firing fails since `since`: the next step is due at once and the managers are told."""
    step = policy.step_of(facts.steps_fired - 1)
    turn = _Play(policy, facts, now, find)
    if step is not None and step.target is not Target.MANAGERS:
        turn.missing = Fire(step.target, Cause.UNDELIVERABLE, since)
    turn.take(Decision((), facts.missed(policy, Cause.UNDELIVERABLE, since), None))
    return turn.finish()
