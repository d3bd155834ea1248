"""The demo: there at once, the same when asked again, and gone without a trace unless real data needs it."""

import io
import json
import os
import subprocess
import sys

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command

from incidents.models import Integration, Page, PolicyStep
from incidents.paging.inbox import work_inbox
from oncall_site import demo, demo_removal
from rotations.models import Shift, Team, User
from rotations.people.clock import now
from rotations.people.models import Role
from rotations.people.services import digest_of
from tests.factories import MembershipFactory, OverrideFactory, ServiceFactory, UserFactory

pytestmark = pytest.mark.django_db


def manage(*arguments: str) -> str:
    said = io.StringIO()
    call_command("demo", *arguments, stdout=said)
    return said.getvalue()


def row_counts() -> dict[str, int]:
    models = [model for app in ("rotations", "incidents") for model in apps.get_app_config(app).get_models()]
    return {model.__name__: model._default_manager.count() for model in models}


def test_the_demo_is_a_team_of_seven_of_whom_two_are_on_call():
    found = json.loads(manage("--json"))
    assert [login["role"] for login in found["logins"]].count("Responder") == 6
    assert sorted(login["tier_now"] for login in found["logins"] if login["tier_now"]) == ["primary", "secondary"]
    assert found["address"] == "http://127.0.0.1:8000"


def test_every_login_works(client):
    found = json.loads(manage("--json"))
    for login in found["logins"]:
        assert User.objects.get(email=login["email"]).check_password(login["password"])


def test_key_and_token_are_those_of_the_rows_and_the_same_when_asked_again():
    first, second = json.loads(manage("--json")), json.loads(manage("--json"))
    assert first == second
    assert Integration.objects.get().key == first["integration_key"]
    assert User.objects.get(api_tokens__digest=digest_of(first["api_token"])).name == demo.MANAGER


def test_keys_are_of_this_installation_alone(settings):
    before = demo.integration_key(), demo.api_token(), demo.password()
    settings.SECRET_KEY = "another installation's"
    assert not {demo.integration_key(), demo.api_token(), demo.password()} & set(before)


def test_each_step_waits_a_minute_so_that_it_can_be_watched():
    manage()
    assert [step.after.total_seconds() for step in PolicyStep.objects.all()] == [0, 60, 60]


def test_the_printed_curl_is_an_event_in_pagerdutys_format():
    text = manage()
    event = json.loads(text.split("-d '")[1].split("'")[0])
    assert event["payload"]["severity"] == "error"
    assert event["routing_key"] == Integration.objects.get().key
    assert ".venv/bin/python manage.py send_test_event" in text


def test_the_printed_command_finds_this_site_from_another_shell(monkeypatch, settings, tmp_path):
    """A shell of one's own knows nothing of what `make run` was given."""
    for name in ("DATABASE_URL", "SITE_URL"):
        monkeypatch.delenv(name, raising=False)
    settings.DATA_DIR = tmp_path / "my data"
    monkeypatch.setenv("DATA_DIR", "somewhere relative")
    monkeypatch.setenv("PORT", "8001")
    text = manage()
    assert f"DATA_DIR='{tmp_path}/my data' PORT=8001 .venv/bin/python manage.py send_test_event\n" in text


def test_the_printed_command_holds_no_password_of_a_database(monkeypatch):
    for name in ("DATA_DIR", "PORT", "SITE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", "postgres://tandem:secret@db.example.com/tandem")
    text = manage()
    key = Integration.objects.get().key
    assert f"  .venv/bin/python manage.py send_test_event --key {key}\n" in text
    assert "secret@" not in text


def test_removing_leaves_nothing_but_the_log_that_somebody_was_there():
    before = row_counts()
    manage()
    manage("--remove")
    after = row_counts()
    assert {name: count for name, count in after.items() if count != before[name]} in ({}, {"AuditEntry": 1})


def test_removing_takes_incidents_and_their_pages_along(client):
    manage()
    _page_somebody()
    assert Page.objects.exists()
    manage("--remove")
    assert not Team.objects.exists()
    assert not Shift.objects.exists()
    assert not User.objects.exists()


@pytest.mark.parametrize("arguments", [[], ["--json"], ["--remove"]])
def test_where_nothing_was_started_yet_one_sentence_says_what_to_do(tmp_path, arguments):
    elsewhere = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path)}
    command = [sys.executable, "manage.py", "demo", *arguments]
    done = subprocess.run(command, cwd=settings.BASE_DIR, env=elsewhere, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("CommandError: The database cannot be read. Start Tandem first: make run.")
    assert "Traceback" not in done.stderr


def test_removing_twice_says_that_there_is_nothing():
    assert "no demo" in manage("--remove")


def test_removing_leaves_real_data_alone():
    service = ServiceFactory()
    manage()
    manage("--remove")
    service.refresh_from_db()
    assert Team.objects.get() == service.team


def test_a_real_person_on_the_demo_team_keeps_it():
    manage()
    MembershipFactory(team=Team.objects.get(is_demo=True), user=UserFactory(name="Ada Real"))
    with pytest.raises(CommandError, match="Ada Real is on Payments"):
        manage("--remove")
    assert Team.objects.exists()


def test_a_real_service_on_the_demos_schedule_keeps_it():
    manage()
    ServiceFactory(name="ledger", schedule=Team.objects.get(is_demo=True).schedules.get())
    with pytest.raises(CommandError, match="service ledger"):
        manage("--remove")


def test_a_demo_person_who_covers_on_a_real_schedule_keeps_it():
    manage()
    OverrideFactory(user=User.objects.get(name="Mara Lindt"))
    with pytest.raises(CommandError, match="Mara Lindt takes"):
        manage("--remove")


def test_a_demo_person_on_a_real_team_keeps_it():
    manage()
    MembershipFactory(user=User.objects.get(name="Mara Lindt"), team__name="Ledger", role=Role.RESPONDER)
    with pytest.raises(CommandError, match="Ledger"):
        manage("--remove")


def test_a_site_that_others_reach_gets_no_demo_unless_it_is_asked_for_by_name(settings):
    settings.SITE_URL = "https://oncall.example.com"
    with pytest.raises(CommandError, match="--force-public"):
        manage()
    assert not User.objects.exists()
    assert "oncall.example.com" in manage("--force-public")


def test_a_name_that_is_taken_is_told_and_nothing_is_left_half_done():
    MembershipFactory(team__name="Payments", team__slug="payments")
    before = row_counts()
    with pytest.raises(CommandError):
        manage()
    assert row_counts() == before


def test_every_model_has_a_place_in_the_removal_or_belongs_to_nobody():
    listed = {model for model, _place in demo_removal.PLACES}
    models = {model for app in ("rotations", "incidents") for model in apps.get_app_config(app).get_models()}
    assert {model.__name__ for model in models - listed} == {"Sweep"}


def _page_somebody() -> None:
    call_at = now()
    integration = Integration.objects.get()
    integration.events.create(
        service=integration.service,
        key="k",
        received_at=call_at,
        body=json.dumps(
            {
                "routing_key": integration.key,
                "event_action": "trigger",
                "payload": {"summary": "down", "source": "x", "severity": "error"},
            }
        ),
    )
    work_inbox(now=call_at)
