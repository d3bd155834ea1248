"""Many senders on one outbox, and a sender that is killed: nothing is lost, nothing is sent twice without need."""

import os
import subprocess
import sys
import threading
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from rotations.contact import hints, sending, services
from rotations.contact.models import Channel, ContactPoint, Delivery, DeliveryState
from rotations.people.clock import database_now
from tests.factories import UserFactory
from tests.rotations.contact import receivers
from tests.rotations.contact.conftest import page_for
from tests.servers import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

SEND = """
import django
django.setup()
from rotations.contact import sending
from rotations.people.clock import database_now
sending.send_due(clock=database_now)
"""


@pytest.fixture(autouse=True)
def _no_hints(monkeypatch):
    monkeypatch.setattr(hints.SEND_DUE, "give", lambda: None)


def pages(count: int, port: int) -> None:
    users = UserFactory.create_batch(count)
    for user in users:
        ContactPoint.objects.create(
            user=user, channel=Channel.WEBHOOK, address=f"http://127.0.0.1:{port}/{user.pk}", secret="s"
        )
    services.write_messages([page_for(user) for user in users], now=database_now())


def send_until_done() -> None:
    try:
        while sending.send_due(clock=database_now):
            pass
    finally:
        connection.close()


def test_eight_senders_send_two_hundred_messages_once_each():
    with receivers.web_server() as receiver:
        pages(200, receiver.port)
        senders = [threading.Thread(target=send_until_done) for _ in range(8)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
    assert set(Counter(request.path for request in receiver.requests).values()) == {1}
    assert len(receiver.requests) == 200
    waking = Delivery.objects.filter(channel=Channel.WEBHOOK)
    assert Counter(waking.values_list("state", "attempts")) == {(DeliveryState.SENT, 1): 200}


def database_url() -> str:
    """The test database's, for a process of its own."""
    told = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{told['NAME']}"
    return f"postgres://{told['USER']}@{told['HOST']}:{told['PORT']}/{told['NAME']}"


@pytest.mark.slow
def test_a_worker_that_is_killed_while_it_sends_costs_one_duplicate_at_most(settings):
    settings.DELIVERY_LEASE = timedelta(seconds=1)
    behaviours = [receivers.hangs, receivers.ACCEPTS]

    def behave(handler):
        behaviours.pop(0)(handler)

    with receivers.web_server(behave) as receiver:
        pages(1, receiver.port)
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "oncall_site.settings",
            "DATABASE_URL": database_url(),
            "INTERNAL_HOSTS_ALLOWED": "127.0.0.0/8",
            "DELIVERY_LEASE": "1",
            "CHANNEL_TIMEOUT": "20",
        }
        worker = subprocess.Popen([sys.executable, "-c", SEND], env=environment, cwd=Path(__file__).parents[3])
        try:
            wait_until(lambda: receiver.requests, "The worker sent nothing")
        finally:
            worker.kill()
            worker.wait()
        assert Delivery.objects.get(channel=Channel.WEBHOOK).state == DeliveryState.SENDING
        wait_until(lambda: sending.send_due(clock=database_now), "The lease never ended")
    assert [request.headers["X-Tandem-Delivery"] for request in receiver.requests] == [
        receiver.requests[0].headers["X-Tandem-Delivery"]
    ] * 2
    delivery = Delivery.objects.get(channel=Channel.WEBHOOK)
    assert (delivery.state, delivery.attempts) == (DeliveryState.SENT, 2)
