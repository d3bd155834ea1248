"""What makes a plan checkable (PLANNER, Certificate): the hash of what it was made from, and what came out."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from rotations.schedule.tiers import Tier


class Concern(StrEnum):
    """What a certificate warns of."""

    SHARE = "share"  # a person is on call for more of the time than max(25 %, tiers ÷ people)


@dataclass(frozen=True, slots=True)
class Caution:
    """One concern about one person."""

    concern: Concern
    person: int
    percent: int


@dataclass(frozen=True, slots=True)
class Tally:
    """What one person does in one tier over the plan: shifts served, and the equal share they were entitled to."""

    person: int
    tier: Tier
    served: int
    entitled: float


@dataclass(frozen=True, slots=True)
class Certificate:
    """`spread` is, for each tier, the most minus the least of served − entitled, in shifts."""

    inputs_hash: str
    plan_hash: str
    tallies: tuple[Tally, ...]
    spread: dict[Tier, float]
    uncovered: tuple[tuple[int, Tier], ...]
    warnings: tuple[Caution, ...]

    def to_json(self) -> dict[str, Any]:
        raise NotImplementedError

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        raise NotImplementedError
