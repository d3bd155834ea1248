"""When a shift passes on. Wall-clock in the rotation's zone, right on every clock change (DESIGN §4, Handoffs).

Slots are counted from the anchor: slot 0 starts there, slots before it have negative indexes. They tile time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Self
from zoneinfo import ZoneInfo

from rotations.schedule.spans import Span

SECOND = timedelta(seconds=1)
HOURS_IN_A_DAY = 24


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
    """A handoff every N hours, days or weeks from `anchor_on` at `handoff_at`, on the wall clock of `time_zone`.

    Days, weeks and hours that divide 24 stay on the wall clock, whatever the clocks do; other hours count elapsed time.
    """

    every: int
    unit: Unit
    anchor_on: date
    handoff_at: time
    time_zone: str

    def __post_init__(self) -> None:
        if self.every < 1:
            raise ValueError("A cadence hands off every 1 or more hours, days or weeks.")
        if self.handoff_at.tzinfo is not None:
            raise ValueError("A handoff is a time on the wall clock; its zone is the cadence's.")

    def slot_at(self, at: datetime) -> int:
        """The index of the slot that holds at an instant."""
        if not self._keeps_to_the_wall_clock:
            return (at - self._boundary(0)) // self._step
        index = (self._wall(at) - self._anchor) // self._step
        # Where clocks go back, the wall shows the same time twice and the slot of the second is a little further on.
        while self._boundary(index + 1) <= at:
            index += 1
        return index

    def slot_span(self, index: int) -> Span:
        """When a slot holds. Empty if clocks that go forward swallow it whole: then it is nobody's."""
        return Span(self._boundary(index), self._boundary(index + 1))

    def slots(self, window: Span) -> Iterator[tuple[int, Span]]:
        """Every slot of any length that touches `window`, whole, in order."""
        if not window:
            return
        index = self.slot_at(window.start)
        start = self._boundary(index)
        while start < window.end:
            end = self._boundary(index + 1)
            if start < end:
                yield index, Span(start, end)
            index, start = index + 1, end

    def to_json(self) -> dict[str, Any]:
        return {
            "every": self.every,
            "unit": self.unit.value,
            "anchor_on": self.anchor_on.isoformat(),
            "handoff_at": self.handoff_at.isoformat(),
            "time_zone": self.time_zone,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        return cls(
            every=stored["every"],
            unit=Unit(stored["unit"]),
            anchor_on=date.fromisoformat(stored["anchor_on"]),
            handoff_at=time.fromisoformat(stored["handoff_at"]),
            time_zone=stored["time_zone"],
        )

    @property
    def _keeps_to_the_wall_clock(self) -> bool:
        return self.unit is not Unit.HOURS or HOURS_IN_A_DAY % self.every == 0

    @property
    def _step(self) -> timedelta:
        return timedelta(**{self.unit.value: self.every})

    @property
    def _anchor(self) -> datetime:
        """The anchor as the wall clock shows it."""
        return datetime.combine(self.anchor_on, self.handoff_at)

    def _wall(self, at: datetime) -> datetime:
        """What the wall clock shows at an instant."""
        return at.astimezone(ZoneInfo(self.time_zone)).replace(tzinfo=None)

    def _boundary(self, index: int) -> datetime:
        """The instant at which slot `index` starts."""
        if self._keeps_to_the_wall_clock:
            return first_instant(self._anchor + index * self._step, ZoneInfo(self.time_zone))
        return first_instant(self._anchor, ZoneInfo(self.time_zone)) + index * self._step


def first_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first instant (UTC) at which the clocks of `zone` show `wall`, or have jumped past it.

    So a time that occurs twice is its first, and a time in a gap is the end of the gap, to the second.
    """
    before, after = (wall.replace(tzinfo=zone, fold=fold).utcoffset() or timedelta() for fold in (0, 1))
    if before >= after:
        return (wall - before).replace(tzinfo=UTC)
    return _end_of_gap(wall, zone, before, after)


def _end_of_gap(wall: datetime, zone: ZoneInfo, before: timedelta, after: timedelta) -> datetime:
    """When the clocks jumped over `wall`. No standard call tells: halve the time, 18 times for a day."""
    too_early = (wall - after).replace(tzinfo=UTC, microsecond=0)
    late_enough = (wall - before).replace(tzinfo=UTC, microsecond=0) + SECOND
    while late_enough - too_early > SECOND:
        middle = too_early + (late_enough - too_early) // SECOND // 2 * SECOND
        if middle.astimezone(zone).replace(tzinfo=None) < wall:
            too_early = middle
        else:
            late_enough = middle
    return late_enough
