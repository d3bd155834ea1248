"""Contact points and rules: each person edits their own, and nobody can become unreachable."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from rotations.contact import outbox, selectors, services
from rotations.contact.models import Channel, ContactPoint, Delivery, NotificationRule
from rotations.people.models import AuditEntry
from rotations.schedule.tiers import Tier
from tests.factories import ContactPointFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def mara():
    return UserFactory(name="Mara Lindt", email="mara@example.com")


@pytest.fixture
def phone(mara, now):
    return services.add_contact_point(
        user=mara, channel=Channel.APPRISE, address="ntfy://mara", label="My phone", by=mara, now=now
    )


def test_a_new_contact_point_is_used_at_once_in_both_tiers_beside_inbox_and_email(mara, phone):
    assert [point.channel for point in selectors.contact_points(mara)] == ["inbox", "email", "apprise"]
    assert {(rule.tier, rule.after) for rule in phone.rules.all()} == {(tier.value, timedelta()) for tier in Tier}
    entry = AuditEntry.objects.get(action="contact_point.added")
    assert (entry.by, entry.detail) == (mara, {"label": "My phone"})
    assert "ntfy" not in f"{entry.subject}{entry.detail}"  # an address may hold a token


def test_a_webhook_gets_a_secret_of_its_own(mara, now):
    points = [
        services.add_contact_point(
            user=mara, channel=Channel.WEBHOOK, address=f"https://example.com/{n}", by=mara, now=now
        )
        for n in (1, 2)
    ]
    assert len({point.secret for point in points}) == 2
    assert all(len(point.secret) >= 32 for point in points)


def test_the_same_address_is_added_once_until_it_is_put_away(mara, phone, now):
    again = {"user": mara, "channel": Channel.APPRISE, "address": "ntfy://mara", "by": mara, "now": now}
    with pytest.raises(ValidationError, match="already"):
        services.add_contact_point(**again)
    services.archive_contact_point(contact_point=phone, by=mara, now=now)
    services.add_contact_point(**again)


@pytest.mark.parametrize(
    ("channel", "address", "words"),
    [
        (Channel.EMAIL, "mara", "Enter an e-mail address"),
        (Channel.WEBHOOK, "example.com/pages", "whole web address"),
        (Channel.WEBHOOK, "ftp://example.com/", "whole web address"),
        (Channel.WEBHOOK, "http://[broken", "whole web address"),
        (Channel.WEBHOOK, "https://user:pw@example.com/", "name and password"),
        (Channel.WEBHOOK, "http://10.0.0.1/", "10.0.0.1 is inside this network"),
        (Channel.WEBHOOK, "http://[::1]:8000/", "inside this network"),
        (Channel.APPRISE, "my phone", "Enter an Apprise address"),
        (Channel.APPRISE, "https://example.com/", "choose the channel Webhook"),
        (Channel.APPRISE, "Syslog://localhost", "syslog:// cannot be used"),
        (Channel.APPRISE, "macosx://", "Enter an Apprise address"),
        (Channel.INBOX, "", "inbox already"),
    ],
)
def test_an_address_that_cannot_work_is_refused_with_what_to_enter(mara, now, channel, address, words):
    with pytest.raises(ValidationError) as refused:
        services.add_contact_point(user=mara, channel=channel, address=address, by=mara, now=now)
    assert words in refused.value.message_dict["address"][0]
    assert not ContactPoint.objects.exists()


def test_inbox_and_account_email_cannot_be_put_away(mara, phone, now):
    for point in selectors.contact_points(mara).exclude(pk=phone.pk):
        with pytest.raises(ValidationError, match="nobody is unreachable"):
            services.archive_contact_point(contact_point=point, by=mara, now=now)


def test_putting_away_takes_the_rules_along_and_happens_once(mara, phone, now):
    services.archive_contact_point(contact_point=phone, by=mara, now=now)
    services.archive_contact_point(contact_point=phone, by=mara, now=now)
    assert not NotificationRule.objects.filter(contact_point=phone).exists()
    assert AuditEntry.objects.filter(action="contact_point.archived").count() == 1


def test_nobody_edits_how_somebody_else_is_reached_not_even_an_administrator(phone, now):
    root = UserFactory(is_superuser=True)
    edits = [
        lambda: services.add_contact_point(
            user=phone.user, channel=Channel.EMAIL, address="x@example.com", by=root, now=now
        ),
        lambda: services.archive_contact_point(contact_point=phone, by=root, now=now),
        lambda: services.set_rule(contact_point=phone, tier=Tier.PRIMARY, after=None, by=root, now=now),
        lambda: services.set_rules(tier=Tier.PRIMARY, after={phone: None}, by=root, now=now),
        lambda: services.send_test(contact_point=phone, by=root, now=now),
    ]
    for edit in edits:
        with pytest.raises(PermissionDenied):
            edit()


def test_a_rule_is_set_changed_and_taken_away(mara, phone, now):
    def after():
        return NotificationRule.objects.filter(contact_point=phone, tier=Tier.SECONDARY).values_list("after", flat=True)

    for delay in (timedelta(minutes=5), timedelta(minutes=1)):
        services.set_rule(contact_point=phone, tier=Tier.SECONDARY, after=delay, by=mara, now=now)
        assert list(after()) == [delay]
    services.set_rule(contact_point=phone, tier=Tier.SECONDARY, after=None, by=mara, now=now)
    assert list(after()) == []


@pytest.mark.parametrize("after", [timedelta(seconds=-1), timedelta(hours=1, seconds=1)])
def test_a_rule_beyond_an_hour_is_refused(phone, now, after):
    with pytest.raises(ValidationError, match="between 0 and 60 minutes"):
        services.set_rule(contact_point=phone, tier=Tier.PRIMARY, after=after, by=phone.user, now=now)


def test_the_inbox_has_no_rule_to_change(mara, phone, now):
    inbox = mara.contact_points.get(channel=Channel.INBOX)
    with pytest.raises(ValidationError, match="everything at once"):
        services.set_rule(contact_point=inbox, tier=Tier.PRIMARY, after=None, by=mara, now=now)


def test_setting_a_tiers_rules_writes_only_what_differs(mara, phone, now):
    email = mara.contact_points.get(channel=Channel.EMAIL)
    delays = {phone: timedelta(), email: timedelta(minutes=3)}
    services.set_rules(tier=Tier.PRIMARY, after=delays, by=mara, now=now)
    services.set_rules(tier=Tier.PRIMARY, after=delays, by=mara, now=now)
    [entry] = AuditEntry.objects.filter(action="notification_rule.set")
    assert entry.detail == {"tier": "primary", "after_seconds": 180.0}


def test_a_test_goes_to_one_contact_point_and_not_again_within_half_a_minute(mara, phone, now):
    message = services.send_test(contact_point=phone, by=mara, now=now)
    [delivery] = message.deliveries.all()
    assert (delivery.contact_point, delivery.address) == (phone, "ntfy://mara")
    with pytest.raises(ValidationError, match="Wait 30 seconds"):
        services.send_test(contact_point=phone, by=mara, now=now + timedelta(seconds=29))
    services.send_test(contact_point=phone, by=mara, now=now + timedelta(seconds=30))


def test_the_contact_page_knows_how_each_way_did_last(mara, phone, now):
    services.send_test(contact_point=phone, by=mara, now=now - timedelta(hours=1))
    services.send_test(contact_point=phone, by=mara, now=now)
    for _ in range(2):
        outbox.failed(outbox.claim(now=now), answer="no such topic", now=now)
    lines = {line.point.channel: line for line in selectors.contact_lines(mara)}
    assert lines["apprise"].last == Delivery.objects.latest("pk")
    assert lines["apprise"].last.answer == "no such topic"
    assert lines["email"].last is None
    assert lines["apprise"].after == {"primary": timedelta(), "secondary": timedelta()}


def test_tiers_in_which_nothing_wakes_are_known(mara, settings):
    settings.EMAIL_URL = ""
    assert selectors.tiers_that_wake(mara) == {"primary": False, "secondary": False}
    ContactPointFactory(user=mara, channel=Channel.APPRISE, address="ntfy://mara")
    assert selectors.tiers_that_wake(mara) == {"primary": True, "secondary": True}
