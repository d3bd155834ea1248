"""The first administrator: a link that works once, for a day, and for one person."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from rotations.people import clock
from rotations.people.first_administrator import (
    create_first_administrator,
    is_needed,
    make_link,
    make_token,
    read_token,
)
from rotations.people.models import AuditEntry, User
from tests.factories import UserFactory

ADA = {
    "name": "Ada Root",
    "email": "ada@example.com",
    "time_zone": "Europe/Berlin",
    "password": "correct horse battery",
}


def path(token: str) -> str:
    return f"/first-administrator/{token}/"


@pytest.mark.django_db
def test_the_link_makes_an_administrator_who_is_signed_in_and_told_what_to_do_next(client):
    token = make_token(now=clock.now())
    assert b"Nobody administers this Tandem yet" in client.get(path(token)).content
    answer = client.post(path(token), ADA, follow=True)
    ada = User.objects.get()
    assert (ada.is_superuser, ada.is_staff, ada.name, ada.time_zone) == (True, True, "Ada Root", "Europe/Berlin")
    assert answer.redirect_chain == [("/first-steps/", 302)]
    assert b"Add the people" in answer.content
    assert client.get("/admin/").status_code == 200
    assert AuditEntry.objects.get().action == "person.added"


@pytest.mark.django_db
def test_the_link_is_worth_nothing_once_there_is_an_administrator(client):
    token = make_token(now=clock.now())
    UserFactory(is_superuser=True)
    assert not is_needed()
    for answer in (client.get(path(token)), client.post(path(token), ADA)):
        assert answer.status_code == 403
        assert b"Tandem has an administrator already" in answer.content
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_the_link_is_good_for_exactly_a_day(now):
    token = make_token(now=now)
    read_token(token, now=now + timedelta(hours=24) - timedelta(seconds=1))
    with pytest.raises(ValidationError, match="older than 24 hours"):
        read_token(token, now=now + timedelta(hours=24))


@pytest.mark.django_db
@pytest.mark.parametrize("change", [lambda t: t[:-1], lambda t: "A" + t, lambda t: "x", lambda t: t.replace(":", "")])
def test_a_link_that_was_changed_or_cut_is_refused(change, client):
    answer = client.post(path(change(make_token(now=clock.now()))), ADA)
    assert answer.status_code == 403
    assert not User.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"password": "short"}, b"too short"),
        ({"password": "password123"}, b"too common"),
        ({"email": "no-address"}, b"valid email"),
        ({"time_zone": "Mars/Olympus"}, b"not one of the available"),
        ({"name": ""}, b"required"),
        ({"email": "taken@EXAMPLE.com"}, b"Somebody has this address"),
    ],
)
def test_what_is_wrong_is_said_and_the_link_stays_good(wrong, sentence, client):
    UserFactory(email="taken@example.com")
    token = make_token(now=clock.now())
    answer = client.post(path(token), ADA | wrong)
    assert sentence in answer.content
    assert client.post(path(token), ADA).status_code == 302


def test_the_printed_link_is_a_whole_address(now, settings):
    assert make_link(now=now).startswith(f"{settings.SITE_URL}/first-administrator/")


@pytest.mark.django_db(transaction=True)
def test_of_two_submissions_at_once_one_wins_and_the_other_is_told(now):
    token, start = make_token(now=now), Barrier(2)

    def submit(email: str) -> str:
        try:
            start.wait()
            create_first_administrator(token=token, **(ADA | {"email": email}), now=now)
        except ValidationError as refused:
            return str(refused.code)
        finally:
            connection.close()
        return "won"

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(submit, ["ada@example.com", "eve@example.com"])) == ["used", "won"]
    assert User.objects.filter(is_superuser=True).count() == 1
