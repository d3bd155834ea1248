"""How evenly a plan shares its shifts out. Every covered shift is shared equally among those who count for its slot.

Exact fractions throughout: floating point would break the tie between three people.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import ceil

from rotations.schedule.certificate import Caution, Concern, Tally
from rotations.schedule.reasons import Assignment
from rotations.schedule.tiers import Tier

LEAST_SHARE_TO_WARN_OF = Fraction(1, 4)


def tallies(assignments: Iterable[Assignment]) -> tuple[Tally, ...]:
    """For each tier and each person who counts in any slot: served, and entitled to thousandths of a shift."""
    served, entitled = _shares(assignments)
    return tuple(
        Tally(person, tier, served[tier, person], round(float(share), 3))
        for (tier, person), share in sorted(entitled.items())
    )


def spreads(assignments: Iterable[Assignment]) -> dict[Tier, float]:
    """For each tier: the most less the least of served minus entitled, in thousandths of a shift."""
    served, entitled = _shares(assignments)
    balances: dict[Tier, list[Fraction]] = {}
    for (tier, person), share in entitled.items():
        balances.setdefault(tier, []).append(served[tier, person] - share)
    return {tier: round(float(max(balance) - min(balance)), 3) for tier, balance in sorted(balances.items())}


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


def _shares(
    assignments: Iterable[Assignment],
) -> tuple[Counter[tuple[Tier, int]], dict[tuple[Tier, int], Fraction]]:
    """By tier and person: shifts served, and shifts entitled to. An uncovered shift entitles nobody to anything."""
    served: Counter[tuple[Tier, int]] = Counter()
    among: Counter[tuple[Tier, int, int]] = Counter()
    for assignment in assignments:
        counting = assignment.reason.counting
        covered = assignment.person is not None
        if assignment.person is not None:
            served[assignment.tier, assignment.person] += 1
        for person in counting:
            among[assignment.tier, person, len(counting)] += covered
    entitled: dict[tuple[Tier, int], Fraction] = {}
    for (tier, person, sharers), count in among.items():
        entitled[tier, person] = entitled.get((tier, person), Fraction()) + Fraction(count, sharers)
    return served, entitled
