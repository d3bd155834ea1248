"""The planner: who is to hold each tier of each slot, with reasons and a certificate (PLANNER.md). A pure fold over slots.

The one door of planning: callers import its terms from here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rotations.schedule.certificate import Caution, Certificate, Concern, Tally
from rotations.schedule.reasons import Assignment, Obstacle, Reason, Rule, Skip
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
class Inputs:
    """All that a plan depends on; the arguments of `plan` under the same names."""

    rules: Rules
    seats: Sequence[SeatTerm]
    absences: Sequence[Absence]
    busy: Sequence[Duty]
    history: Sequence[HistoryRow]
    projection: Sequence[Assignment]
    window: Span


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
    """Plan every slot that touches `window`: whole, but a slot that already runs when it starts only from there on.

    `seats` are all the rotation ever had, ended ones too. `history` are all its published rows in force before the
    window, gaps too; rows of the window's own slots are not read, so planning again on one's own output changes nothing.
    """
    raise NotImplementedError


def verify(certificate: Certificate, inputs: Inputs) -> bool:
    """Whether planning again from `inputs` gives exactly what `certificate` vouches for."""
    raise NotImplementedError
