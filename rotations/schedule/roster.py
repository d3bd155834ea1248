"""Who there is for each slot: the people in the roster, and which of them are off or busy elsewhere."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import islice

from rotations.schedule.handoffs import Cadence
from rotations.schedule.inputs import Inputs
from rotations.schedule.reasons import Obstacle
from rotations.schedule.spans import Span
from rotations.schedule.terms import Absence, Duty, SeatTerm


@dataclass(frozen=True, slots=True)
class Member:
    """A seat as the fold sees it. `as_if_last_served` is the slot it counts from as long as it served in none.

    Those there from the rotation's first slot count as if the roster had gone round once before it. A joiner comes in
    half a round before their turn: neither at once nor after everybody (PLANNER, `since`).
    """

    person: int
    seat: SeatTerm
    as_if_last_served: int


@dataclass(frozen=True, slots=True)
class Lineup:
    """One slot and those in the roster for it, by person and in roster order."""

    slot: int
    span: Span
    members: Mapping[int, Member]
    off: Set[int]
    busy: Set[int]

    def counting(self) -> tuple[int, ...]:
        """Those among whom the slot is shared: whoever is not off, or everybody if all are."""
        return tuple(person for person in self.members if person not in self.off) or tuple(self.members)

    def before(self, person: int) -> int:
        """The one before a member in the roster; before the first comes the last."""
        people = list(self.members)
        return people[people.index(person) - 1]

    def obstacle(self, person: int, *, in_other_tier: int | None) -> Obstacle | None:
        """Why a person cannot serve in this slot; None if they can."""
        if person not in self.members:
            return Obstacle.NOT_SEATED
        if person in self.off:
            return Obstacle.OFF
        if person in self.busy:
            return Obstacle.BUSY
        return Obstacle.OTHER_TIER if person == in_other_tier else None


def lineups(inputs: Inputs) -> Iterator[Lineup]:
    """Who there is for each slot to plan, in order. A person with two seats at once is there once, in the first."""
    members = _members(inputs)
    off, busy = _touched(inputs.slots, inputs.absences), _touched(inputs.slots, inputs.busy)
    for slot, span in inputs.slots:
        seated: dict[int, Member] = {}
        for member in members:
            if member.seat.counts_for(span):
                seated.setdefault(member.person, member)
        yield Lineup(slot, span, seated, off[slot], busy[slot])


def _members(inputs: Inputs) -> list[Member]:
    """Everybody who ever had a seat, in roster order."""
    opening = min([inputs.slots[0][0], *(row.slot for row in inputs.history)])
    cadence = inputs.rules.cadence
    seats = sorted(inputs.seats, key=lambda seat: (seat.position, seat.person, seat.starts_at))
    founders = [seat for seat in seats if cadence.slot_at(seat.starts_at) <= opening]
    since = {seat: opening - len(founders) + place for place, seat in enumerate(founders)}
    since |= {seat: _half_a_round_before(seat, seats, cadence) for seat in seats if seat not in since}
    return [Member(seat.person, seat, since[seat]) for seat in seats]


def _half_a_round_before(joiner: SeatTerm, seats: Sequence[SeatTerm], cadence: Cadence) -> int:
    """The slot from which a joiner counts: half a roster before the first that they could serve in."""
    first = cadence.slot_at(joiner.starts_at)
    if cadence.slot_span(first).start < joiner.starts_at:
        first += 1
    roster_size = sum(seat.counts_for(cadence.slot_span(first)) for seat in seats)
    return first - 1 - roster_size // 2


def _touched(slots: Sequence[tuple[int, Span]], rows: Sequence[Absence] | Sequence[Duty]) -> Mapping[int, set[int]]:
    """For each slot the people whose absence, or whose duty elsewhere, touches it."""
    ends = [span.end for _, span in slots]
    touched: defaultdict[int, set[int]] = defaultdict(set)
    for row in rows:
        for slot, span in islice(slots, bisect_right(ends, row.span.start), None):
            if span.start >= row.span.end:
                break
            touched[slot].add(row.person)
    return touched
