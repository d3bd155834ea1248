"""Whom the rules name for a slot: the primary by turn, the secondary by the pairing; and the state they go by.

For now `trail` alone, over plain turns: who held the tier longest ago comes first.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from rotations.schedule.reasons import Rule, Skip
from rotations.schedule.roster import Lineup, Member
from rotations.schedule.terms import HistoryRow
from rotations.schedule.tiers import Tier


@dataclass(frozen=True, slots=True)
class Choice:
    """A person for one tier of one slot (None: nobody could), by which rule, and who was passed over."""

    person: int | None
    rule: Rule
    skipped: tuple[Skip, ...] = ()


class Turns:
    """Who held which tier when last: all that planning a slot needs to know of the slots before it."""

    def __init__(self, history: Iterable[HistoryRow]) -> None:
        self.last_slot: dict[Tier, dict[int, int]] = {tier: {} for tier in Tier}
        self.last_primary: int | None = None
        for row in history:
            self.note(row.slot, row.tier, row.person)

    def note(self, slot: int, tier: Tier, person: int | None) -> None:
        """Take down one tier of one slot; slots come in order."""
        if person is None:
            return
        self.last_slot[tier][person] = slot
        if tier is Tier.PRIMARY:
            self.last_primary = person

    def longest_ago(self, tier: Tier, members: Iterable[Member]) -> list[Member]:
        """Who held the tier longest ago first; among equals, roster order."""
        served = self.last_slot[tier]

        def since(member: Member) -> int:
            return max(member.as_if_last_served, served.get(member.person, member.as_if_last_served))

        return sorted(members, key=since)


def choose_primary(lineup: Lineup, turns: Turns) -> Choice:
    """Whose turn it is among those who can."""
    return _next_in_turn(lineup, turns, Tier.PRIMARY, in_other_tier=None, rule=Rule.TURN)


def choose_secondary(lineup: Lineup, turns: Turns, primary: int | None) -> Choice:
    """`trail`: the last primary backs up the new one; if they cannot, the filler. Call it before noting the primary."""
    named, rule = turns.last_primary, Rule.SHAPE
    if named is None and primary is not None:
        named, rule = lineup.before(primary), Rule.OPENING
    if named is None:
        return _next_in_turn(lineup, turns, Tier.SECONDARY, in_other_tier=primary, rule=Rule.FILLER)
    obstacle = lineup.obstacle(named, in_other_tier=primary)
    if obstacle is None:
        return Choice(named, rule)
    return _filler(lineup, turns, primary, passed=Skip(named, obstacle))


def _filler(lineup: Lineup, turns: Turns, primary: int | None, *, passed: Skip) -> Choice:
    """Who was secondary longest ago and can, in place of the one whom the pairing names."""
    choice = _next_in_turn(lineup, turns, Tier.SECONDARY, in_other_tier=primary, rule=Rule.FILLER)
    others = (skip for skip in choice.skipped if skip.person != passed.person)
    return Choice(choice.person, choice.rule, (passed, *others))


def _next_in_turn(lineup: Lineup, turns: Turns, tier: Tier, *, in_other_tier: int | None, rule: Rule) -> Choice:
    """The first in turn who can, and those before them who cannot."""
    skipped: list[Skip] = []
    for member in turns.longest_ago(tier, lineup.members.values()):
        obstacle = lineup.obstacle(member.person, in_other_tier=in_other_tier)
        if obstacle is None:
            return Choice(member.person, rule, tuple(skipped))
        skipped.append(Skip(member.person, obstacle))
    return Choice(None, Rule.UNCOVERED, tuple(skipped))
