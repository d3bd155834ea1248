"""The planner: who is to hold each tier of each slot, with reasons and a certificate (PLANNER.md).

A pure fold over slots, and the one door of planning: callers import its terms from here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rotations.schedule.certificate import Caution, Certificate, Concern, Tally
from rotations.schedule.fairness import Shares, cautions
from rotations.schedule.inputs import Inputs, digest
from rotations.schedule.pairing import Choice, Turns, choose_primary, choose_secondary
from rotations.schedule.reasons import Assignment, Obstacle, Reason, Rule, Skip
from rotations.schedule.roster import Lineup, lineups
from rotations.schedule.spans import Span
from rotations.schedule.terms import (
    Absence,
    Duty,
    HistoryRow,
    Pairing,
    Rules,
    SeatTerm,
    settings_from_json,
    settings_to_json,
)
from rotations.schedule.tiers import Tier

__all__ = [
    "Absence",
    "Assignment",
    "Caution",
    "Certificate",
    "Concern",
    "Duty",
    "HistoryRow",
    "Inputs",
    "Obstacle",
    "Pairing",
    "Plan",
    "Reason",
    "Rule",
    "Rules",
    "SeatTerm",
    "Skip",
    "Tally",
    "plan",
    "settings_from_json",
    "settings_to_json",
    "verify",
]


@dataclass(frozen=True, slots=True)
class Plan:
    """The assignments in order of slot, then tier, and what makes them checkable."""

    assignments: tuple[Assignment, ...]
    certificate: Certificate

    @property
    def until(self) -> datetime:
        """The handoff up to which it reaches: the end of its last slot."""
        return self.assignments[-1].end


def plan(
    rules: Rules,
    seats: Sequence[SeatTerm],
    *,
    absences: Sequence[Absence],
    busy: Sequence[Duty],
    history: Sequence[HistoryRow],
    projection: Sequence[Assignment],
    window: Span,
) -> Plan:
    """Plan every slot that touches `window`: whole, but one that already runs when it starts only from there on.

    `seats` are all that the rotation ever had, ended ones too. `history` are all its published rows in force, those
    without a person too; rows of slots that are planned here are not read, so planning again on one's own output
    changes nothing. `projection` is what was drawn beyond the horizon; turns that only go round have no use for it.
    """
    return _replay(Inputs(rules, seats, absences, busy, history, projection, window))


def verify(certificate: Certificate, inputs: Inputs) -> bool:
    """Whether planning again from `inputs` gives exactly what `certificate` vouches for."""
    return _replay(inputs).certificate == certificate


def _replay(inputs: Inputs) -> Plan:
    """Fold over the slots, each on the turns taken before it."""
    relevant = inputs.relevant()
    turns = Turns(relevant.history)
    assignments = [
        assignment for lineup in lineups(relevant) for assignment in _plan_slot(lineup, turns, tiers=inputs.rules.tiers)
    ]
    return Plan(tuple(assignments), _certify(relevant, assignments))


def _plan_slot(lineup: Lineup, turns: Turns, *, tiers: int) -> list[Assignment]:
    """Both tiers of one slot (or the one), taken down as turns once they are chosen."""
    choices = {Tier.PRIMARY: choose_primary(lineup, turns)}
    if tiers == 2:
        choices[Tier.SECONDARY] = choose_secondary(lineup, turns, choices[Tier.PRIMARY].person)
    assignments = [_assignment(lineup, turns, tier, choice) for tier, choice in choices.items()]
    for tier, choice in choices.items():
        turns.note(lineup.slot, tier, choice.person)
    return assignments


def _assignment(lineup: Lineup, turns: Turns, tier: Tier, choice: Choice) -> Assignment:
    """A choice with its span and its reason."""
    person = choice.person
    reason = Reason(
        rule=choice.rule,
        place=None if person is None else list(lineup.members).index(person) + 1,
        roster_size=len(lineup.members),
        last_slot=None if person is None else turns.last_slot[tier].get(person),
        skipped=choice.skipped,
        counting=lineup.counting(),
    )
    return Assignment(lineup.slot, tier, person, lineup.span.start, lineup.span.end, reason)


def _certify(inputs: Inputs, assignments: Sequence[Assignment]) -> Certificate:
    shares = Shares.of(assignments)
    held = [[row.slot, row.tier.value, row.person, row.start.isoformat(), row.end.isoformat()] for row in assignments]
    return Certificate(
        inputs_hash=inputs.hash(),
        plan_hash=digest(held),
        tallies=shares.tallies(),
        spread=shares.spreads(),
        uncovered=tuple((row.slot, row.tier) for row in assignments if row.person is None),
        warnings=cautions(assignments),
    )
