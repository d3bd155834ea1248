"""The writers of people, teams and tokens, and the audit line that each leaves."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from hypothesis import given
from hypothesis import strategies as st

from rotations.people import services
from rotations.people.models import ApiToken, AuditEntry, Role, User, initials_of
from tests.factories import TeamFactory, UserFactory

pytestmark = pytest.mark.django_db


def audit_lines() -> list[tuple[str, str]]:
    return list(AuditEntry.objects.order_by("pk").values_list("action", "subject"))


def test_adding_a_person_leaves_an_audit_line_that_says_who_did_it(now):
    boss = UserFactory()
    services.create_user(email="Mara@Example.COM", name=" Mara Lindt ", time_zone="Europe/Berlin", by=boss, now=now)
    mara = User.objects.get(name="Mara Lindt")
    assert mara.email == "Mara@example.com"
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject, entry.by, entry.at) == ("person.added", "Mara Lindt", boss, now)


def test_an_address_belongs_to_one_person_whatever_its_case(now):
    services.create_user(email="mara@example.com", name="Mara", by=None, now=now)
    with pytest.raises(ValidationError, match="Somebody has this address"):
        services.create_user(email="MARA@example.com", name="Other", by=None, now=now)
    assert User.objects.count() == 1
    assert len(audit_lines()) == 1  # what was refused leaves no line


def test_a_person_without_a_password_cannot_sign_in_until_they_set_one(now, client):
    user = services.create_user(email="mara@example.com", name="Mara", by=None, now=now)
    assert not user.has_usable_password()
    assert not client.login(email="mara@example.com", password="")


def test_an_unknown_time_zone_is_refused_with_an_example(now):
    with pytest.raises(ValidationError, match="Choose one such as Europe/Berlin"):
        services.create_user(email="mara@example.com", name="Mara", time_zone="Mars/Olympus", by=None, now=now)


def test_two_teams_cannot_have_one_name(now):
    services.create_team(name="Payments", by=None, now=now)
    with pytest.raises(ValidationError):
        services.create_team(name="Payments", by=None, now=now)


def test_a_team_whose_name_has_no_latin_letters_gets_an_address_all_the_same(now):
    assert services.create_team(name="支払い", by=None, now=now).slug


def test_members_get_the_lowest_free_colour_and_the_thirteenth_repeats_the_first(now):
    team = services.create_team(name="Payments", by=None, now=now)
    colours = []
    for number in range(13):
        user = services.create_user(email=f"p{number}@example.com", name=f"P {number}", by=None, now=now)
        services.add_member(team=team, user=user, role=Role.RESPONDER, by=None, now=now)
        colours.append(user.colour)
    assert colours == [*range(1, 13), 1]


def test_a_colour_is_given_with_the_first_team_and_never_changes(now):
    first, second = (services.create_team(name=name, by=None, now=now) for name in ("Payments", "Search"))
    early, mara = (services.create_user(email=f"{n}@example.com", name=n, by=None, now=now) for n in ("early", "mara"))
    services.add_member(team=first, user=early, role=Role.RESPONDER, by=None, now=now)
    services.add_member(team=first, user=mara, role=Role.RESPONDER, by=None, now=now)
    services.add_member(team=second, user=mara, role=Role.MANAGER, by=None, now=now)
    mara.refresh_from_db()
    assert mara.colour == 2


def test_nobody_is_on_a_team_twice(now):
    team, user = TeamFactory(), UserFactory()
    services.add_member(team=team, user=user, role=Role.RESPONDER, by=None, now=now)
    with pytest.raises(ValidationError):
        services.add_member(team=team, user=user, role=Role.MANAGER, by=None, now=now)


def test_joining_a_team_is_in_that_teams_audit_log(now):
    team, user = TeamFactory(), UserFactory(name="Mara Lindt")
    services.add_member(team=team, user=user, role=Role.MANAGER, by=None, now=now)
    entry = AuditEntry.objects.get(team=team)
    assert (entry.action, entry.subject, entry.detail) == ("member.added", "Mara Lindt", {"role": "manager"})


def test_a_token_is_kept_as_a_fingerprint_only(now):
    user = UserFactory()
    kept, key = services.create_api_token(user=user, name="wallboard", by=user, now=now)
    assert key.startswith("tdm_")
    assert len(key) > 40
    assert not any(key in str(value) for row in ApiToken.objects.values() for value in row.values())
    assert not any(key in str(value) for row in AuditEntry.objects.values() for value in row.values())
    assert kept.digest == services.digest_of(key)


def test_revoking_twice_leaves_the_first_instant_and_one_line(now):
    user = UserFactory()
    kept, _key = services.create_api_token(user=user, name="wallboard", by=user, now=now)
    for _ in range(2):
        services.revoke_api_token(token=kept, by=user, now=now)
    assert audit_lines() == [("token.created", "wallboard"), ("token.revoked", "wallboard")]


def test_nobody_revokes_a_colleagues_token(now, actors):
    kept, _key = services.create_api_token(user=actors.member, name="wallboard", by=actors.member, now=now)
    with pytest.raises(PermissionDenied):
        services.revoke_api_token(token=kept, by=actors.manager, now=now)
    kept.refresh_from_db()
    assert kept.revoked_at is None


@given(st.text(max_size=60))
def test_initials_are_never_empty_and_never_longer_than_three_words(name):
    assert initials_of(name)
    assert len(name.split()) != 2 or initials_of(name)[0] == name.split()[0][0].upper()[0]
