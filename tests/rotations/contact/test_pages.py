"""The inbox and the contact page, as people and their browsers meet them."""

from datetime import timedelta

import pytest
from django.urls import reverse

from rotations.contact import hints, services
from rotations.contact.models import Channel, ContactPoint, Delivery, Message, NotificationRule
from rotations.schedule.tiers import Tier
from tests.factories import UserFactory
from tests.rotations.contact.conftest import page_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def mara(client):
    user = UserFactory(name="Mara Lindt", email="mara@example.com")
    client.force_login(user)
    return user


@pytest.fixture
def phone(mara, now):
    return services.add_contact_point(
        user=mara, channel=Channel.APPRISE, address="ntfy://mara", label="My phone", by=mara, now=now
    )


def test_the_inbox_lists_messages_newest_first_each_with_its_link(client, mara, now):
    services.write_messages([page_for(mara, subject="INC-1 first")], now=now)
    services.write_messages([page_for(mara, subject="INC-2 <second>")], now=now + timedelta(minutes=1))
    page = client.get(reverse("inbox")).content.decode()
    assert "2 new messages for you" in page
    assert page.index("INC-2 &lt;second&gt;") < page.index("INC-1 first")
    assert page.count('href="/incidents/1/"') == 2


def test_an_empty_inbox_says_so(client, mara):
    assert "No messages yet" in client.get(reverse("inbox")).content.decode()


def test_reading_the_inbox_records_nothing_a_post_once_visible_does(client, mara, now):
    [message] = services.write_messages([page_for(mara)], now=now)
    page = client.get(reverse("inbox")).content.decode()
    address = reverse("message-seen", args=[message.pk])
    assert f'data-seen="{address}"' in page
    assert client.get(address).status_code == 405
    message.refresh_from_db()
    assert message.seen_at is None
    assert client.post(address).status_code == 204
    message.refresh_from_db()
    assert message.seen_at is not None
    assert "data-seen" not in client.get(reverse("inbox")).content.decode()


def test_without_script_a_button_marks_all_as_seen(client, mara, now):
    services.write_messages([page_for(mara)] * 3, now=now)
    assert client.post(reverse("inbox-seen")).status_code == 302
    assert not Message.objects.filter(seen_at=None).exists()


@pytest.mark.parametrize("count", [1, 50])
def test_the_inbox_takes_the_same_statements_for_one_message_and_for_fifty(
    client, mara, now, count, django_assert_num_queries
):
    services.write_messages([page_for(mara)] * count, now=now)
    with django_assert_num_queries(5):  # session, person, count, page, unseen
        page = client.get(reverse("inbox"))
    assert page.content.decode().count("data-seen") == min(count, 25)


def test_somebody_without_contact_points_reads_how_they_are_reached(client, mara, settings):
    settings.EMAIL_URL = "smtp://mail.example.com"
    page = client.get(reverse("contact-points")).content.decode()
    assert "You are reached in your inbox and at mara@example.com" in page
    assert not ContactPoint.objects.exists()


def test_a_contact_point_is_added_and_can_be_tested_and_put_away(
    client, mara, monkeypatch, django_capture_on_commit_callbacks
):
    given_hints = []
    monkeypatch.setattr(hints.SEND_DUE, "give", lambda: given_hints.append(1))
    answer = client.post(
        reverse("contact-point-add"), {"channel": "apprise", "address": "ntfy://mara", "label": "My phone"}, follow=True
    )
    assert "Added: My phone" in answer.content.decode()
    point = mara.contact_points.get(channel=Channel.APPRISE)
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(reverse("contact-point-test", args=[point.pk]), follow=True)
    assert "A test is on its way to My phone" in answer.content.decode()
    assert given_hints == [1]
    assert Delivery.objects.get(contact_point=point).message.kind == "test"
    again = client.post(reverse("contact-point-test", args=[point.pk]), follow=True)
    assert "Wait 30 seconds" in again.content.decode()
    answer = client.post(reverse("contact-point-archive", args=[point.pk]), follow=True)
    assert "My phone is put away" in answer.content.decode()
    assert "ntfy" not in client.get(reverse("contact-points")).content.decode().replace("ntfy://my-topic", "")


@pytest.mark.parametrize(
    ("channel", "address", "words"),
    [
        ("webhook", "http://10.1.2.3/", "10.1.2.3 is inside this network"),
        ("email", "mara", "Enter an e-mail address such as"),
        ("email", "", "This field is required"),
        ("inbox", "x", "Select a valid choice"),
    ],
)
def test_a_faulty_address_comes_back_with_a_sentence_at_the_field(client, mara, channel, address, words):
    answer = client.post(reverse("contact-point-add"), {"channel": channel, "address": address})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert "is-invalid" in page
    assert f'value="{address}"' in page or not address


def test_an_address_that_is_there_already_is_told_on_the_page(client, phone):
    answer = client.post(reverse("contact-point-add"), {"channel": "apprise", "address": "ntfy://mara"})
    assert answer.status_code == 422
    assert "You have this contact point already." in answer.content.decode()


def test_the_inbox_cannot_be_put_away(client, mara, phone):
    inbox = mara.contact_points.get(channel=Channel.INBOX)
    answer = client.post(reverse("contact-point-archive", args=[inbox.pk]), follow=True)
    assert "nobody is unreachable" in answer.content.decode()


def test_rules_are_set_for_one_tier_and_shown_again(client, mara, phone):
    email = mara.contact_points.get(channel=Channel.EMAIL)
    chosen = {f"secondary-point-{phone.pk}": "5", f"secondary-point-{email.pk}": ""}
    answer = client.post(reverse("notification-rules", args=["secondary"]), chosen, follow=True)
    assert "Saved." in answer.content.decode()
    rules = NotificationRule.objects.filter(user=mara).exclude(contact_point__channel=Channel.INBOX)
    assert set(rules.values_list("tier", "contact_point__channel", "after")) == {
        ("primary", "email", timedelta()),
        ("primary", "apprise", timedelta()),
        ("secondary", "apprise", timedelta(minutes=5)),
    }
    form = next(form for tier, _wakes, form in answer.context["tiers"] if tier == Tier.SECONDARY)
    assert form[f"point-{phone.pk}"].value() == "5"
    assert form[f"point-{email.pk}"].value() == ""


@pytest.mark.parametrize("minutes", ["-1", "61", "4", "soon"])
def test_a_wait_that_is_not_offered_is_refused(client, phone, minutes):
    answer = client.post(reverse("notification-rules", args=["primary"]), {f"primary-point-{phone.pk}": minutes})
    assert answer.status_code == 422
    assert "Select a valid choice" in answer.content.decode()


def test_how_the_last_message_did_refreshes_until_it_is_done(client, mara, phone, now):
    services.send_test(contact_point=phone, by=mara, now=now)
    address = reverse("contact-point-last", args=[phone.pk])
    assert "hx-get" in client.get(address).content.decode()
    Delivery.objects.update(state="failed", finished_at=now, failing_at=now, answer="550 No <such> user")
    page = client.get(address).content.decode()
    assert "hx-get" not in page
    assert "550 No &lt;such&gt; user" in page


def test_where_no_email_is_sent_the_page_says_so_and_tests_none(client, mara, now):
    assert "Tandem sends no e-mail here" in client.get(reverse("contact-points")).content.decode()
    services.create_default_contacts(user=mara, now=now)
    address = reverse("contact-point-test", args=[mara.contact_points.get(channel=Channel.EMAIL).pk])
    page = client.get(reverse("contact-points")).content.decode()
    assert "Switched off" in page
    assert "When I am paged as primary" in page
    assert address not in page
    assert "Tandem sends no e-mail here" in client.post(address, follow=True).content.decode()
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("count", [1, 20])
def test_the_contact_page_takes_the_same_statements_however_many_points(
    client, mara, now, count, django_assert_num_queries
):
    for n in range(count):
        point = services.add_contact_point(user=mara, channel=Channel.APPRISE, address=f"ntfy://{n}", by=mara, now=now)
        services.send_test(contact_point=point, by=mara, now=now)
    with django_assert_num_queries(
        8
    ):  # session, person, points, rules, last deliveries; points, rules and e-mail again
        client.get(reverse("contact-points"))


OTHERS = ["contact-point-archive", "contact-point-test", "contact-point-last"]


@pytest.mark.parametrize("actor", ["manager", "member", "observer", "stranger", "superuser"])
def test_somebody_elses_rows_are_not_found_by_anybody(client, actors, phone, now, actor):
    client.force_login(getattr(actors, actor))
    [message] = services.write_messages([page_for(phone.user)], now=now)
    assert client.post(reverse("message-seen", args=[message.pk])).status_code == 404
    for name in OTHERS:
        ask = client.get if name == "contact-point-last" else client.post
        assert ask(reverse(name, args=[phone.pk])).status_code == 404
    client.post(reverse("inbox-seen"))
    client.post(reverse("notification-rules", args=["primary"]), {f"primary-point-{phone.pk}": ""})
    message.refresh_from_db()
    assert message.seen_at is None
    assert message.subject not in client.get(reverse("inbox")).content.decode()
    assert "My phone" not in client.get(reverse("contact-points")).content.decode()
    assert phone.rules.count() == 2


@pytest.mark.parametrize("name", ["inbox", "contact-points"])
def test_nobody_reads_these_pages_without_signing_in(client, name):
    answer = client.get(reverse(name))
    assert answer.status_code == 302
    assert reverse("account_login") in answer["Location"]
