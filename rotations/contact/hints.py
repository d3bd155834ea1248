"""Hints: "look now" for a worker, so that it need not wait for the next sweep. Only speed depends on them.

The caller never meets the broker: `give` sets a flag, and one thread of the process passes it on (PACKAGES, hint 3).
A broker that is away costs one line in the log; the sweep finds the work a second later.
"""

import os
import threading
import time

import structlog
from celery import current_app
from django.conf import settings
from kombu.exceptions import OperationalError
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

log = structlog.get_logger(__name__)

PUBLISHED_FOR = 1000  # milliseconds during which a second hint would say nothing new, unless the task has begun
EXPIRES = 5.0  # seconds after which a hint is worth nothing: a sweep has been there
GATHER = 0.01  # seconds in which hints become one
PAUSE = 1.0  # seconds to leave a broker alone that did not answer

NO_BROKER = (RedisError, OperationalError, OSError)


class Hint:
    """Asks a worker to run `task` soon. One object a process and task; safe in every thread and after a fork."""

    def __init__(self, task: str, queue: str) -> None:
        self.task, self.queue = task, queue
        self._begin_anew()
        os.register_at_fork(after_in_child=self._begin_anew)

    def give(self) -> None:
        """Say that there is work. Call it after the commit; it neither waits nor raises."""
        if self._thread is None or not self._thread.is_alive():
            self._start()
        self._wanted.set()

    def taken(self) -> None:
        """Say that the task has begun: call it before the first SELECT, so that whatever comes later hints anew."""
        if self._broker is None:
            return
        try:
            self._broker.delete(self._key)
        except RedisError as error:
            log.warning("hint_not_taken", task=self.task, error=str(error))

    @property
    def _key(self) -> str:
        return f"tandem:hint:{self.task}"

    def _begin_anew(self) -> None:
        """A forked child has neither the thread nor the connections of its parent."""
        self._wanted = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._broker = _broker()
        self._is_away = False

    def _start(self) -> None:
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._pass_on, name=f"hint {self.task}", daemon=True)
                self._thread.start()

    def _pass_on(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            time.sleep(self._publish())

    def _publish(self) -> float:
        """Tell the broker, if nobody else has just done so; return how long to be quiet then, in seconds."""
        try:
            if self._broker is None or self._broker.set(self._key, 1, nx=True, px=PUBLISHED_FOR):
                current_app.send_task(self.task, queue=self.queue, expires=EXPIRES, retry=False)
        except NO_BROKER as error:
            if not self._is_away:
                log.warning("broker_away", task=self.task, error=str(error))
            self._is_away = True
            return PAUSE
        self._is_away = False
        return GATHER


def _broker() -> "Redis | None":
    """The broker's own Redis; None where the broker is something else, which then sees every hint."""
    url = settings.CELERY_BROKER_URL.replace("redis+socket://", "unix://", 1)
    if not url.startswith(("redis://", "rediss://", "unix://")):
        return None
    return Redis.from_url(url, socket_connect_timeout=0.5, socket_timeout=1, retry=Retry(NoBackoff(), 0))


SEND_DUE = Hint(task="rotations.contact.send_due", queue="deliver")
