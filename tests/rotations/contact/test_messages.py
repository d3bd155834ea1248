"""Writing messages: who is reached where and when, in a constant number of statements."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from rotations.contact import selectors, services
from rotations.contact.models import Channel, Delivery, DeliveryState, Message, MessageKind
from rotations.schedule.tiers import Tier
from tests.factories import ContactPointFactory, UserFactory
from tests.rotations.contact.conftest import page_for

pytestmark = pytest.mark.django_db


def written(draft, now):
    """Write one message; return its deliveries as (channel, address, seconds after, state)."""
    [message] = services.write_messages([draft], now=now)
    return [
        (delivery.channel, delivery.address, (delivery.due_at - now).total_seconds(), delivery.state)
        for delivery in selectors.deliveries_of([message.pk])
    ]


@pytest.fixture
def _email_is_on(settings):
    settings.EMAIL_URL = "smtp://mail.example.com"


@pytest.mark.usefixtures("_email_is_on")
def test_somebody_without_any_contact_point_is_reached_in_the_inbox_and_by_email(now):
    user = UserFactory(email="mara@example.com")
    assert written(page_for(user), now) == [("inbox", "", 0, "sent"), ("email", "mara@example.com", 0, "queued")]


def test_without_a_mail_server_email_is_no_channel(now, settings):
    settings.EMAIL_URL = ""
    assert written(page_for(UserFactory()), now) == [("inbox", "", 0, "sent")]


@pytest.mark.usefixtures("_email_is_on")
def test_the_defaults_reach_a_person_at_once_in_both_tiers_and_are_made_once(now):
    user = UserFactory(email="mara@example.com")
    services.create_default_contacts(user=user, now=now)
    services.create_default_contacts(user=user, now=now)
    assert user.contact_points.count() == 2
    for tier in Tier:
        expected = [("inbox", "", 0, "sent"), ("email", "mara@example.com", 0, "queued")]
        assert written(page_for(user, tier=tier), now) == expected
    assert Delivery.objects.filter(contact_point=None).count() == 0


@pytest.mark.usefixtures("_email_is_on")
def test_each_tier_has_its_own_rules_and_a_page_without_tier_uses_primarys(now):
    user = UserFactory(email="mara@example.com")
    phone = services.add_contact_point(user=user, channel=Channel.APPRISE, address="ntfy://mara", by=user, now=now)
    email = user.contact_points.get(channel=Channel.EMAIL)
    services.set_rule(contact_point=email, tier=Tier.PRIMARY, after=timedelta(minutes=2), by=user, now=now)
    services.set_rule(contact_point=email, tier=Tier.SECONDARY, after=None, by=user, now=now)
    inbox, ntfy = ("inbox", "", 0, "sent"), ("apprise", "ntfy://mara", 0, "queued")
    assert written(page_for(user), now) == [inbox, ntfy, ("email", "mara@example.com", 120, "queued")]
    assert written(page_for(user, tier=Tier.SECONDARY), now) == [inbox, ntfy]
    services.archive_contact_point(contact_point=phone, by=user, now=now)
    assert written(page_for(user, tier=Tier.SECONDARY), now) == [inbox, ("email", "mara@example.com", 0, "queued")]


@pytest.mark.usefixtures("_email_is_on")
def test_a_notice_comes_to_the_inbox_and_by_email_whatever_the_rules_say(now):
    user = UserFactory(email="mara@example.com")
    services.add_contact_point(user=user, channel=Channel.APPRISE, address="ntfy://mara", by=user, now=now)
    email = user.contact_points.get(channel=Channel.EMAIL)
    services.set_rule(contact_point=email, tier=Tier.PRIMARY, after=None, by=user, now=now)
    draft = page_for(user, kind=MessageKind.NOTICE)
    assert written(draft, now) == [("inbox", "", 0, "sent"), ("email", "mara@example.com", 0, "queued")]


@pytest.mark.usefixtures("_email_is_on")
def test_where_the_rules_wake_nobody_every_contact_point_is_used(now, settings):
    user = UserFactory()
    ContactPointFactory(user=user, channel=Channel.APPRISE, address="ntfy://mara")
    assert [channel for channel, *_ in written(page_for(user), now)] == ["inbox", "apprise"]
    settings.EMAIL_URL = ""
    services.create_default_contacts(user=user, now=now)  # its only rules are for inbox and e-mail, and that is off
    assert [channel for channel, *_ in written(page_for(user), now)] == ["inbox", "apprise"]


def test_a_subject_is_one_line_of_at_most_250_characters(now):
    [message] = services.write_messages([page_for(UserFactory(), subject="a\r\nBcc: x\x00 " + "y" * 300)], now=now)
    message.refresh_from_db()
    assert message.subject.startswith("a Bcc: x y")
    assert len(message.subject) == 250


@pytest.mark.usefixtures("_email_is_on")
@pytest.mark.parametrize("count", [1, 50])
def test_writing_takes_the_same_statements_for_one_message_and_for_fifty(count, now, django_assert_num_queries):
    users = [UserFactory() for _ in range(count)]
    for user in users[::2]:
        services.create_default_contacts(user=user, now=now)
    drafts = [page_for(user, tier=Tier.PRIMARY) for user in users]
    split = 1 if count == 50 and connection.vendor == "sqlite" else 0  # SQLite takes 999 values a statement
    with django_assert_num_queries(5 + split, exact=True):
        messages = services.write_messages(drafts, now=now)
    assert [message.recipient_id for message in messages] == [user.pk for user in users]
    assert Delivery.objects.count() == 2 * count


def test_no_drafts_take_no_statement(now, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert services.write_messages([], now=now) == []


@pytest.mark.usefixtures("_email_is_on")
def test_cancelling_stops_what_is_not_sent_and_leaves_the_rest(now):
    [message, other] = services.write_messages([page_for(UserFactory()), page_for(UserFactory())], now=now)
    assert services.cancel_messages([message.pk], now=now) == 1
    states = {delivery.channel: delivery.state for delivery in message.deliveries.all()}
    assert states == {Channel.INBOX: DeliveryState.SENT, Channel.EMAIL: DeliveryState.CANCELLED}
    assert other.deliveries.filter(state=DeliveryState.QUEUED).exists()


def test_seen_is_recorded_once_and_by_the_recipient_only(now):
    user = UserFactory()
    [message] = services.write_messages([page_for(user)], now=now)
    with pytest.raises(PermissionDenied):
        services.mark_seen(message.pk, by=UserFactory(), now=now)
    services.mark_seen(message.pk, by=user, now=now)
    services.mark_seen(message.pk, by=user, now=now + timedelta(hours=1))
    message.refresh_from_db()
    assert message.seen_at == now


def test_the_inbox_shows_ones_own_messages_newest_first(now):
    user = UserFactory()
    for minutes, subject in enumerate(["first", "second"]):
        services.write_messages([page_for(user, subject=subject)], now=now + timedelta(minutes=minutes))
    services.write_messages([page_for(UserFactory())], now=now)
    assert [message.subject for message in selectors.inbox(user)] == ["second", "first"]
    assert selectors.unseen_count(user) == 2
    assert services.mark_all_seen(by=user, now=now) == 2
    assert selectors.unseen_count(user) == 0
    assert Message.objects.filter(seen_at=None).count() == 1
