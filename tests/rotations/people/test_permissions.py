"""Who may do what, as one table; and that a person who has left may do nothing."""

from itertools import product

import pytest

from rotations.people import permissions
from rotations.people.models import User
from rotations.people.services import create_api_token

pytestmark = pytest.mark.django_db

ACTORS = ["stranger", "observer", "member", "manager", "superuser"]
#                             stranger observer member manager superuser
TABLE = {
    "may_read_team":          [False,   True,    True,   True,   True],
    "may_respond":            [False,   False,   True,   True,   True],
    "may_manage":             [False,   False,   False,  True,   True],
}  # fmt: skip


def fresh(user: User) -> User:
    """As the next request reads the person: nothing remembered."""
    return User.objects.get(pk=user.pk)


@pytest.mark.parametrize(("rule", "actor"), list(product(TABLE, ACTORS)))
def test_every_role_may_what_the_table_says_and_no_more(rule, actor, actors):
    expected = TABLE[rule][ACTORS.index(actor)]
    assert getattr(permissions, rule)(getattr(actors, actor), actors.team.pk) is expected


@pytest.mark.parametrize(("rule", "actor"), list(product(TABLE, ACTORS)))
def test_whoever_has_left_may_nothing_whatever_their_role(rule, actor, actors):
    user = getattr(actors, actor)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert getattr(permissions, rule)(fresh(user), actors.team.pk) is False


@pytest.mark.parametrize(("actor", "expected"), list(zip(ACTORS, [False, False, False, True, True], strict=True)))
def test_managers_and_administrators_manage_something(actor, expected, actors):
    assert permissions.manages_something(getattr(actors, actor)) is expected


def test_people_read_the_affairs_of_their_own_teams_and_administrators_those_of_all(actors):
    elsewhere = actors.stranger.memberships.get().team
    assert permissions.teams_of(actors.member) == {actors.team.pk}
    assert permissions.teams_of(actors.stranger) == {elsewhere.pk}
    assert permissions.teams_of(actors.superuser) == {actors.team.pk, elsewhere.pk}


@pytest.mark.parametrize(
    ("actor", "expected"), [("member", True), ("superuser", True), ("manager", False), ("stranger", False)]
)
def test_a_token_is_revoked_by_its_owner_or_an_administrator(actor, expected, actors, now):
    token, _key = create_api_token(user=actors.member, name="wallboard", by=actors.member, now=now)
    assert permissions.may_revoke_token(getattr(actors, actor), token) is expected


def test_roles_are_asked_of_the_database_once_a_request(actors, django_assert_num_queries):
    member = fresh(actors.member)
    with django_assert_num_queries(1):
        for team_id in range(50):
            permissions.may_respond(member, team_id)
            permissions.may_manage(member, team_id)
