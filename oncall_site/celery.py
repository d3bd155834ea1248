"""Celery: three queues, a static beat schedule, and nothing in the broker that would be missed if it were lost.

`due` (sweeps) has a worker process of its own, so that a sender that hangs never delays an escalation.
"""

import os
from typing import Any

from celery import Celery, signals
from django.db import close_old_connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oncall_site.settings")

app = Celery("tandem")
app.set_default()  # in every thread, not only in the one that imports this
app.config_from_object("django.conf:settings", namespace="CELERY")


def every(seconds: float, task: str, queue: str, *, expires: float) -> dict[str, Any]:
    """A beat entry. It always expires: a worker that was away finds one or two of them waiting, not a backlog."""
    return {"task": task, "schedule": seconds, "options": {"queue": queue, "expires": expires}}


app.conf.update(
    accept_content=["json"],
    task_serializer="json",
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_create_missing_queues=True,
    task_default_queue="slow",
    # On Redis 0 is the most urgent, and what a task has by default. In a storm many turns of the inbox are waiting: in
    # one line with them each sweep would expire before its turn, and nothing escalate until the storm is over.
    task_routes={"incidents.paging.work_inbox": {"priority": 9}},
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_enable_remote_control=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_connect_timeout": 2,
        "socket_timeout": 10,
    },
    # Celery closes the database connection around each task. A sweep a second and hints between them want it kept;
    # `keep_only_living_connections` closes those that died.
    CELERY_DB_REUSE_MAX=2**62,
    enable_utc=True,
    timezone="UTC",
    beat_schedule={
        "sweep": every(1, "incidents.paging.sweep", "due", expires=1),
        "work-inbox": every(1, "incidents.paging.work_inbox", "due", expires=1),
        "note-failing": every(1, "rotations.contact.note_failing", "due", expires=1),
        "send-due": every(1, "rotations.contact.send_due", "deliver", expires=1),
        # Each hour, though once a day would do: a beat that lost its file waits for a whole period before the first.
        "extend-horizon": every(3600, "rotations.rota.extend_horizons", "slow", expires=3600),
    },
)
app.autodiscover_tasks()


@signals.setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """Celery would otherwise lay its own handlers over the structured line."""


@signals.task_prerun.connect
def keep_only_living_connections(**_: Any) -> None:
    """As Django does before a request: a database that was restarted costs no task."""
    close_old_connections()
