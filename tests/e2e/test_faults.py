"""What breaks at night, really done to the real processes: nobody is forgotten, and nobody is paged twice."""

import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from aiosmtpd.controller import Controller
from redis import Redis

from tests import running, servers
from tests.servers import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

SENDERS = 8  # threads of the worker
WEBHOOKS_HERE = {"INTERNAL_HOSTS_ALLOWED": "127.0.0.1"}


def paged(tandem: running.Tandem) -> Counter:
    """How often each tier was paged about each incident."""
    return Counter((title, tier) for title, tier, *_ in tandem.pages())


def paged_at(tandem: running.Tandem, summary: str) -> dict[str, datetime]:
    return {tier: at for title, tier, _planned, at in tandem.pages() if title == summary}


def test_a_worker_killed_while_it_sends_costs_no_page_and_at_most_one_duplicate(tmp_path):
    hasty = {"CHANNEL_CONNECT_TIMEOUT": "1", "CHANNEL_TIMEOUT": "3", "DELIVERY_LEASE": "6"}
    with running.receiver() as webhook, running.tandem(tmp_path, **WEBHOOKS_HERE, **hasty) as tandem:
        tandem.reach_everybody_by_webhook(webhook.address)
        webhook.may_answer.clear()
        tandem.send("Payouts are failing")
        wait_until(lambda: webhook.received, "the page was not claimed and sent")
        tandem.signal("worker", signal.SIGKILL)
        webhook.may_answer.set()

        states = "SELECT state FROM rotations_delivery WHERE channel = 'webhook'"
        wait_until(lambda: tandem.rows(states) == [("sent",)], "the page did not go out", seconds=40)
        assert len(webhook.received) <= 2
        assert paged(tandem) == {("Payouts are failing", "primary"): 1}


@pytest.mark.redis
def test_a_broker_flushed_and_restarted_empty_stops_no_escalation(tmp_path):
    port = servers.free_port()
    with ExitStack() as first:
        url = first.enter_context(servers.redis(port))
        with running.tandem(tmp_path, REDIS_URL=url) as tandem:
            tandem.wait_between_steps(6)
            tandem.send("Payouts are failing")
            wait_until(tandem.pages, "the primary was not paged")
            with Redis.from_url(url) as broker:
                broker.flushall()
            first.close()
            time.sleep(2)
            with servers.redis(port):
                about = "Payouts are failing"
                once = {(about, "primary"): 1, (about, "secondary"): 1, (about, ""): 1}
                wait_until(lambda: len(tandem.pages()) == 3, "escalation stopped", seconds=30)
                assert paged(tandem) == once
                tandem.send("Ledger is slow")
                wait_until(lambda: paged(tandem)["Ledger is slow", "primary"], "events are not worked off", seconds=10)


class Mailbox:
    """A mail server's end: keeps who got what."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, str]] = []

    async def handle_DATA(self, _server, _session, envelope):
        subject = next(line for line in envelope.content.decode().splitlines() if line.startswith("Subject:"))
        self.mails.extend((recipient, subject) for recipient in envelope.rcpt_tos)
        return "250 OK"


@contextmanager
def mailbox():
    kept, port = Mailbox(), servers.free_port()
    controller = Controller(kept, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield kept, f"smtp://127.0.0.1:{port}"
    finally:
        controller.stop()


@contextmanager
def second_of_each(tandem: running.Tandem):
    """Another beat, another sweeper and another worker, as on a second machine."""
    celery = [sys.executable, "-m", "celery", "--quiet", "--app", "oncall_site"]
    commands = [
        [*celery, "beat", "--schedule", str(tandem.data_dir / "second-beat"), "--pidfile", ""],
        [*celery, "worker", "--queues", "due", "--pool", "threads", "--concurrency", "1", "--hostname", "second-due"],
        [*celery, "worker", "--queues", "deliver", "--pool", "threads", "--concurrency", "8", "--hostname", "second"],
    ]
    with tandem.said.open("ab") as log:
        processes = [
            subprocess.Popen(command, cwd=running.ROOT, env=tandem.environment, stdout=log, stderr=log)
            for command in commands
        ]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def test_two_of_every_process_page_and_mail_everybody_once(tmp_path, stack):
    with (
        mailbox() as (kept, email_url),
        running.tandem(tmp_path, EMAIL_URL=email_url, **stack) as tandem,
        second_of_each(tandem),
    ):
        time.sleep(5)  # until the second ones are at work
        tandem.wait_between_steps(4)
        for number in range(10):
            tandem.send(f"Queue {number} is full")
        wait_until(lambda: len(tandem.pages()) == 30, "not everybody was paged", seconds=40)
        wait_until(lambda: len(kept.mails) >= 30, "not everybody was mailed", seconds=30)
        time.sleep(3)
        assert set(paged(tandem).values()) == {1}
        assert set(Counter(kept.mails).values()) == {1}
        assert len(kept.mails) == 30


@pytest.mark.serial
def test_senders_that_hang_delay_no_escalation(tmp_path):
    patient = {"CHANNEL_TIMEOUT": "30", "DELIVERY_LEASE": "60"}
    with running.receiver() as webhook, running.tandem(tmp_path, **WEBHOOKS_HERE, **patient) as tandem:
        # One address keeps only some of the senders waiting: here each has one that hangs.
        tandem.reach_everybody_by_webhook(*(f"{webhook.address}{number}" for number in range(SENDERS)))
        tandem.wait_between_steps(6)
        webhook.may_answer.clear()
        for number in range(20):
            tandem.send(f"Queue {number} is full")
        wait_until(lambda: len(webhook.received) >= SENDERS, "not every sender hangs")
        wait_until(lambda: len(tandem.pages()) == 60, "not everybody was paged", seconds=25)
        late = sorted((at - planned).total_seconds() for _title, _tier, planned, at in tandem.pages())
        assert late[int(len(late) * 0.95)] < 1.5, late


STORM = """
from incidents.alerts.models import Event, Service
from incidents.alerts.services import create_integration, create_service
from rotations.people.clock import now

demo = Service.objects.get()
other = create_service(team=demo.team, name="storm", schedule=demo.schedule, by=None, now=now())
one = create_integration(service=other, name="storm", by=None, now=now())
body = '{"routing_key": "%s", "event_action": "trigger", "payload": {"summary": "Disk is full"}}' % one.key
Event.objects.bulk_create(
    Event(integration=one, service=other, key=f"disk {n}", body=body, received_at=now()) for n in range(30_000)
)
"""


@pytest.mark.serial
def test_a_storm_of_events_that_lasts_delays_no_escalation(tmp_path):
    with running.tandem(tmp_path) as tandem:
        tandem.wait_between_steps(5)
        tandem.python(STORM)
        tandem.send("Payouts are failing")
        wait_until(lambda: "secondary" in paged_at(tandem, "Payouts are failing"), "escalation stopped", seconds=20)
        [(left,)] = tandem.rows("SELECT count(*) FROM incidents_event WHERE processed_at IS NULL")
        late = [paged - planned for title, _tier, planned, paged in tandem.pages() if title == "Payouts are failing"]
        assert max(late).total_seconds() < 3, "a sweep waits for one turn of the inbox at most"
        assert left > 0, "the storm was over before the escalation was due"


def test_a_sweeper_that_was_away_for_a_minute_sweeps_twice_at_most_and_leaves_everybody_time_to_answer(tmp_path):
    wait = 8  # seconds between steps; after an outage at least half of them are left to answer
    with running.tandem(tmp_path) as tandem:
        tandem.wait_between_steps(wait)
        tandem.rows("CREATE TABLE sweep_log (ran_at text)")
        tandem.rows(
            "CREATE TRIGGER keep_sweeps AFTER UPDATE ON incidents_sweep "
            "BEGIN INSERT INTO sweep_log VALUES (NEW.ran_at); END"
        )
        tandem.send("Before it went")
        wait_until(tandem.pages, "the primary was not paged")
        tandem.signal("sweeper", signal.SIGSTOP)
        tandem.send("While it was away")
        time.sleep(60)
        assert tandem.get("/healthz/paging").status_code == 503
        assert len(tandem.pages()) == 1

        back = datetime.now(UTC)
        tandem.signal("sweeper", signal.SIGCONT)
        wait_until(lambda: len(tandem.pages()) == 6, "not everybody was paged", seconds=4 * wait)
        sweeps = [running.instant(ran_at) for (ran_at,) in tandem.rows("SELECT ran_at FROM sweep_log")]
        assert len([at for at in sweeps if back <= at < back + timedelta(seconds=1)]) <= 2
        assert set(paged(tandem).values()) == {1}
        before, away = paged_at(tandem, "Before it went"), paged_at(tandem, "While it was away")
        half = timedelta(seconds=wait / 2)
        assert before[""] - before["secondary"] >= half
        assert away["secondary"] - away["primary"] >= half
        assert away[""] - away["secondary"] >= half


@pytest.mark.serial
def test_a_beat_that_stops_is_seen_within_five_seconds_while_events_are_still_accepted(tmp_path):
    with running.tandem(tmp_path) as tandem:
        assert tandem.is_well()
        tandem.signal("beat", signal.SIGSTOP)
        stopped = time.monotonic()
        wait_until(lambda: not tandem.is_well(), "nobody noticed")
        assert time.monotonic() - stopped < 5
        assert tandem.get("/healthz/paging").json()["reasons"] == ["the escalation sweep is stale"]
        assert tandem.get("/readyz").status_code == 200
        tandem.send("Payouts are failing")  # accepted; and hinted, so that the primary hears of it even now
        wait_until(tandem.pages, "the primary was not paged", seconds=5)
        tandem.signal("beat", signal.SIGCONT)
        wait_until(tandem.is_well, "paging did not recover")
