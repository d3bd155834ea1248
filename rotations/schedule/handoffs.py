"""When a shift passes on. Wall-clock in the rotation's zone, right on every clock change."""

from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum


class Unit(StrEnum):
    """What a cadence is counted in."""

    HOURS = "hours"
    DAYS = "days"
    WEEKS = "weeks"

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        return [(unit.value, unit.value) for unit in cls]


@dataclass(frozen=True, slots=True)
class Cadence:
    """A handoff every N hours, days or weeks from `anchor_on` at `handoff_at`, on the wall clock of `time_zone`."""

    every: int
    unit: Unit
    anchor_on: date
    handoff_at: time
    time_zone: str
