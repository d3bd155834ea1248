"""What makes a plan checkable (PLANNER, Certificate): the hash of what it was made from, and what came out."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from rotations.schedule.tiers import Tier


class Concern(StrEnum):
    """What a certificate warns of."""

    SHARE = "share"  # one person is on call for more of the time than max(25 %, tiers ÷ people)


@dataclass(frozen=True, slots=True)
class Caution:
    """One concern about one person: `percent` of the slots have them on call."""

    concern: Concern
    person: int
    percent: int

    def to_json(self) -> dict[str, Any]:
        return {"concern": self.concern.value, "person": self.person, "percent": self.percent}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        return cls(Concern(stored["concern"]), stored["person"], stored["percent"])


@dataclass(frozen=True, slots=True)
class Tally:
    """What one person does in one tier over the plan: shifts served, and the equal share they are entitled to."""

    person: int
    tier: Tier
    served: int
    entitled: float

    def to_json(self) -> dict[str, Any]:
        return {"person": self.person, "tier": self.tier.value, "served": self.served, "entitled": self.entitled}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        return cls(stored["person"], Tier(stored["tier"]), stored["served"], stored["entitled"])


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a plan came to. `uncovered` names each slot and tier that nobody could take.

    `spread` is, for each tier, how far served less entitled lies apart between two people at most, in shifts; it and
    the entitlements are rounded to thousandths.
    """

    inputs_hash: str
    plan_hash: str
    tallies: tuple[Tally, ...]
    spread: dict[Tier, float]
    uncovered: tuple[tuple[int, Tier], ...]
    warnings: tuple[Caution, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "inputs_hash": self.inputs_hash,
            "plan_hash": self.plan_hash,
            "tallies": [tally.to_json() for tally in self.tallies],
            "spread": {tier.value: spread for tier, spread in self.spread.items()},
            "uncovered": [[slot, tier.value] for slot, tier in self.uncovered],
            "warnings": [caution.to_json() for caution in self.warnings],
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        return cls(
            inputs_hash=stored["inputs_hash"],
            plan_hash=stored["plan_hash"],
            tallies=tuple(map(Tally.from_json, stored["tallies"])),
            spread={Tier(tier): spread for tier, spread in stored["spread"].items()},
            uncovered=tuple((slot, Tier(tier)) for slot, tier in stored["uncovered"]),
            warnings=tuple(map(Caution.from_json, stored["warnings"])),
        )
