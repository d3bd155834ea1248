"""Who is on call, and the final timeline, in a database of a million shifts."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext

from rotations.people.models import Team, User
from rotations.rota.models import Override, Publication, Rotation, Schedule, Shift
from rotations.rota.selectors import final_timeline, on_call_at
from rotations.schedule.spans import Span
from rotations.schedule.tiers import Tier

RUNS = 5  # in one database: filling it takes longer than all of them
SCHEDULES = 10_000
WEEKS = 50  # times 2 tiers, times 10 000 schedules: a million shifts
PEOPLE = 2_000
START = datetime(2026, 1, 5, 9, tzinfo=UTC)
NOW = START + timedelta(weeks=WEEKS - 12, days=2)  # twelve weeks of the million are the horizon
WEEK = timedelta(weeks=1)

Row = tuple[str, float, float, str]


def rows() -> Iterator[Row]:
    """Measure in a test database of its own, which is dropped at the end."""
    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        _fill()
        for _ in range(RUNS):
            yield from _measure()
    finally:
        connection.creation.destroy_test_db(str(name), verbosity=0)


def _fill() -> None:
    """A million shifts in force, an override for every tenth schedule."""
    team = Team.objects.create(name="Benchmark", slug="benchmark")
    _bulk(User, (User(name=f"Person {n}", email=f"p{n}@example.com") for n in range(PEOPLE)))
    _bulk(Schedule, (Schedule(team=team, name=f"Schedule {n}", slug=f"schedule-{n}") for n in range(SCHEDULES)))
    users, schedules = _keys(User), _keys(Schedule)
    _bulk(Rotation, map(_rotation, schedules))
    rotations = _keys(Rotation)
    _bulk(Publication, map(_publication, rotations))
    publications = dict(Publication.objects.values_list("rotation_id", "pk"))
    _bulk(Shift, _shifts(rotations, publications, users))
    _bulk(Override, _overrides(schedules, users))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE" if connection.vendor == "sqlite" else "VACUUM ANALYZE")


def _rotation(schedule: int) -> Rotation:
    anchor = {"anchor_on": START.date(), "handoff_at": START.time()}
    return Rotation(schedule_id=schedule, name="All", time_zone="UTC", **anchor)


def _publication(rotation: int) -> Publication:
    until = START + WEEKS * WEEK
    return Publication(rotation_id=rotation, at=START, effective_from=START, until=until, settings={}, certificate={})


def _shifts(rotations: list[int], publications: dict[int, int], users: list[int]) -> Iterator[Shift]:
    for week in range(WEEKS):
        starts_at, ends_at = START + week * WEEK, START + (week + 1) * WEEK
        for number, rotation in enumerate(rotations):
            for tier in Tier:
                turn = number * 5 + (week + (tier is Tier.SECONDARY)) % 5
                yield Shift(
                    rotation_id=rotation,
                    publication_id=publications[rotation],
                    tier=tier,
                    slot=week,
                    user_id=users[turn % PEOPLE],
                    starts_at=starts_at,
                    ends_at=ends_at,
                    reason={"rule": "turn"},
                )


def _overrides(schedules: list[int], users: list[int]) -> Iterator[Override]:
    for number, schedule in enumerate(schedules[::10]):
        starts_at = NOW - timedelta(hours=number % 48)
        yield Override(
            schedule_id=schedule,
            tier=Tier.PRIMARY,
            user_id=users[(number * 50 + 7) % PEOPLE],
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=24),
            approved_by_id=users[0],
            approved_at=START,
        )


def _keys(model: type[Model]) -> list[int]:
    return list(model._default_manager.order_by("pk").values_list("pk", flat=True))


def _bulk(model: type[Model], made: Iterator[Model]) -> None:
    while batch := list(islice(made, 5_000)):
        model._default_manager.bulk_create(batch)


def _measure() -> Iterator[Row]:
    schedules = list(Schedule.objects.all()[:200])
    one = _p95([lambda pk=schedule.pk: on_call_at(NOW, schedule_ids=[pk]) for schedule in schedules])
    yield (
        "who holds a tier now: one schedule, p95",
        one,
        0.001,
        _queries(lambda: on_call_at(NOW, schedule_ids=[schedules[0].pk])),
    )
    everywhere = _p95([lambda: on_call_at(NOW)] * 20)
    yield "who holds a tier now: all 10 000 schedules, p95", everywhere, 0.050, _queries(lambda: on_call_at(NOW))
    year = Span(START, START + timedelta(days=365))
    timelines = sorted(_seconds(lambda s=schedule: final_timeline(s, year)) for schedule in schedules[:100])
    yield (
        "final timeline of one schedule, 365 days",
        timelines[50],
        0.005,
        _queries(lambda: final_timeline(schedules[0], year)),
    )


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _p95(works: list[Callable[[], object]]) -> float:
    works[0]()  # the first call compiles and connects
    return sorted(_seconds(work) for work in works)[int(len(works) * 0.95)]


def _queries(work: Callable[[], object]) -> str:
    with CaptureQueriesContext(connection) as queries:
        work()
    return (
        f"{len(queries)} queries on {connection.vendor}" if len(queries) != 1 else f"one query on {connection.vendor}"
    )
