"""Hints reach the broker once, wait for nobody, and are not missed where there is no broker."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from redis import Redis

from rotations.contact.hints import Hint
from tests.servers import wait_until

# A process with threads of its own, as a web process is, that does what it is told line by line.
PROCESS = """
import os, sys, threading, time
import django
django.setup()
from rotations.contact.hints import SEND_DUE

def give():
    for _ in range(25):
        SEND_DUE.give()

for line in sys.stdin:
    if line == "give\\n":
        for thread in [threading.Thread(target=give) for _ in range(4)]:
            thread.start()
    elif line == "taken\\n":
        SEND_DUE.taken()
    elif line == "fork\\n" and (child := os.fork()) == 0:
        SEND_DUE.give()
        time.sleep(2)
        os._exit(0)
"""


@pytest.fixture
def told(redis_url):
    """Tell the process what to do."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROCESS],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "oncall_site.settings", "REDIS_URL": redis_url},
        cwd=Path(__file__).parents[3],
        stdin=subprocess.PIPE,
        text=True,
    )

    def tell(word: str) -> None:
        process.stdin.write(f"{word}\n")
        process.stdin.flush()

    yield tell
    process.stdin.close()
    process.wait(10)


@pytest.fixture
def waiting(redis_url):
    """The tasks that stand in the queue."""
    broker = Redis.from_url(redis_url)

    def tasks() -> list[dict]:
        return [json.loads(message)["headers"] for message in broker.lrange("deliver", 0, -1)]

    yield tasks
    broker.close()


@pytest.mark.redis
def test_a_hundred_hints_are_one_task_until_it_begins_and_then_another(told, waiting):
    told("give")
    wait_until(waiting, "No hint arrived")
    told("give")
    time.sleep(0.2)
    [task] = waiting()
    assert task["task"] == "rotations.contact.send_due"
    assert task["expires"]
    told("taken")
    told("give")
    wait_until(lambda: len(waiting()) == 2, "The hint after the task had begun was lost")


@pytest.mark.redis
def test_a_process_forked_from_one_that_hinted_hints_too(told, waiting):
    told("give")
    wait_until(waiting, "No hint arrived")
    told("taken")
    told("fork")
    wait_until(lambda: len(waiting()) == 2, "The forked process did not hint")


def test_without_a_broker_a_hint_costs_nothing_and_one_line(settings, caplog):
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    hint = Hint(task="tests.contact.nothing", queue="deliver")
    started = time.monotonic()
    for _ in range(1000):
        hint.give()
    assert time.monotonic() - started < 0.2
    wait_until(lambda: "broker_away" in caplog.text, "The broker's absence was not told")
    hint.give()
    time.sleep(1.2)
    assert caplog.text.count("broker_away") == 1
    hint.taken()
