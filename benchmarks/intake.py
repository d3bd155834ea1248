"""Events: how many are accepted, how soon their pages stand in the outbox, how fast the inbox is worked off."""

import json
import threading
import time
from collections.abc import Iterator
from datetime import datetime

from django.db import connection

from benchmarks._clients import PAYLOAD, Sender, Sent, send_for
from benchmarks._site import site, staff
from incidents.alerts.models import Event, Integration
from incidents.paging.inbox import work_inbox
from incidents.paging.models import Alert
from rotations.people.clock import database_now

SERVICES, CLIENTS, SECONDS = 60, 4, 4.0
QUEUED = 20_000
Row = tuple[str, float, float, str]


def rows() -> Iterator[Row]:
    """Measure in a test database of its own, which is dropped at the end."""
    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        integrations = staff(SERVICES, database_now())
        yield from _inbox(integrations)
        with site() as port:
            yield _quiet(integrations)
            yield from _door(port, [integration.key for integration in integrations])
    finally:
        connection.creation.destroy_test_db(str(name), verbosity=0)


def _door(port: int, keys: list[str]) -> Iterator[Row]:
    """Everything running: broker, web, beat, sweeper and worker."""
    note = f"{CLIENTS} clients, {connection.vendor}"
    is_large = connection.vendor == "postgresql"
    yield "accepted → delivery row committed, 100 per s, p95", _latency(port, keys), 0.100, note
    loads = [
        ("new over 60 services", keys, 0, 1200),
        ("new on one key", keys[:1], 0, 1200),
        ("repeated", keys, 50, 1500),
    ]
    for what, some_keys, repeat, budget in loads:
        with Watch() as watch:
            rate, sent = send_for(port, some_keys, seconds=SECONDS, clients=CLIENTS, repeat=repeat)
            _wait_until_empty()
        yield f"events accepted per second: {what}", rate, budget if is_large else 400, note
        if not repeat:
            yield f"accepted → delivery row committed, saturated, {what}, p95", watch.p95(sent), 0.250, note


def _latency(port: int, keys: list[str]) -> float:
    """Events at a steady 100 per second."""
    sender, sent = Sender(port), []
    with Watch() as watch:
        begun = time.monotonic()
        for n in range(400):
            time.sleep(max(begun + n / 100 - time.monotonic(), 0))
            sender.send(keys[n % len(keys)], f"steady {n}")
            sent.append((f"steady {n}", time.time()))
        _wait_until_empty()
    return watch.p95(sent)


def _inbox(integrations: list[Integration]) -> Iterator[Row]:
    """One process, nothing else running."""
    work_inbox(now=database_now())
    for what, budget, count in (("new", 2000, 4000), ("repeated", 10_000, 8000)):
        _queue(integrations, count, distinct=4000)
        begun = time.perf_counter()
        while work_inbox(now=database_now()):
            pass
        rate = count / (time.perf_counter() - begun)
        yield f"inbox worked off per second: {what}", rate, budget, f"one process, {connection.vendor}"


def _quiet(integrations: list[Integration]) -> Row:
    """One event at a time for a quiet service, while the sweeper works another's queue off."""
    storm, quiet = integrations[0], integrations[1]
    _queue([storm], QUEUED, distinct=QUEUED, name="storm")
    waits: list[float] = []
    with Watch() as watch:
        while len(waits) < 40 and Event.objects.pending().filter(service=storm.service).exists():
            key, begun = f"quiet {len(waits)}", time.time()
            _queue([quiet], 1, distinct=1, name=key)
            while f"{key} 0" not in watch.seen and time.time() < begun + 30:
                time.sleep(0.002)
            waits.append(watch.seen.get(f"{key} 0", time.time()) - begun)
    Event.objects.pending().update(processed_at=database_now())
    return "quiet service behind 20 000 queued events, p95", _p95(waits), 0.500, f"{len(waits)} of them"


def _queue(integrations: list[Integration], count: int, *, distinct: int, name: str = "key") -> None:
    """Put events with so many different keys into the inbox; each key always comes from the same integration."""
    now: datetime = database_now()
    body = json.dumps({"routing_key": "0" * 32, "event_action": "trigger", "payload": PAYLOAD})
    Event.objects.bulk_create(
        (_event(integrations, n % distinct, name, body, now) for n in range(count)), batch_size=5000
    )


def _event(integrations: list[Integration], n: int, name: str, body: str, now: datetime) -> Event:
    one = integrations[n % len(integrations)]
    return Event(integration=one, service_id=one.service_id, key=f"{name} {n}", body=body, received_at=now)


class Watch:
    """Notes when each alert can be seen by others: with it were its page's deliveries committed."""

    def __enter__(self) -> "Watch":
        self.seen: dict[str, float] = {}
        self.is_over = False
        self.last = max(Alert.objects.order_by("-pk").values_list("pk", flat=True)[:1], default=0)
        self.thread = threading.Thread(target=self._look)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over = True
        self.thread.join()

    def p95(self, sent: Sent) -> float:
        """From the 202 to the commit; what was never seen counts as an hour."""
        return _p95([max(self.seen.get(key, at + 3600) - at, 0) for key, at in sent])

    def _look(self) -> None:
        try:
            while not self.is_over:
                for pk, key in Alert.objects.filter(pk__gt=self.last).order_by("pk").values_list("pk", "key"):
                    self.last = pk
                    self.seen.setdefault(key, time.time())
                time.sleep(0.005)
        finally:
            connection.close()


def _wait_until_empty() -> None:
    give_up = time.monotonic() + 30
    while Event.objects.pending().exists() and time.monotonic() < give_up:
        time.sleep(0.05)
    time.sleep(0.1)


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)] if values else 3600.0
