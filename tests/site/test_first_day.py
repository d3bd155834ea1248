"""The first day without demo data: from the printed link to a service whose alerts find two people, pages only."""

import json
import re

import pytest

from incidents.models import Integration, Service
from rotations.models import Rotation, Schedule, Shift, Team, User
from rotations.people import clock
from rotations.people.first_administrator import make_link

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


def chosen(client, address: str, **form: object) -> None:
    answer = client.post(address, form)
    assert answer.status_code == 302, answer.context["adminform"].form.errors


def test_the_first_administrator_sets_everything_up_and_an_event_is_accepted(client, settings):
    link = make_link(now=clock.now()).removeprefix(settings.SITE_URL)
    ada = {"name": "Ada Root", "email": "ada@example.com", "time_zone": "Europe/Berlin", "password": PASSWORD}
    steps = client.post(link, ada, follow=True).content.decode()
    adds = re.findall(r'href="(/admin/[^"]+/add/)"', steps)
    person, team, membership, schedule, rotation, seat, service, integration = adds

    for name in ("Mara Lindt", "Jonas Weber", "Priya Raman"):
        mail = f"{name.split()[0].lower()}@example.com"
        chosen(client, person, name=name, email=mail, time_zone="Europe/Berlin", usable_password="false")
    chosen(client, team, name="Payments", slug="payments")
    people, team_id = list(User.objects.exclude(name="Ada Root").order_by("pk")), Team.objects.get().pk
    for user in people:
        chosen(client, membership, team=team_id, user=user.pk, role="responder")
    chosen(client, schedule, team=team_id, name="On call")
    schedule_id = Schedule.objects.get().pk
    chosen(
        client,
        rotation,
        schedule=schedule_id,
        name="Weekly",
        time_zone="Europe/Berlin",
        tiers=2,
        pairing="trail",
        every=1,
        unit="weeks",
        anchor_on="2026-11-23",
        handoff_at="09:00",
    )
    for user in people:
        chosen(client, seat, rotation=Rotation.objects.get().pk, user=user.pk)
    publish_the_draft(client)
    chosen(client, service, team=team_id, name="payouts-api", schedule=schedule_id, urgency="high")
    chosen(client, integration, service=Service.objects.get().pk, name="Monitoring")

    (now,) = client.get("/api/v1/on-call/").json()
    assert len({held["person"]["name"] for held in now["tiers"]} & {user.name for user in people}) == 2
    assert Integration.objects.get().key in client.get("/services/payouts-api/").content.decode()
    event = {"routing_key": Integration.objects.get().key, "event_action": "trigger", "payload": {"summary": "Down"}}
    assert client.post("/v2/enqueue", json.dumps(event), content_type="application/json").status_code == 202


def publish_the_draft(client) -> None:
    page = f"/schedules/{Schedule.objects.get().slug}/"
    preview = re.search(r'name="preview" value="([^"]+)"', client.get(page).content.decode())
    client.post(f"{page}rotations/{Rotation.objects.get().pk}/publish/", {"preview": preview[1] if preview else ""})
    assert Shift.objects.exists()


def test_what_a_service_refuses_is_said_in_its_words_and_nothing_is_kept(client, actors):
    client.force_login(actors.superuser)
    chosen(client, "/admin/rotations/schedule/add/", team=actors.team.pk, name="On call")
    rotation = {
        "schedule": Schedule.objects.get().pk,
        "name": "Slow",
        "time_zone": "UTC",
        "tiers": 2,
        "pairing": "trail",
    }
    rhythm = {"every": 9, "unit": "weeks", "anchor_on": "2026-11-23", "handoff_at": "09:00"}
    answer = client.post("/admin/rotations/rotation/add/", rotation | rhythm, follow=True)
    assert "A shift lasts at most 4 weeks" in answer.content.decode()
    assert not Rotation.objects.exists()
