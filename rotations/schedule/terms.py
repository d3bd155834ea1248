"""What the planner takes, as data: rules, seats, absences, duty elsewhere, and what was planned before.

A person is the id of their row. `to_json` and `from_json` are what a publication stores.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Self

from rotations.schedule.handoffs import Cadence
from rotations.schedule.spans import Span
from rotations.schedule.tiers import Tier


class Pairing(StrEnum):
    """How the secondary relates to the primary."""

    TRAIL = "trail"

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        return [(pairing.value, pairing.value) for pairing in cls]


@dataclass(frozen=True, slots=True)
class Rules:
    """A rotation's settings: when it hands off, how many tiers it fills (1 or 2), and how they are paired."""

    cadence: Cadence
    tiers: int = 2
    pairing: Pairing = Pairing.TRAIL

    def __post_init__(self) -> None:
        if self.tiers not in {1, 2}:
            raise ValueError("A rotation fills one tier or two.")

    def to_json(self) -> dict[str, Any]:
        return {"cadence": self.cadence.to_json(), "tiers": self.tiers, "pairing": self.pairing.value}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        cadence = Cadence.from_json(stored["cadence"])
        return cls(cadence=cadence, tiers=stored["tiers"], pairing=Pairing(stored["pairing"]))


@dataclass(frozen=True, slots=True)
class SeatTerm:
    """One person's place in the roster, and the time for which it counts: [starts_at, ends_at), open if None."""

    person: int
    position: int
    starts_at: datetime
    ends_at: datetime | None = None
    is_senior: bool = False

    def counts_for(self, slot: Span) -> bool:
        """Whether the seat holds for all of a slot."""
        return self.starts_at <= slot.start and (self.ends_at is None or slot.end <= self.ends_at)

    def to_json(self) -> dict[str, Any]:
        return {
            "person": self.person,
            "position": self.position,
            "starts_at": self.starts_at.astimezone(UTC).isoformat(),
            "ends_at": self.ends_at and self.ends_at.astimezone(UTC).isoformat(),
            "is_senior": self.is_senior,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        return cls(
            person=stored["person"],
            position=stored["position"],
            starts_at=datetime.fromisoformat(stored["starts_at"]),
            ends_at=datetime.fromisoformat(stored["ends_at"]) if stored["ends_at"] else None,
            is_senior=stored["is_senior"],
        )


@dataclass(frozen=True, slots=True, order=True)
class Absence:
    """A person's time off: they never serve in a slot that it touches, and it is excused."""

    person: int
    span: Span


@dataclass(frozen=True, slots=True, order=True)
class Duty:
    """A person's duty in another rotation: they cannot serve in a slot that it touches, though the slot counts."""

    person: int
    span: Span


@dataclass(frozen=True, slots=True, order=True)
class HistoryRow:
    """One tier of one slot as it was published: whom the plan named, whoever served in the end. Nobody: None."""

    slot: int
    tier: Tier
    person: int | None


def settings_to_json(rules: Rules, seats: Sequence[SeatTerm]) -> dict[str, Any]:
    """What a publication keeps of the settings it took."""
    return {"rules": rules.to_json(), "seats": [seat.to_json() for seat in seats]}


def settings_from_json(stored: dict[str, Any]) -> tuple[Rules, tuple[SeatTerm, ...]]:
    """The settings of an earlier publication, for the daily extension."""
    return Rules.from_json(stored["rules"]), tuple(map(SeatTerm.from_json, stored["seats"]))
