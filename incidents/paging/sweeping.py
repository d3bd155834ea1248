"""The sweep: does everything that is due, found by nothing but the due instants in the database (DESIGN §1.3)."""

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Exists, F, Max, Min, OuterRef, QuerySet

from incidents.escalation.engine import Facts
from incidents.escalation.policy import Policy
from incidents.escalation.turn import Find, Turn, play_undeliverable, play_unheard
from incidents.paging.engine import PlayOne, play_round, write_consequences, write_ladder
from incidents.paging.locks import lock_due, locked
from incidents.paging.models import EntryKind, Incident, Page, State, Sweep, TimelineEntry
from incidents.paging.openings import everything_due

log = structlog.get_logger(__name__)

SWEEP = "escalation"
BATCH = 500
# A continuous drain would starve other writers of SQLite, which wait by asking again and again (PACKAGES, hint 5).
YIELD = 0.005
# Older failures were seen by the sweeps of their day; the index is read from here on.
LOOK_BACK = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SweepResult:
    """What a sweep did. `lateness` is that of the most overdue incident it found."""

    incidents: int
    pages: int
    lateness: timedelta


# One batch in a transaction of its own: takes at most `limit` incidents without `failed`, adds their ids to `taken`,
# and returns how many pages it wrote.
Batch = Callable[[datetime, int, Collection[int], list[int]], int]


def sweep(*, now: datetime) -> SweepResult:
    """Do everything that is due, in batches of their own transactions. Any number of sweepers may run at once."""
    earliest = Incident.objects.due(now).aggregate(Min("next_action_at"))["next_action_at__min"]
    lateness = now - earliest if earliest else timedelta()
    wanted = [
        (_bring_forward, unreachable(now).exists()),
        (_tell_of_unheard, unheard(now).exists()),
        (_do_what_is_due, earliest is not None),
    ]
    done = [_drain(batch, now) for batch, is_wanted in wanted if is_wanted]
    Sweep.objects.bulk_create(
        [Sweep(name=SWEEP, ran_at=now, lateness=lateness)],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["ran_at", "lateness"],
    )
    return SweepResult(sum(incidents for incidents, _ in done), sum(pages for _, pages in done), lateness)


def unreachable(now: datetime) -> QuerySet[Page]:
    """Pages of an incident's last step whose every delivery is failing, while the ladder still waits for an answer."""
    reached = Page.objects.filter(
        incident=OuterRef("incident"), step=OuterRef("step"), message__undeliverable_at__isnull=True
    )
    return Page.objects.filter(
        ~Exists(reached),
        message__undeliverable_at__gt=now - LOOK_BACK,
        incident__state=State.TRIGGERED,
        incident__next_cause="",
        step=F("incident__steps_fired") - 1,
    )


def unheard(now: datetime) -> QuerySet[Page]:
    """Pages beside the ladder, by hand or by trigger, whose every delivery is failing and of which nobody heard yet."""
    told = TimelineEntry.objects.filter(page=OuterRef("pk"), kind=EntryKind.UNDELIVERABLE)
    failing = Page.objects.filter(~Exists(told), step=None, message__undeliverable_at__gt=now - LOOK_BACK)
    return failing.exclude(incident__state=State.RESOLVED)


def _drain(batch: Batch, now: datetime) -> tuple[int, int]:
    """Batch after batch until nothing is left: incidents, pages. What fails is left out, so that the rest goes on."""
    incidents, pages, limit = 0, 0, BATCH
    failed: set[int] = set()
    while True:
        taken: list[int] = []
        try:
            pages += batch(now, limit, failed, taken)
        except (OperationalError, InterfaceError):
            raise  # the database is away or refuses: the next sweep tries again
        except Exception:
            if not taken:
                raise
            log.exception("sweep.batch_failed", incidents=taken)
            failed.update(taken if limit == 1 else ())
            limit = 1 if limit > 1 else BATCH  # one by one, to find out which it is
            continue
        if not taken:
            return incidents, pages
        incidents += len(taken)
        time.sleep(YIELD)


@transaction.atomic
def _do_what_is_due(now: datetime, limit: int, failed: Collection[int], taken: list[int]) -> int:
    incidents = lock_due(now, limit=limit, without=failed)
    taken.extend(incident.pk for incident in incidents)
    return _play_and_write(incidents, everything_due(now), now)


@transaction.atomic
def _bring_forward(now: datetime, limit: int, failed: Collection[int], taken: list[int]) -> int:
    """The next step at once for incidents whose last one reached nobody."""
    incidents = _lock_unreachable(now, limit, failed)
    taken.extend(incident.pk for incident in incidents)
    since = _unreachable_since(taken, now)
    _note_undeliverable(unreachable(now).filter(incident__in=taken).order_by("pk"), now)
    return _play_and_write(incidents, _play_failing(play_undeliverable, since, now), now)


@transaction.atomic
def _tell_of_unheard(now: datetime, limit: int, failed: Collection[int], taken: list[int]) -> int:
    """The managers, where a page to a tier reached nobody that no timeout follows; acknowledged or not."""
    ids = unheard(now).exclude(incident__in=failed).order_by("incident").values_list("incident", flat=True)
    open_ones = Incident.objects.open().filter(pk__in=list(ids.distinct()[:limit]))
    incidents = locked(open_ones.order_by("pk"), skip_locked=True)
    taken.extend(incident.pk for incident in incidents)
    pages = list(unheard(now).filter(incident__in=taken).select_related("message").order_by("pk"))
    _note_undeliverable(pages, now)
    since = {page.incident_id: page.message.undeliverable_at or now for page in pages if page.tier}
    return _play_and_write(incidents, _play_failing(play_unheard, since, now), now)


def _play_and_write(incidents: Sequence[Incident], play: PlayOne, now: datetime) -> int:
    if not incidents:
        return 0
    turns = play_round(incidents, play, now=now)
    write_ladder(turns)
    return len(write_consequences(turns))


def _lock_unreachable(now: datetime, limit: int, without: Collection[int]) -> list[Incident]:
    ids = unreachable(now).exclude(incident__in=without).order_by("incident").values("incident").distinct()[:limit]
    waiting = Incident.objects.filter(pk__in=list(ids.values_list("incident", flat=True)), next_cause="")
    return locked(waiting.filter(state=State.TRIGGERED).order_by("pk"), skip_locked=True)


def _unreachable_since(incident_ids: Collection[int], now: datetime) -> dict[int, datetime]:
    """Since when the last step of each of these incidents reaches nobody. Read under their locks."""
    rows = unreachable(now).filter(incident__in=incident_ids).order_by("incident").values("incident")
    return dict(rows.annotate(since=Max("message__undeliverable_at")).values_list("incident", "since"))


def _play_failing(play: Callable[..., Turn], since: Mapping[int, datetime], now: datetime) -> PlayOne:
    """`play` for incidents with a page that reaches nobody since an instant, the ordinary turn for the others."""
    due = everything_due(now)

    def play_one(incident: Incident, policy: Policy, facts: Facts, find: Find) -> Turn:
        if incident.pk not in since:  # its page got through in the meantime
            return due(incident, policy, facts, find)
        return play(policy, facts, now, find, since=since[incident.pk])

    return play_one


def _note_undeliverable(pages: Iterable[Page], now: datetime) -> None:
    """Say in the timeline whose page reached nobody."""
    TimelineEntry.objects.bulk_create(
        TimelineEntry(incident_id=page.incident_id, at=now, kind=EntryKind.UNDELIVERABLE, page=page) for page in pages
    )
