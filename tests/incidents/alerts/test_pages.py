"""The pages of services: for the team only, and the key for those who answer its pages."""

import json
from datetime import timedelta

import pytest
from django.urls import reverse

from incidents.alerts.models import Event, RefusedEvent
from incidents.alerts.selectors import SHOWN, service_page
from rotations.people.clock import now as this_instant
from tests.factories import IntegrationFactory, ServiceFactory

pytestmark = pytest.mark.django_db

KEY = "Aa1" * 10 + "zz"


@pytest.fixture
def service(actors):
    return ServiceFactory(team=actors.team, name="payouts-api", slug="payouts-api")


@pytest.fixture
def integration(service):
    return IntegrationFactory(service=service, name="Alertmanager", key=KEY)


def receive(integration, count=1, *, at=None, **fields):
    at = at or this_instant()
    body = json.dumps({"routing_key": integration.key, "event_action": "trigger", "payload": {"summary": "<b>x</b>"}})
    return Event.objects.bulk_create(
        Event(
            integration=integration, service=integration.service, key=f"key {n}", body=body,
            received_at=at - timedelta(minutes=n), **fields,
        )
        for n in range(count)
    )  # fmt: skip


@pytest.mark.parametrize("actor", ["manager", "member", "superuser", "observer"])
def test_the_team_sees_a_service_and_those_who_answer_its_pages_see_the_key(client, actors, integration, actor):
    receive(integration)
    RefusedEvent.objects.create(integration=integration, at=this_instant(), status=400, errors=["bad"], body=f'"{KEY}"')
    client.force_login(getattr(actors, actor))
    response = client.get(reverse("service", args=["payouts-api"]))
    assert response.status_code == 200
    assert response.content.decode().count(KEY) == (actor != "observer")
    assert "payouts-api" in client.get(reverse("service-list")).content.decode()


@pytest.mark.usefixtures("integration")
def test_strangers_cannot_tell_whether_a_service_exists(client, actors):
    client.force_login(actors.stranger)
    assert "payouts-api" not in client.get(reverse("service-list")).content.decode()
    answers = [client.get(reverse("service", args=[slug])) for slug in ("payouts-api", "no-such-thing")]
    assert [answer.status_code for answer in answers] == [404, 404]


def test_nobody_who_is_not_signed_in_sees_anything(client, integration):
    for address in (reverse("service-list"), reverse("service", args=["payouts-api"])):
        assert client.get(address).status_code == 302


def test_the_page_has_a_line_to_send_an_event_with_and_shows_what_came(client, actors, integration, settings):
    receive(integration, problem="Something was odd")
    RefusedEvent.objects.create(
        integration=integration, at=this_instant(), status=400, errors=["'event_action' is missing or blank"], body="{"
    )
    client.force_login(actors.member)
    page = client.get(reverse("service", args=["payouts-api"])).content.decode()
    assert f"{settings.SITE_URL}/v2/enqueue" in page
    assert "1 received, 1 refused" in page
    assert "Something was odd" in page
    assert "&#x27;event_action&#x27; is missing or blank" in page
    assert "&#x27;payload.severity&#x27; was missing: taken as error" in page
    assert "<b>x</b>" not in page


def test_an_integration_that_was_put_away_shows_no_key(client, actors, integration, now):
    integration.archived_at = now
    integration.save()
    client.force_login(actors.manager)
    assert KEY not in client.get(reverse("service", args=["payouts-api"])).content.decode()


def test_empty_pages_say_what_to_do(client, actors):
    client.force_login(actors.member)
    assert "adds the first one" in client.get(reverse("service-list")).content.decode()
    ServiceFactory(team=actors.team, slug="bare")
    assert "adds an integration" in client.get(reverse("service", args=["bare"])).content.decode()


def test_only_the_newest_events_are_shown_and_the_last_day_is_counted(actors, integration):
    at = this_instant()
    receive(integration, SHOWN + 5, at=at)
    receive(integration, 3, at=at - timedelta(days=2))
    [panel] = service_page(actors.member, "payouts-api", now=at).integrations
    assert [event.key for event in panel.events] == [f"key {n}" for n in range(SHOWN)]
    assert (panel.received, panel.last_at) == (SHOWN + 5, at)


@pytest.mark.parametrize("count", [1, 50])
def test_the_pages_take_the_same_queries_at_any_size(client, actors, service, count, django_assert_num_queries):
    for n in range(count):
        one = IntegrationFactory(service=service)
        receive(one, 2)
        RefusedEvent.objects.create(integration=one, at=this_instant(), status=400, errors=[], body="")
        ServiceFactory(
            team=actors.team, schedule=service.schedule, policy=service.policy, version=None, slug=f"other-{n}"
        )
    client.force_login(actors.member)
    with django_assert_num_queries(8):
        assert client.get(reverse("service", args=["payouts-api"])).status_code == 200
    with django_assert_num_queries(4):
        assert client.get(reverse("service-list")).status_code == 200
