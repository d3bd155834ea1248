"""What the front page says: my state, what waits for me, who is on call, what is coming. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from incidents.paging.models import Incident
from incidents.paging.selectors import OpenIncident, open_incidents
from incidents.policies.words import whom
from rotations.calendar.gaps import Gap, gaps_of
from rotations.calendar.selectors import my_schedules, published_span, tiers_of
from rotations.people.models import User
from rotations.rota.models import Schedule
from rotations.rota.selectors import Duty, Holder, next_shifts, on_call_at
from rotations.schedule.spans import Span
from rotations.schedule.tiers import Tier

GAPS_AHEAD = timedelta(days=14)
GAP_IS_ALARM_WITHIN = timedelta(days=7)  # farther away it is amber, so that only one thing shouts (LOOKS §4)
GAPS_SHOWN = 5
WAITING_SHOWN = 5  # in a storm the list of incidents is the place to work from
INCIDENTS_SHOWN = 10
SHIFTS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class OnDuty:
    """One tier of one schedule now: who holds it, or nobody."""

    tier: Tier
    holder: Holder | None
    is_me: bool


@dataclass(frozen=True, slots=True)
class ScheduleNow:
    schedule: Schedule
    duties: list[OnDuty]


@dataclass(frozen=True, slots=True)
class GapAhead:
    gap: Gap
    tone: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """An incident that waits for my acknowledgement, and who is paged next if it does not come."""

    incident: Incident
    whom: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class FrontPage:
    """The front page of one person at one instant."""

    now: datetime
    user: User
    schedules: Sequence[ScheduleNow]
    next_shifts: Sequence[Duty]
    gaps: Sequence[GapAhead]
    more_gaps: int
    incidents: Sequence[OpenIncident]

    @property
    def my_duties(self) -> list[tuple[Schedule, OnDuty]]:
        return [(now.schedule, duty) for now in self.schedules for duty in now.duties if duty.is_me]

    @property
    def title(self) -> str:
        """My state, as the page's one heading."""
        mine = self.my_duties
        if not mine:
            return _("You are not on call")
        if len(mine) > 2:
            return _("You are on call for %(count)d schedules") % {"count": len({s.pk for s, _duty in mine})}
        roles = [_ROLES[duty.tier]() % {"schedule": schedule.name} for schedule, duty in mine]
        return _("You are %(roles)s") % {"roles": _(" and ").join(roles)}

    @property
    def next_duty(self) -> Duty | None:
        """What comes for somebody who is not on call now."""
        return None if self.my_duties or not self.next_shifts else self.next_shifts[0]

    @property
    def waiting_count(self) -> int:
        return sum(line.waits_for_me for line in self.incidents)

    @property
    def waiting(self) -> list[Waiting]:
        """The first of those that wait for me."""
        return [_waiting(line) for line in self.incidents if line.waits_for_me][:WAITING_SHOWN]

    @property
    def incidents_shown(self) -> Sequence[OpenIncident]:
        return self.incidents[:INCIDENTS_SHOWN]


_ROLES = {
    Tier.PRIMARY: lambda: _("primary for %(schedule)s"),
    Tier.SECONDARY: lambda: _("secondary for %(schedule)s"),
}


def front_page(user: User, *, now: datetime) -> FrontPage:
    """Everything the front page shows, in a number of queries that does not depend on how much it is."""
    schedules = list(my_schedules(user))
    holders = on_call_at(now, schedule_ids=[schedule.pk for schedule in schedules])
    gaps = gaps_of(schedules, Span(now, now + GAPS_AHEAD))
    return FrontPage(
        now=now,
        user=user,
        schedules=_mine_first([_schedule_now(schedule, holders.get(schedule.pk, {}), user) for schedule in schedules]),
        next_shifts=[duty for duty in next_shifts(user, now, SHIFTS_SHOWN * 2) if duty.starts_at > now][:SHIFTS_SHOWN],
        gaps=[_ahead(gap, now) for gap in gaps[:GAPS_SHOWN]],
        more_gaps=max(len(gaps) - GAPS_SHOWN, 0),
        incidents=open_incidents(user, now=now),
    )


def _schedule_now(schedule: Schedule, holders: dict[Tier, Holder], user: User) -> ScheduleNow:
    duties = [
        OnDuty(tier, holder := holders.get(tier), is_me=holder is not None and holder.user_id == user.pk)
        for tier in tiers_of(schedule)
    ]
    return ScheduleNow(schedule, duties)


def _mine_first(schedules: Sequence[ScheduleNow]) -> list[ScheduleNow]:
    """Those on which I am on call before the others, those that nobody has published last; else as they were."""
    return sorted(
        schedules,
        key=lambda one: (not any(duty.is_me for duty in one.duties), published_span(one.schedule) is None),
    )


def _waiting(line: OpenIncident) -> Waiting:
    action = line.next_action
    if action is None:
        return Waiting(line.incident, whom="", at=None)
    names = ", ".join(person.name for person in action.people) or capfirst(whom(action.target))
    tier = _(" (secondary)") if action.people and action.tier is Tier.SECONDARY else ""
    return Waiting(line.incident, whom=names + tier, at=action.at)


def _ahead(gap: Gap, now: datetime) -> GapAhead:
    return GapAhead(gap, "alarm" if gap.start - now <= GAP_IS_ALARM_WITHIN else "watch")
