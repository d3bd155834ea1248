"""The door behind the real web server: what only a socket shows."""

import http.client
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from incidents.alerts.pagerduty import MOST_BYTES
from oncall_site.management.commands import run
from tests.servers import answers, free_port, wait_until

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
KEY = "Served00" * 4
PREPARE = f"""
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tests.factories import IntegrationFactory
IntegrationFactory(key={KEY!r})
"""
COUNT = """
import django
django.setup()
from incidents.models import Event, RefusedEvent
print(Event.objects.count(), RefusedEvent.objects.count())
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> dict[str, str]:
    """A database of its own, whatever database the tests run on."""
    clean = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    extra = {"DATA_DIR": str(tmp_path_factory.mktemp("served")), "DJANGO_SETTINGS_MODULE": "oncall_site.settings"}
    return {**clean, **extra, "LOG_LEVEL": "ERROR"}


def ask(code: str, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def port(environment) -> Iterator[int]:
    ask(PREPARE, environment)
    number = free_port()
    command = list(run.web("127.0.0.1", number).command)
    server = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: answers(number), "The web server did not start", seconds=60)
        yield number
    finally:
        server.terminate()
        server.wait(20)


def body_of(size: int = 0) -> bytes:
    event = {"routing_key": KEY, "event_action": "trigger", "dedup_key": "k", "payload": {"summary": "x"}}
    raw = json.dumps(event).encode()
    return raw + b" " * (size - len(raw))


def exchange(port: int, raw: bytes) -> tuple[int, dict[str, object]]:
    """Send bytes as they are; the status and the answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(raw)
        response = http.client.HTTPResponse(connection)
        response.begin()
        return response.status, json.loads(response.read() or b"{}")


HEAD = b"POST /v2/enqueue HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


def chunked(body: bytes, piece: int = 60_000) -> bytes:
    pieces = [body[n : n + piece] for n in range(0, len(body), piece)]
    return b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in pieces) + b"0\r\n\r\n"


def test_a_connection_is_kept_and_each_answer_says_its_length(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    for _ in range(3):
        connection.request("POST", "/v2/enqueue", body_of(), {"Content-Type": "application/json"})
        response = connection.getresponse()
        assert response.status == 202
        assert int(response.headers["Content-Length"]) == len(response.read())
    connection.request("HEAD", "/v2/enqueue")
    response = connection.getresponse()
    assert (response.status, response.headers["Allow"], response.read()) == (405, "POST", b"")
    connection.close()


def test_a_chunked_body_is_read_and_limited_like_any_other(port):
    raw = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    assert exchange(port, raw + chunked(body_of(), 10))[0] == 202
    assert exchange(port, raw + chunked(body_of(MOST_BYTES)))[0] == 202
    status, answer = exchange(port, raw + chunked(body_of(MOST_BYTES + 1)))
    assert (status, answer["errors"]) == (413, ["The event is larger than 524288 bytes"])


@pytest.mark.parametrize("size", [MOST_BYTES + 1, 3_000_000])
def test_a_client_that_sends_too_much_hears_its_413(port, size):
    status, answer = exchange(port, HEAD + b"Content-Length: %d\r\n\r\n" % size + body_of(size))
    assert (status, answer["status"]) == (413, "invalid event")


@pytest.mark.parametrize("end", [b"\r\n", b"Content-Length: 0\r\n\r\n"])
def test_no_body_at_all_is_an_unreadable_event(port, end):
    assert exchange(port, HEAD + end)[0] == 400


def test_a_client_that_breaks_off_leaves_the_door_open_and_a_trace(port, environment):
    _events, refused = map(int, ask(COUNT, environment).split())
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(HEAD + b"Content-Length: 5000\r\n\r\n" + body_of()[:-5])
    assert exchange(port, HEAD + b"Content-Length: %d\r\n\r\n" % len(body_of()) + body_of())[0] == 202
    wait_until(lambda: int(ask(COUNT, environment).split()[1]) > refused, "nothing was logged", seconds=20)
