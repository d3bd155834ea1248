"""The life of a delivery: leases, retries, failing channels, people whom nothing reaches."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rotations.contact import hints, outbox, sending, services
from rotations.contact.models import Channel, ContactPoint, Delivery, DeliveryState, NotificationRule
from rotations.schedule.tiers import Tier
from tests.factories import UserFactory
from tests.rotations.contact import receivers
from tests.rotations.contact.conftest import page_for

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_hints(monkeypatch):
    monkeypatch.setattr(hints.SEND_DUE, "give", lambda: None)


def reached_by(*ways, now):
    """A person with one webhook per (port, minutes after) and nothing else that could wake them; and a page to them."""
    user = UserFactory()
    for port, minutes in ways:
        point = ContactPoint.objects.create(
            user=user, channel=Channel.WEBHOOK, address=f"http://127.0.0.1:{port}/{minutes}", secret="s"
        )
        NotificationRule.objects.create(
            user=user, tier=Tier.PRIMARY, contact_point=point, after=timedelta(minutes=minutes)
        )
    [message] = services.write_messages([page_for(user)], now=now)
    return message, list(message.deliveries.waking().order_by("due_at"))


def test_what_is_due_is_sent_and_the_answer_kept(clock):
    with receivers.web_server(receivers.answers(202, b"queued as 17")) as receiver:
        _message, [delivery] = reached_by((receiver.port, 0), now=clock())
        assert sending.send_due(clock=clock) == 1
        assert sending.send_due(clock=clock) == 0
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, delivery.finished_at) == (DeliveryState.SENT, 1, clock())
    assert delivery.answer == "HTTP 202 Accepted\nqueued as 17"
    assert len(receiver.requests) == 1


def test_what_is_not_due_yet_waits(clock):
    with receivers.web_server() as receiver:
        reached_by((receiver.port, 5), now=clock())
        assert sending.send_due(clock=clock) == 0
        clock.turn(minutes=5)
        assert sending.send_due(clock=clock) == 1


def test_a_temporary_failure_is_tried_again_after_a_wait_that_doubles(clock, settings):
    settings.DELIVERY_RETRY_FIRST = timedelta(seconds=4)
    with receivers.web_server(receivers.answers(500, b"database is down")) as receiver:
        _message, [delivery] = reached_by((receiver.port, 0), now=clock())
        for attempt in range(1, 4):
            assert sending.send_due(clock=clock) == 1
            delivery.refresh_from_db()
            whole = 4 * 2 ** (attempt - 1)
            assert delivery.state == DeliveryState.QUEUED
            assert whole / 2 <= (delivery.due_at - clock()).total_seconds() <= whole
            clock.at = delivery.due_at
    assert delivery.answer == "HTTP 500 Internal Server Error\ndatabase is down"


@given(
    attempts=st.integers(1, 32_000), luck=st.floats(0, 1, exclude_max=True), seconds=st.floats(0.1, 60)
)  # fmt: skip
def test_every_wait_is_between_half_and_all_of_its_step_and_never_above_a_minute(attempts, luck, seconds):
    first = timedelta(seconds=seconds)
    wait = outbox.backoff(attempts, first=first, luck=luck)
    assert first / 2 <= wait <= timedelta(minutes=1)
    assert wait <= first * 2 ** min(attempts - 1, 16)
    assert wait <= outbox.backoff(attempts + 1, first=first, luck=luck)


@pytest.mark.parametrize(("asked", "waits"), [("120", 120), ("86400", 300)])
def test_a_provider_that_asks_for_time_is_given_it_up_to_five_minutes(clock, asked, waits):
    with receivers.web_server(receivers.answers(429, Retry_After=asked)) as receiver:
        _message, [delivery] = reached_by((receiver.port, 0), now=clock())
        sending.send_due(clock=clock)
    delivery.refresh_from_db()
    assert delivery.due_at == clock() + timedelta(seconds=waits)


def test_a_sender_that_died_loses_the_row_when_its_lease_ends_and_the_page_goes_out_once(clock, settings):
    with receivers.web_server() as receiver:
        _message, [delivery] = reached_by((receiver.port, 0), now=clock())
        dead = outbox.claim(now=clock())
        clock.at += settings.DELIVERY_LEASE - timedelta(milliseconds=1)
        assert sending.send_due(clock=clock) == 0
        clock.turn(milliseconds=1)
        assert sending.send_due(clock=clock) == 1
        assert not outbox.failed(dead, answer="too late", now=clock())
        assert not outbox.try_again(dead, answer="too late", retry_after=timedelta(), now=clock())
        assert not outbox.accepted(dead, answer="too late", now=clock())
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, len(receiver.requests)) == (DeliveryState.SENT, 2, 1)


def test_what_a_sender_got_through_after_its_lease_is_sent_and_not_tried_once_more(clock, settings):
    message, [delivery] = reached_by((1, 0), now=clock())
    slow = outbox.claim(now=clock())
    clock.at += settings.DELIVERY_LEASE
    second = outbox.claim(now=clock())
    assert outbox.accepted(slow, answer="250 Ok", now=clock())
    assert not outbox.try_again(second, answer="451", retry_after=timedelta(), now=clock())
    delivery.refresh_from_db()
    message.refresh_from_db()
    assert (delivery.state, delivery.answer, message.undeliverable_at) == (DeliveryState.SENT, "250 Ok", None)
    clock.turn(hours=1)
    assert outbox.claim(now=clock()) is None


def test_a_delivery_that_nothing_helps_is_given_up_for_good(clock, settings):
    with receivers.web_server(receivers.answers(503)) as receiver:
        message, [delivery] = reached_by((receiver.port, 0), now=clock())
        sending.send_due(clock=clock)
        clock.at += settings.DELIVERY_GIVE_UP_AFTER
        sending.send_due(clock=clock)
        delivery.refresh_from_db()
        message.refresh_from_db()
        assert (delivery.state, delivery.finished_at) == (DeliveryState.FAILED, clock())
        assert delivery.failing_at == message.undeliverable_at == clock()


def test_a_permanent_error_starts_the_next_contact_point_now_and_only_that_one(clock):
    with receivers.web_server(receivers.answers(410, b"gone")) as gone, receivers.web_server() as fine:
        message, [_, second, third] = reached_by((gone.port, 0), (fine.port, 5), (fine.port, 10), now=clock())
        assert sending.send_due(clock=clock) == 2
        for delivery in (second, third):
            delivery.refresh_from_db()
        message.refresh_from_db()
        assert (second.state, third.state) == (DeliveryState.SENT, DeliveryState.QUEUED)
        assert third.due_at == message.created_at + timedelta(minutes=10)
        assert message.undeliverable_at is None
        assert [request.path for request in fine.requests] == ["/5"]


def test_thirty_seconds_without_acceptance_make_a_channel_failing_though_retries_go_on(clock):
    with receivers.web_server(receivers.answers(503)) as down, receivers.web_server() as fine:
        _message, [first, second] = reached_by((down.port, 0), (fine.port, 5), now=clock())
        sending.send_due(clock=clock)
        clock.turn(seconds=29)
        sending.send_due(clock=clock)
        first.refresh_from_db()
        assert first.failing_at is None
        assert fine.requests == []
        clock.at = first.due_at
        assert sending.send_due(clock=clock) == 2
        first.refresh_from_db()
        second.refresh_from_db()
        assert (first.state, first.failing_at, second.state) == (DeliveryState.QUEUED, clock(), DeliveryState.SENT)


def test_a_try_that_hangs_is_noticed_by_the_sweep_once(clock):
    with receivers.web_server() as fine:
        message, [first, second] = reached_by((1, 0), (fine.port, 5), now=clock())
        outbox.claim(now=clock())
        clock.turn(seconds=29)
        assert outbox.note_failing(now=clock()) == 0
        clock.turn(seconds=1)
        assert outbox.note_failing(now=clock()) == 1
        assert outbox.note_failing(now=clock()) == 0
        first.refresh_from_db()
        second.refresh_from_db()
        message.refresh_from_db()
        assert (first.state, first.failing_at) == (DeliveryState.SENDING, clock())
        assert (second.due_at, message.undeliverable_at) == (clock(), None)


def test_a_message_is_undeliverable_when_its_last_channel_fails_and_no_more_when_one_recovers(clock):
    outcomes = [receivers.answers(503), receivers.answers(200)]

    def behave(handler):
        outcomes[0](handler)

    with (
        receivers.web_server(receivers.answers(404)) as gone,
        receivers.web_server(behave) as shaky,
    ):
        message, [_, second] = reached_by((gone.port, 0), (shaky.port, 5), now=clock())
        assert sending.send_due(clock=clock) == 2
        message.refresh_from_db()
        assert message.undeliverable_at is None
        clock.turn(seconds=30)
        outbox.note_failing(now=clock())
        message.refresh_from_db()
        assert message.undeliverable_at == clock()
        del outcomes[0]
        clock.turn(seconds=60)
        assert sending.send_due(clock=clock) == 1
        message.refresh_from_db()
        second.refresh_from_db()
        assert (message.undeliverable_at, second.failing_at, second.state) == (None, None, DeliveryState.SENT)


def test_a_message_for_the_inbox_alone_is_never_undeliverable(clock):
    message, waking = reached_by(now=clock())
    clock.turn(hours=1)
    outbox.note_failing(now=clock())
    message.refresh_from_db()
    assert (waking, message.undeliverable_at) == ([], None)


def test_what_was_cancelled_is_not_sent(clock):
    with receivers.web_server() as receiver:
        message, _ = reached_by((receiver.port, 0), now=clock())
        services.cancel_messages([message.pk], now=clock())
        assert sending.send_due(clock=clock) == 0
    assert receiver.requests == []


def test_what_was_cancelled_under_way_is_told_as_sent_when_it_was_and_never_tried_again_when_not(clock):
    message, [delivery, other] = reached_by((1, 0), (2, 0), now=clock())
    under_way, failing = outbox.claim(now=clock()), outbox.claim(now=clock())
    services.cancel_messages([message.pk], now=clock())
    assert outbox.accepted(under_way, answer="250 Ok", now=clock())
    assert not outbox.try_again(failing, answer="451", retry_after=timedelta(), now=clock())
    delivery.refresh_from_db()
    other.refresh_from_db()
    assert (delivery.state, delivery.answer, other.state) == (DeliveryState.SENT, "250 Ok", DeliveryState.CANCELLED)


def test_what_waits_for_a_contact_point_that_is_put_away_goes_there_no_more(clock):
    with receivers.web_server() as fine:
        message, [first, _second] = reached_by((1, 0), (fine.port, 5), now=clock())
        services.archive_contact_point(contact_point=first.contact_point, by=message.recipient, now=clock())
        first.refresh_from_db()
        assert first.state == DeliveryState.CANCELLED
        assert sending.send_due(clock=clock) == 1  # the next one was brought forward


def test_a_server_that_hangs_holds_two_senders_and_the_others_work_on(clock):
    user = UserFactory()
    ContactPoint.objects.create(user=user, channel=Channel.WEBHOOK, address="http://127.0.0.1:1/", secret="s")
    services.write_messages([page_for(user)] * 5, now=clock())
    [message] = services.write_messages([page_for(other := UserFactory())], now=clock())
    Delivery.objects.create(
        message=message, channel=Channel.WEBHOOK, address="http://127.0.0.1:2/", due_at=clock() + timedelta(seconds=1)
    )
    clock.turn(seconds=1)
    claimed = [outbox.claim(now=clock()) for _ in range(4)]
    assert [delivery and delivery.address for delivery in claimed] == [
        "http://127.0.0.1:1/", "http://127.0.0.1:1/", "http://127.0.0.1:2/", None,
    ]  # fmt: skip
    assert claimed[2].message.recipient == other
    assert not outbox.more_is_due(now=clock())


def test_a_channel_that_breaks_is_a_failure_of_the_try_and_not_of_the_sender(clock):
    with receivers.web_server() as fine:
        _message, [delivery] = reached_by((fine.port, 0), now=clock())
        Delivery.objects.filter(pk=delivery.pk).update(address="http://[broken")
        reached_by((fine.port, 0), now=clock())
        assert sending.send_due(clock=clock) == 2
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.QUEUED
    assert "LocationParseError" in delivery.answer
    assert len(fine.requests) == 1


def test_more_than_one_due_row_asks_other_senders_to_join(clock, monkeypatch):
    given_hints = []
    monkeypatch.setattr(hints.SEND_DUE, "give", lambda: given_hints.append(1))
    with receivers.web_server() as receiver:
        reached_by((receiver.port, 0), now=clock())
        sending.send_due(clock=clock)
        assert given_hints == []
        reached_by((receiver.port, 0), now=clock())
        reached_by((receiver.port, 0), now=clock())
        sending.send_due(clock=clock)
        assert given_hints == [1]


def test_an_answer_is_kept_as_postgresql_can_hold_it(clock):
    _message, [delivery] = reached_by((1, 0), now=clock())
    outbox.failed(outbox.claim(now=clock()), answer="no\x00 " + "x" * 10_000, now=clock())
    delivery.refresh_from_db()
    assert delivery.answer.startswith("no\N{REPLACEMENT CHARACTER} xxx")
    assert len(delivery.answer) == outbox.ANSWER_LENGTH


def test_a_claim_and_its_end_take_few_statements(clock, django_assert_num_queries):
    with receivers.web_server() as receiver:
        for count in (1, 50):
            for _ in range(count):
                reached_by((receiver.port, 0), now=clock())
            around = 2  # the savepoint that stands for BEGIN and COMMIT
            with django_assert_num_queries(3 + around):
                delivery = outbox.claim(now=clock())
            with django_assert_num_queries(3 + around):
                outbox.accepted(delivery, answer="", now=clock())
