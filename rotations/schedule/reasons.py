"""Why a shift is whose it is, as data. Words are made where they are shown.

Every assignment carries one, and it is stored with the shift: what was decided then is read, not computed again.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from rotations.schedule.tiers import Tier


class Rule(StrEnum):
    """What named the person."""

    TURN = "turn"  # of those who could serve, the one who held this tier longest ago, else the first in the roster
    SHAPE = "shape"  # the pairing: with `trail`, the person who was primary last backs up the new one
    OPENING = "opening"  # the pairing in a rotation's first slot: the one before the primary in the roster
    FILLER = "filler"  # whom the pairing names could not serve; of the others, who held this tier longest ago
    UNCOVERED = "uncovered"  # nobody could


class Obstacle(StrEnum):
    """Why a person who would have come first was passed over."""

    OFF = "off"  # time off touches the slot
    BUSY = "busy"  # on duty in another rotation
    OTHER_TIER = "other_tier"  # holds the other tier of this slot
    NOT_SEATED = "not_seated"  # their seat does not count for the whole slot: they left, or are about to


@dataclass(frozen=True, slots=True)
class Skip:
    """One person passed over."""

    person: int
    obstacle: Obstacle


@dataclass(frozen=True, slots=True)
class Reason:
    """How the planner came to an assignment.

    `place` is the person's place in the roster of that slot, from 1, of `roster_size`; `last_slot` the slot in which
    they held this tier before, None if never. `counting` are the people among whom the slot's work is shared out.
    """

    rule: Rule
    place: int | None = None
    roster_size: int = 0
    last_slot: int | None = None
    skipped: tuple[Skip, ...] = ()
    counting: tuple[int, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "rule": self.rule.value,
            "place": self.place,
            "roster_size": self.roster_size,
            "last_slot": self.last_slot,
            "skipped": [{"person": skip.person, "obstacle": skip.obstacle.value} for skip in self.skipped],
            "counting": list(self.counting),
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Read a stored reason. Only `rule` must be there: a row keeps what was known when it was written."""
        return cls(
            rule=Rule(stored["rule"]),
            place=stored.get("place"),
            roster_size=stored.get("roster_size", 0),
            last_slot=stored.get("last_slot"),
            skipped=tuple(Skip(skip["person"], Obstacle(skip["obstacle"])) for skip in stored.get("skipped", ())),
            counting=tuple(stored.get("counting", ())),
        )


@dataclass(frozen=True, slots=True)
class Assignment:
    """One tier of one slot: who is to hold it over [start, end), and why. Nobody could: `person` is None."""

    slot: int
    tier: Tier
    person: int | None
    start: datetime
    end: datetime
    reason: Reason
