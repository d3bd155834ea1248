"""Ten thousand incidents due at once; incidents opened per second; how late the ladder runs by the clock."""

import multiprocessing
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from datetime import time as wall_clock
from statistics import quantiles

from django.db import connection

from incidents.alerts.models import Service
from incidents.escalation.policy import Step
from incidents.escalation.terms import Severity, Target
from incidents.paging.models import Incident, Page
from incidents.paging.services import Opening, open_incidents, sweep
from incidents.policies.services import create_policy
from rotations.people.clock import database_now
from rotations.people.models import Membership, Role, Team, User
from rotations.rota.models import Publication, Rotation, Schedule, Shift
from rotations.schedule.tiers import Tier

INCIDENTS, SERVICES, BATCH = 10_000, 60, 500
LADDER_OF = 200  # incidents whose ladder is watched by the clock
WAIT = timedelta(seconds=2)
MINUTE = timedelta(minutes=1)
Row = tuple[str, float, float, str]


def rows() -> Iterator[Row]:
    """Measure in a test database of its own, which is dropped at the end."""
    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        now = database_now()
        services = _services(now)
        yield _opening(services, now)
        yield _one_sweeper(now)
        yield _two_sweepers(now)
        yield from _lateness(services)
    finally:
        connection.creation.destroy_test_db(str(name), verbosity=0)


def _services(now: datetime) -> list[int]:
    """Sixty services, each with a schedule of its own, a pair on call and a manager."""
    return [_service(n, now) for n in range(SERVICES)]


def _service(n: int, now: datetime) -> int:
    team = Team.objects.create(name=f"Team {n}", slug=f"team-{n}")
    people = User.objects.bulk_create(User(name=f"Person {n} {k}", email=f"p{n}-{k}@example.com") for k in range(3))
    roles = (Role.RESPONDER, Role.RESPONDER, Role.MANAGER)
    Membership.objects.bulk_create(
        Membership(team=team, user=user, role=role) for user, role in zip(people, roles, strict=True)
    )
    schedule = Schedule.objects.create(team=team, name="On call", slug=f"schedule-{n}")
    _on_call(schedule, people, now)
    steps = [Step(Target.PRIMARY, timedelta()), Step(Target.SECONDARY, WAIT), Step(Target.MANAGERS, WAIT)]
    policy = create_policy(team=team, name="Two seconds", steps=steps, by=None, now=now).policy
    service = Service.objects.create(team=team, name="service", slug=f"s-{n}", schedule=schedule, policy=policy)
    return service.pk


def _on_call(schedule: Schedule, people: list[User], now: datetime) -> None:
    starts_at, ends_at = now - timedelta(days=1), now + timedelta(days=6)
    rotation = Rotation.objects.create(
        schedule=schedule, name="All", time_zone="UTC", anchor_on=starts_at.date(), handoff_at=wall_clock(9)
    )
    publication = Publication.objects.create(
        rotation=rotation, at=starts_at, effective_from=starts_at, until=ends_at, settings={}, certificate={}
    )
    Shift.objects.bulk_create(
        Shift(
            rotation=rotation, publication=publication, tier=tier, slot=0, user=user,
            starts_at=starts_at, ends_at=ends_at, reason={},
        )
        for tier, user in zip(Tier, people, strict=False)
    )  # fmt: skip


def _opening(services: list[int], now: datetime) -> Row:
    openings = [Opening(services[n % SERVICES], f"Disk {n} is full", Severity.SEV3, now) for n in range(INCIDENTS)]
    begun = time.perf_counter()
    for start in range(0, INCIDENTS, BATCH):
        open_incidents(openings[start : start + BATCH], now=now)
    rate = INCIDENTS / (time.perf_counter() - begun)
    return "incidents opened and paged for, per second, one process", rate, 2000, f"{BATCH} in a batch"


def _one_sweeper(now: datetime) -> Row:
    begun = time.perf_counter()
    done = sweep(now=now + MINUTE)
    seconds = time.perf_counter() - begun
    assert done.pages == INCIDENTS, done
    return f"{INCIDENTS} incidents due at once, one sweeper", seconds, 5, "rows written and committed"


def _two_sweepers(now: datetime) -> Row:
    connection.close()
    workers = [multiprocessing.get_context("fork").Process(target=_sweep, args=(now + 2 * MINUTE,)) for _ in range(2)]
    begun = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    seconds = time.perf_counter() - begun
    assert Page.objects.filter(step=2).count() == INCIDENTS
    # SQLite has one writer at a time: there a second sweeper is no help, and must be no harm.
    budget = 3 if connection.vendor == "postgresql" else 5
    return f"{INCIDENTS} incidents due at once, two sweepers", seconds, budget, "two processes; nobody paged twice"


def _sweep(now: datetime) -> None:
    """In a process of its own."""
    sweep(now=now)
    connection.close()


def _lateness(services: list[int]) -> Iterator[Row]:
    """A sweep each second by the database's clock, for as long as three steps of two seconds take."""
    Incident.objects.update(state="resolved", resolved_at=database_now(), next_action_at=None)
    began, known = database_now(), Page.objects.latest("pk").pk
    second = [began - timedelta(seconds=n / LADDER_OF) for n in range(LADDER_OF)]  # not all due together
    openings = [Opening(services[n % SERVICES], "Disk is full", Severity.SEV3, at) for n, at in enumerate(second)]
    open_incidents(openings, now=began)
    late: dict[int, list[float]] = {0: [], 1: [], 2: []}
    while any(len(late[step]) < LADDER_OF for step in (1, 2)):
        tick = time.perf_counter()
        sweep(now=database_now())
        written_at = database_now()
        for page in Page.objects.filter(pk__gt=known).order_by("pk"):
            late[page.step or 0].append((written_at - page.planned_at).total_seconds())
            known = page.pk
        time.sleep(max(0, 1 - (time.perf_counter() - tick)))
    for step in (1, 2):
        yield f"escalation lateness p95, step {step + 1}", quantiles(late[step], n=20)[-1], 1.5, "swept each second"
