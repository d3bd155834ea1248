"""All that a plan depends on, in one value, and its hash: with the same inputs comes the same plan."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

from rotations.schedule.reasons import Assignment
from rotations.schedule.spans import Span
from rotations.schedule.terms import Absence, Duty, HistoryRow, Rules, SeatTerm, settings_to_json


@dataclass(frozen=True)
class Inputs:
    """The arguments of `plan` under the same names."""

    rules: Rules
    seats: Sequence[SeatTerm]
    absences: Sequence[Absence]
    busy: Sequence[Duty]
    history: Sequence[HistoryRow]
    projection: Sequence[Assignment]
    window: Span

    def __post_init__(self) -> None:
        if not self.window:
            raise ValueError("A plan needs a window of some length.")

    @cached_property
    def slots(self) -> tuple[tuple[int, Span], ...]:
        """The slots to plan, in order: those that touch the window, one that already runs only from there on."""
        touching = self.rules.cadence.slots(self.window)
        return tuple((index, Span(max(span.start, self.window.start), span.end)) for index, span in touching)

    def relevant(self) -> Self:
        """The same without what the plan does not depend on, in one order, so that equal inputs are seen to be equal.

        Absences and duty outside the planned slots go, and history of these slots, which are planned anew.
        """
        first, planned = self.slots[0][0], Span(self.window.start, self.slots[-1][1].end)
        return replace(
            self,
            seats=sorted(self.seats, key=lambda seat: (seat.position, seat.person, seat.starts_at)),
            absences=sorted(absence for absence in self.absences if absence.span.overlaps(planned)),
            busy=sorted(duty for duty in self.busy if duty.span.overlaps(planned)),
            history=sorted((row for row in self.history if row.slot < first), key=lambda row: (row.slot, row.tier)),
            projection=(),
        )

    def hash(self) -> str:
        """SHA-256 of what the plan depends on."""
        inputs = self.relevant()
        return digest(
            {
                "settings": settings_to_json(inputs.rules, inputs.seats),
                "absences": [_person_and_span(absence) for absence in inputs.absences],
                "busy": [_person_and_span(duty) for duty in inputs.busy],
                "history": [[row.slot, row.tier.value, row.person] for row in inputs.history],
                "window": [inputs.window.start.isoformat(), inputs.window.end.isoformat()],
            }
        )


def _person_and_span(row: Absence | Duty) -> list[Any]:
    return [row.person, row.span.start.isoformat(), row.span.end.isoformat()]


def digest(value: object) -> str:
    """SHA-256 of a JSON value, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
