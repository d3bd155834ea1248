"""Who is on call at an instant: one query, for one schedule or for all of them."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import connection

from rotations.people.models import initials_of
from rotations.rota.models import LONGEST_OVERRIDE, LONGEST_SHIFT
from rotations.schedule.tiers import Tier


class Holder(NamedTuple):
    """Who holds one tier of one schedule: what a page says about them, and nothing about how to reach them.

    `starts_at` is when the shift or override began, `ends_at` when this person really hands over: an override that
    begins within a shift ends it. (A tuple, because 20 000 of them are made for a page of all schedules.)
    """

    schedule_id: int
    tier: Tier
    user_id: int
    name: str
    colour: int
    starts_at: datetime
    ends_at: datetime
    override_id: int | None

    @property
    def initials(self) -> str:
        return initials_of(self.name)

    @property
    def first_name(self) -> str:
        return self.name.split(" ", 1)[0]


OnCall = dict[int, dict[Tier, Holder]]
TIERS = {tier.value: tier for tier in Tier}

# By hand, because composing it anew takes longer than the databases take to answer it. All bounds follow from two of
# them; the others keep either database within a few pages of its indexes (and `tier` lets it use the one by tier).
# The plus keeps SQLite from beginning with all the people there are.
HOLDING = """
    SELECT rotation.schedule_id, held.tier, held.user_id, person.name, person.colour, {instants}, NULL
    FROM rotations_shift held
    JOIN rotations_rotation rotation ON rotation.id = held.rotation_id
    JOIN rotations_user person ON person.id = +held.user_id
    WHERE held.withdrawn_at IS NULL AND held.tier IN ('primary', 'secondary')
      AND held.starts_at > %(shift_from)s AND held.starts_at <= %(at)s
      AND held.ends_at > %(at)s AND held.ends_at <= %(shift_until)s
"""
OVERRIDING = """
    SELECT held.schedule_id, held.tier, held.user_id, person.name, person.colour, {instants}, held.id
    FROM rotations_override held
    JOIN rotations_user person ON person.id = held.user_id
    WHERE held.withdrawn_at IS NULL AND held.starts_at < %(shift_until)s
      AND held.ends_at > %(at)s AND held.ends_at <= %(override_until)s
"""
# As the database has them: many rows share a few instants, and `_instant` makes each once (a tenth of the time).
INSTANTS = {
    "postgresql": "date_part('epoch', held.starts_at), date_part('epoch', held.ends_at)",
    "sqlite": "CAST(held.starts_at AS text), CAST(held.ends_at AS text)",
}


def on_call_at(at: datetime, *, schedule_ids: Collection[int] | None = None) -> OnCall:
    """Who holds each tier at an instant, by schedule; a tier that nobody holds is missing. One query.

    Beside the rows that hold at the instant it reads the overrides to come, which end a shift early.
    """
    found: OnCall = {}
    passes_on: dict[tuple[int, Tier], datetime] = {}
    for schedule_id, word, user_id, name, colour, begins, ends, override_id in _rows(at, schedule_ids):
        tier, starts_at = TIERS[word], _instant(begins)
        if starts_at > at:
            passes_on[schedule_id, tier] = min(starts_at, passes_on.get((schedule_id, tier), starts_at))
            continue
        tiers = found.setdefault(schedule_id, {})
        if override_id or tier not in tiers:
            tiers[tier] = Holder(schedule_id, tier, user_id, name, colour, starts_at, _instant(ends), override_id)
    for (schedule_id, tier), at_latest in passes_on.items():
        held = found.get(schedule_id, {}).get(tier)
        if held and at_latest < held.ends_at:
            found[schedule_id][tier] = held._replace(ends_at=at_latest)
    return found


def _rows(at: datetime, schedule_ids: Collection[int] | None) -> Iterator[tuple[Any, ...]]:
    """Shifts that hold, and overrides that hold or begin before such a shift can end, as columns of a `Holder`."""
    if schedule_ids is not None and not schedule_ids:
        return
    chosen = {f"id{number}": pk for number, pk in enumerate(schedule_ids or ())}
    bounds = {
        "at": at,
        "shift_from": at - LONGEST_SHIFT,
        "shift_until": at + LONGEST_SHIFT,
        "override_until": at + LONGEST_SHIFT + LONGEST_OVERRIDE,
    }
    names = ", ".join(f"%({name})s" for name in chosen)  # of parameters, never of anything from outside
    of_rotations = f"{HOLDING} AND rotation.schedule_id IN ({names})" if chosen else HOLDING
    of_overrides = f"{OVERRIDING} AND held.schedule_id IN ({names})" if chosen else OVERRIDING
    sql = f"{of_rotations} UNION ALL {of_overrides}".format(instants=INSTANTS[connection.vendor])
    instants = {name: connection.ops.adapt_datetimefield_value(instant) for name, instant in bounds.items()}
    with connection.cursor() as cursor:
        cursor.execute(sql, {**instants, **chosen})
        while some := cursor.fetchmany(500):  # in pieces, so that 20 000 rows do not set off the garbage collector
            yield from some


@lru_cache(maxsize=4096)
def _instant(stored: float | str) -> datetime:
    """An instant as the database gives it: seconds since 1970 from PostgreSQL, text in UTC from SQLite."""
    if isinstance(stored, str):
        return datetime.fromisoformat(stored).replace(tzinfo=UTC)
    return datetime.fromtimestamp(stored, UTC)
