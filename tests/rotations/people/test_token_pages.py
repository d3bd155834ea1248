"""A person's own tokens: shown once, listed by name, revoked by their owner."""

import re

import pytest

from rotations.people.models import ApiToken
from rotations.people.services import create_api_token

pytestmark = pytest.mark.django_db
PAGE = "/account/tokens/"


def test_a_new_token_works_and_is_shown_this_once(client, actors):
    client.force_login(actors.member)
    answer = client.post(PAGE, {"name": "wallboard"})
    (key,) = re.findall(r"tdm_[\w-]{43}", answer.content.decode())
    assert "no-store" in answer.headers["Cache-Control"]
    assert key not in client.get(PAGE).content.decode()
    client.logout()
    assert client.get("/api/v1/on-call/", headers={"Authorization": f"Bearer {key}"}).status_code == 200


def test_a_token_without_a_name_is_not_made(client, actors):
    client.force_login(actors.member)
    assert b"required" in client.post(PAGE, {"name": " "}).content
    assert not ApiToken.objects.exists()


def test_people_see_their_own_tokens_only_and_no_revoked_ones(client, actors, now):
    for actor, name in ((actors.member, "mine"), (actors.manager, "theirs")):
        create_api_token(user=actor, name=name, by=actor, now=now)
    client.force_login(actors.member)
    page = client.get(PAGE).content.decode()
    assert "mine" in page
    assert "theirs" not in page
    client.post(f"{PAGE}{ApiToken.objects.get(name='mine').pk}/revoke/")
    assert "Revoke" not in client.get(PAGE).content.decode()


@pytest.mark.parametrize("actor", ["stranger", "manager", "superuser"])
def test_nobody_revokes_a_token_of_somebody_else_on_this_page(actor, client, actors, now):
    token, _key = create_api_token(user=actors.member, name="mine", by=actors.member, now=now)
    client.force_login(getattr(actors, actor))
    assert client.post(f"{PAGE}{token.pk}/revoke/").status_code == 404
    token.refresh_from_db()
    assert token.revoked_at is None


def test_fifty_tokens_take_as_many_queries_as_one(client, actors, now, django_assert_max_num_queries):
    client.force_login(actors.member)
    for number in range(50):
        create_api_token(user=actors.member, name=f"token {number}", by=actors.member, now=now)
    with django_assert_max_num_queries(3):
        client.get(PAGE)
