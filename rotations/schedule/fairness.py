"""How evenly a plan shares its shifts out. Every covered shift is shared equally among those who count for its slot.

Integers throughout, in a unit that divides every share: floating point would break the tie between three people.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, lcm
from typing import Self

from rotations.schedule.certificate import Caution, Concern, Tally
from rotations.schedule.reasons import Assignment
from rotations.schedule.tiers import Tier

LEAST_SHARE_TO_WARN_OF = Fraction(1, 4)


@dataclass(frozen=True, slots=True)
class Shares:
    """By tier and person: shifts served, and shifts entitled to in parts of which `parts` make a shift."""

    served: Counter[tuple[Tier, int]]
    entitled: Counter[tuple[Tier, int]]
    parts: int

    @classmethod
    def of(cls, assignments: Sequence[Assignment]) -> Self:
        """An uncovered shift entitles nobody to anything, but whoever counts for it has a line."""
        among = Counter((row.tier, row.reason.counting, row.person is not None) for row in assignments)
        parts = lcm(*(len(counting) for _, counting, _ in among if counting))
        entitled: Counter[tuple[Tier, int]] = Counter()
        for (tier, counting, covered), shifts in among.items():
            for person in counting:
                entitled[tier, person] += covered * shifts * parts // len(counting)
        served = Counter((row.tier, row.person) for row in assignments if row.person is not None)
        return cls(served, entitled, parts)

    def tallies(self) -> tuple[Tally, ...]:
        """A line for each tier and each person who counts in any slot."""
        return tuple(
            Tally(person, tier, self.served[tier, person], round(share / self.parts, 3))
            for (tier, person), share in sorted(self.entitled.items())
        )

    def spreads(self) -> dict[Tier, float]:
        """For each tier: the most less the least of served minus entitled, in thousandths of a shift."""
        balances: dict[Tier, list[int]] = {}
        for (tier, person), share in self.entitled.items():
            balances.setdefault(tier, []).append(self.served[tier, person] * self.parts - share)
        return {
            tier: round((max(balance) - min(balance)) / self.parts, 3) for tier, balance in sorted(balances.items())
        }


def cautions(assignments: Sequence[Assignment]) -> tuple[Caution, ...]:
    """Who is on call for more than max(25 %, tiers ÷ people) of the slots, whole shifts in each tier allowed for.

    People are those in the roster, in the mean over the plan.
    """
    slots, tiers = ({assignment.slot for assignment in assignments}, {assignment.tier for assignment in assignments})
    seats = sum(assignment.reason.roster_size for assignment in assignments)
    if not seats:
        return ()
    line = max(LEAST_SHARE_TO_WARN_OF, Fraction(len(tiers) * len(assignments), seats))
    allowed = len(tiers) * ceil(line * len(slots) / len(tiers))
    shifts = Counter(assignment.person for assignment in assignments if assignment.person is not None)
    return tuple(
        Caution(Concern.SHARE, person, round(100 * count / len(slots)))
        for person, count in sorted(shifts.items())
        if count > allowed
    )
