"""The real processes for tests: `manage.py run` on data of its own, driven over HTTP and disturbed by signals."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psycopg
import requests
from django.urls import reverse

from tests import servers
from tests.servers import wait_until

ROOT = Path(__file__).resolve().parents[1]
MARKS = {
    "web": "granian",
    "beat": " beat ",
    "sweeper": "sweeper@",
    "worker": " worker@",
    "broker": "-server ",
}


class Tandem:
    """One installation: started, asked, disturbed, stopped."""

    def __init__(self, data_dir: Path, **environment: str) -> None:
        self.data_dir, self.port = data_dir, servers.free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(data_dir), "DATA_DIR": str(data_dir), "PORT": str(self.port),
            **environment,
        }  # fmt: skip
        self.said = data_dir / "said.log"
        self.supervisor: subprocess.Popen[bytes] | None = None
        self._demo: dict[str, Any] = {}

    def start(self) -> float:
        """Start everything; returns after how many seconds it was ready."""
        began = time.monotonic()
        with self.said.open("wb") as log:
            self.supervisor = subprocess.Popen(
                [sys.executable, "manage.py", "run"],
                cwd=ROOT, env=self.environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        wait_until(self._is_ready, "Tandem did not get ready", seconds=90)
        return time.monotonic() - began

    def _is_ready(self) -> bool:
        assert self.supervisor is not None
        assert self.supervisor.poll() is None, self.said.read_text()
        return "Tandem is ready" in self.said.read_text()

    def stop(self, number: signal.Signals = signal.SIGINT) -> float:
        """Stop everything; returns after how many seconds the supervisor had ended."""
        assert self.supervisor is not None
        began = time.monotonic()
        self.supervisor.send_signal(number)
        self.supervisor.wait(20)
        return time.monotonic() - began

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def python(self, program: str) -> str:
        """Run a program with Django set up, as one of the installation's own would be."""
        return self.manage("shell", "--no-imports", "--command", program)

    @property
    def demo(self) -> dict[str, Any]:
        self._demo = self._demo or json.loads(self.manage("demo", "--json"))
        return self._demo

    def login_of(self, who: str) -> dict[str, str]:
        """The login of the `primary`, the `secondary`, or the `manager`."""
        return next(login for login in self.demo["logins"] if who in {login["tier_now"], login["role"].lower()})

    def wait_between_steps(self, seconds: float) -> None:
        """Shorten the demo's minute."""
        self.python(
            "from datetime import timedelta; from incidents.models import PolicyStep; "
            f"PolicyStep.objects.filter(position__gt=0).update(after=timedelta(seconds={seconds}))"
        )

    def reach_everybody_by_webhook(self, *addresses: str) -> None:
        """Give each of the demo's people webhooks beside their inbox, used at once in both tiers."""
        self.python(
            "from rotations.contact.services import add_contact_point; from rotations.models import User; "
            "from rotations.contact.models import Channel; from rotations.people.clock import now\n"
            "for user in User.objects.filter(is_demo=True):\n"
            f"    for address in {addresses!r}:\n"
            "        add_contact_point(user=user, channel=Channel.WEBHOOK, address=address, by=user, now=now())"
        )

    # The outside --------------------------------------------------------------------------------------------------

    def send(self, summary: str = "Payouts are failing", *, action: str = "trigger", key: str = "") -> None:
        """An event, as PagerDuty's clients send it; refused is a failure."""
        event = {
            "routing_key": self.demo["integration_key"],
            "event_action": action,
            "payload": {"summary": summary, "source": "test", "severity": "error"},
            **({"dedup_key": key} if key else {}),
        }
        answer = requests.post(f"{self.address}/v2/enqueue", json=event, timeout=10)
        assert answer.status_code == 202, answer.text

    def get(self, path: str) -> requests.Response:
        return requests.get(f"{self.address}{path}", timeout=10)

    def is_well(self) -> bool:
        """Whether the site answers and paging works."""
        try:
            return self.get("/healthz/paging").status_code == 200
        except requests.RequestException:
            return False

    def api(self, path: str) -> Any:
        headers = {"Authorization": f"Bearer {self.demo['api_token']}"}
        answer = requests.get(f"{self.address}/api/v1/{path}", headers=headers, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def sign_in(self, who: str) -> "Person":
        return Person(self, self.login_of(who))

    # The inside ---------------------------------------------------------------------------------------------------

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What stands in the database, read beside the running processes."""
        url = self.environment.get("DATABASE_URL", "")
        if url.startswith("postgres"):
            with psycopg.connect(url) as connection:
                return connection.execute(sql).fetchall()
        with closing(sqlite3.connect(self.data_dir / "tandem.sqlite3", timeout=20)) as connection, connection:
            return connection.execute(sql).fetchall()

    def pages(self) -> list[tuple[str, str, datetime, datetime]]:
        """Incident's title, tier (empty: manager), planned and paged, in the order in which they were written."""
        found = self.rows(
            "SELECT i.title, p.tier, p.planned_at, p.paged_at FROM incidents_page p "
            "JOIN incidents_incident i ON i.id = p.incident_id ORDER BY p.id"
        )
        return [(title, tier, instant(planned), instant(paged)) for title, tier, planned, paged in found]

    def pids(self) -> dict[str, int]:
        """The supervisor's children by name."""
        assert self.supervisor is not None
        found = {}
        for pid in children_of(self.supervisor.pid):
            command = command_of(pid)
            found.update({name: pid for name, mark in MARKS.items() if mark in command})
        return found

    def signal(self, name: str, number: signal.Signals) -> None:
        os.kill(self.pids()[name], number)

    def everybody(self) -> set[int]:
        """The supervisor and everything that descends from it."""
        assert self.supervisor is not None
        found, new = set(), {self.supervisor.pid}
        while new:
            found |= new
            new = {child for parent in new for child in children_of(parent)}
        return found


class Person:
    """A browser without a screen: signs in, reads pages, presses buttons."""

    def __init__(self, tandem: Tandem, login: dict[str, str]) -> None:
        self.tandem, self.name = tandem, login["name"]
        self.browser = requests.Session()
        sign_in = reverse("account_login")
        answer = self.press(sign_in, login=login["email"], password=login["password"])
        assert sign_in not in answer.url, answer.text

    def read(self, path: str) -> str:
        answer = self.browser.get(f"{self.tandem.address}{path}", timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.text

    def press(self, path: str, *, on: str = "", **fields: str) -> requests.Response:
        """Submit a form to `path` from the page `on` which it stands (the same, if not given)."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.read(on or path))
        assert token
        fields["csrfmiddlewaretoken"] = token[1]
        return self.browser.post(f"{self.tandem.address}{path}", data=fields, timeout=10)

    def is_paged_about(self, summary: str) -> bool:
        return summary in self.read("/inbox/")


@contextmanager
def tandem(data_dir: Path, **environment: str) -> Iterator[Tandem]:
    """A running installation; whatever happens, nothing of it is left."""
    one = Tandem(data_dir, **environment)
    try:
        one.start()
        yield one
    finally:
        if one.supervisor is not None and one.supervisor.poll() is None:
            one.stop()


def children_of(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rsplit(")", 1)[1].split()[:2]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(parent) == pid and state != "Z":
            found.append(int(stat.parent.name))
    return found


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def instant(value: str | datetime) -> datetime:
    """An instant as either database gives it."""
    return datetime.fromisoformat(value).replace(tzinfo=UTC) if isinstance(value, str) else value.astimezone(UTC)


class Receiver(ThreadingHTTPServer):
    """A webhook's other end: takes every message, and answers only while it `may_answer`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.address = f"http://127.0.0.1:{self.server_address[1]}/"
        self.received: list[dict[str, Any]] = []
        self.may_answer = threading.Event()

    def handle_error(self, request: object, client_address: object) -> None:
        """A sender that was killed meanwhile hears no answer; that is its end, not ours."""


class Answering(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(json.loads(body))
        self.server.may_answer.wait()
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


@contextmanager
def receiver() -> Iterator[Receiver]:
    """A webhook's other end on loopback. It begins by answering."""
    server = Receiver()
    server.may_answer.set()
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    serving.start()
    try:
        yield server
    finally:
        server.may_answer.set()
        server.shutdown()
        server.server_close()
        serving.join()
