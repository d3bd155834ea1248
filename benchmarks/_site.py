"""The real processes of a site on the benchmark's database, and services whose pairs are on call."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from datetime import time as wall_clock
from pathlib import Path

from django.conf import settings
from django.db import connection

from incidents.alerts.models import Integration, Service
from incidents.alerts.services import create_integration, create_service
from oncall_site.management.commands import run
from rotations.people.models import Membership, Role, Team, User
from rotations.rota.models import Publication, Rotation, Schedule, Shift
from rotations.schedule.tiers import Tier


def staff(count: int, now: datetime) -> list[Integration]:
    """Services with an integration each, a primary and a secondary this week, and a manager; one team for all."""
    team = Team.objects.create(name="Benchmark", slug="benchmark")
    people = [User.objects.create(name=f"Person {n}", email=f"p{n}@example.com") for n in range(6)]
    for person in people:
        Membership.objects.create(team=team, user=person, role=Role.MANAGER)
    return [_integration(n, team, people, now) for n in range(count)]


def _integration(n: int, team: Team, people: list[User], now: datetime) -> Integration:
    schedule = Schedule.objects.create(team=team, name=f"Schedule {n}", slug=f"schedule-{n}")
    starts_at, ends_at = now - timedelta(days=1), now + timedelta(days=6)
    rotation = Rotation.objects.create(
        schedule=schedule, name="All", time_zone="UTC", anchor_on=starts_at.date(), handoff_at=wall_clock(9)
    )
    publication = Publication.objects.create(
        rotation=rotation, at=starts_at, effective_from=starts_at, until=ends_at, settings={}, certificate={}
    )
    for k, tier in enumerate(Tier):
        Shift.objects.create(
            rotation=rotation, publication=publication, tier=tier, slot=0, user=people[(n + k) % len(people)],
            starts_at=starts_at, ends_at=ends_at, reason={},
        )  # fmt: skip
    service: Service = create_service(team=team, name=f"service {n}", schedule=schedule, by=None, now=now)
    return create_integration(service=service, name="Monitoring", by=None, now=now)


@contextmanager
def site() -> Iterator[int]:
    """Broker, web, beat, sweeper and worker as `make run` starts them; yields the port."""
    port = _free_port()
    folder = Path(tempfile.mkdtemp(prefix="tandem-bench-"))
    environment = {**os.environ, **_environment(folder, port)}
    broker = [str(run.broker_program()), "--port", "0", "--unixsocket", str(folder / "broker"), "--save", ""]
    commands = [broker, *(list(one.command) for one in (run.web("127.0.0.1", port), run.beat(), *run.workers()))]
    running = [
        subprocess.Popen(
            command, env=environment, cwd=settings.BASE_DIR, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for command in commands
    ]
    try:
        _wait_until_it_answers(port)
        yield port
    finally:
        for process in reversed(running):
            process.terminate()
        for process in running:
            process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def _environment(folder: Path, port: int) -> dict[str, str]:
    database = connection.settings_dict
    url = f"sqlite:///{database['NAME']}"
    if connection.vendor == "postgresql":
        login = f"{database['USER']}:{database['PASSWORD']}" if database["PASSWORD"] else database["USER"]
        url = f"postgres://{login}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    return {
        "DATABASE_URL": url,
        "REDIS_URL": f"redis+socket://{folder / 'broker'}",
        "DATA_DIR": str(folder),
        "PORT": str(port),
        "SITE_URL": f"http://127.0.0.1:{port}",
        "LOG_LEVEL": "ERROR",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_it_answers(port: int) -> None:
    give_up = time.monotonic() + 30
    while time.monotonic() < give_up:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                time.sleep(2)  # the workers need about as long
                return
        time.sleep(0.1)
    raise TimeoutError("The site did not start")
