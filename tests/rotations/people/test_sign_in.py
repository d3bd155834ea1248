"""Signing in: who can, who cannot, and how often one may guess."""

import pytest
from django.core.cache import cache

from rotations.people.models import User
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
SIGN_IN = "/accounts/sign-in/"
RIGHT = "correct horse battery"


@pytest.fixture(autouse=True)
def _no_guesses_yet():
    cache.clear()
    yield
    cache.clear()


def sign_in(client, email: str, password: str = RIGHT):
    return client.post(SIGN_IN, {"login": email, "password": password})


def is_signed_in(client) -> bool:
    return client.get("/preferences/").status_code == 200


def test_people_sign_in_with_their_address_whatever_its_case(client):
    UserFactory(email="mara@example.com")
    assert sign_in(client, "MARA@Example.com").status_code == 302
    assert is_signed_in(client)


def test_whoever_has_left_cannot_sign_in(client):
    UserFactory(email="mara@example.com", is_active=False)
    sign_in(client, "mara@example.com")
    assert not is_signed_in(client)


def test_a_session_ends_when_its_person_is_deactivated(client):
    user = UserFactory(email="mara@example.com")
    sign_in(client, "mara@example.com")
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert not is_signed_in(client)


def test_a_wrong_password_and_an_unknown_address_are_answered_alike(client):
    UserFactory(email="mara@example.com")
    wrong, unknown = sign_in(client, "mara@example.com", "a wrong guess"), sign_in(client, "nobody@example.com")
    assert wrong.status_code == unknown.status_code == 200
    assert wrong.context["form"].non_field_errors() == unknown.context["form"].non_field_errors()


def test_after_five_wrong_guesses_even_the_right_password_has_to_wait(client):
    UserFactory(email="mara@example.com")
    for _ in range(5):
        sign_in(client, "mara@example.com", "a wrong guess")
    assert not sign_in(client, "mara@example.com").headers.get("Location")
    assert not is_signed_in(client)


def test_the_admins_own_door_leads_to_the_one_that_counts_guesses(client):
    UserFactory(email="ada@example.com", is_superuser=True, is_staff=True)
    answer = client.post("/admin/login/", {"username": "ada@example.com", "password": RIGHT})
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(SIGN_IN)
    assert not is_signed_in(client)


def test_nobody_signs_up_by_themselves(client):
    assert client.get("/accounts/signup/").status_code == 404
