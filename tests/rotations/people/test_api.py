"""How programs sign in, and how every endpoint answers errors, instants and pages."""

import base64
import json
from contextlib import suppress

import pytest
from django.core.exceptions import ValidationError as DjangoValidationError
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import ValidationError

from rotations.people.api import Instant, answer_error
from rotations.people.models import User
from rotations.people.services import create_api_token, revoke_api_token
from tests.factories import IncidentFactory, ScheduleFactory, UserFactory

pytestmark = pytest.mark.django_db
SCHEDULES = "/api/v1/schedules/"


@pytest.fixture
def person():
    return UserFactory(name="Mara Lindt")


@pytest.fixture
def token(person, now):
    return create_api_token(user=person, name="wallboard", by=person, now=now)


def get(client, authorization: str, path: str = SCHEDULES):
    return client.get(path, headers={"Authorization": authorization})


@pytest.mark.parametrize("scheme", ["Bearer", "Token", "bearer", "TOKEN"])
def test_a_program_signs_in_with_a_persons_token(scheme, client, token):
    assert get(client, f"{scheme} {token[1]}").status_code == 200


def test_whatever_is_wrong_with_a_token_is_answered_alike(client, person, token, now):
    left = UserFactory(is_active=False)
    of_whoever_left = create_api_token(user=left, name="old", by=person, now=now)[1]
    revoked, key = create_api_token(user=person, name="leaked", by=person, now=now)
    revoke_api_token(token=revoked, by=person, now=now)
    wrong = ["tdm_unknown", "", "é\xff", token[1] + "x", token[0].digest, of_whoever_left, key]
    answers = [get(client, f"Bearer {text}") for text in wrong]
    assert {answer.status_code for answer in answers} == {401}
    assert {answer.headers["WWW-Authenticate"] for answer in answers} == {'Bearer realm="Tandem"'}
    assert {answer.content for answer in answers} == {b'{"detail":"This token is not known here, or it was revoked."}'}


def test_without_a_token_one_is_asked_for(client):
    answer = client.get(SCHEDULES)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="Tandem"'
    assert "detail" in answer.json()


def test_a_wrong_token_beside_a_good_session_is_refused_all_the_same(client, person):
    client.force_login(person)
    assert client.get(SCHEDULES).status_code == 200
    assert get(client, "Bearer tdm_wrong").status_code == 401


def test_a_token_stops_when_its_person_leaves(client, person, token):
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert get(client, f"Bearer {token[1]}").status_code == 401


def test_signing_in_by_token_takes_one_query(client, token, django_assert_num_queries):
    with django_assert_num_queries(1):
        get(client, f"Bearer {token[1]}", "/api/v1/on-call/?at=never")


def test_a_session_cannot_post_without_the_csrf_token(person):
    client = Client(enforce_csrf_checks=True)
    client.force_login(person)
    assert client.post("/api/v1/incidents/1/acknowledge/").status_code == 403


def test_a_wrong_address_is_answered_in_json(client):
    answer = client.get("/api/v1/nothing/here/")
    assert answer.status_code == 404
    assert answer.json() == {"detail": "There is no such address. /api/v1/docs/ lists them all."}


def test_a_wrong_method_is_answered_in_json(client, token):
    answer = client.delete(SCHEDULES, headers={"Authorization": f"Bearer {token[1]}"})
    assert answer.status_code == 405
    assert list(answer.json()) == ["detail"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"[" * 60_000, 400),
        (b'"text"', 400),
        (b"[1]", 400),
        (b'{"reason": "\\u0000"}', 400),
        (b'{"reason": ' + b"9" * 5000 + b"}", 400),
        (b" " * 70_000, 413),
    ],
    ids=["cut", "no text", "deep", "a text", "a list", "nul", "a long number", "large"],
)
def test_a_bad_body_is_a_sentence_and_never_a_500(body, status, client, actors):
    incident = IncidentFactory(service__team=actors.team)
    client.force_login(actors.member)
    answer = client.post(f"/api/v1/incidents/{incident.pk}/escalate/", body, content_type="application/json")
    assert answer.status_code == status, answer.content
    assert answer.json()


def cursor(**parts: str) -> str:
    return base64.b64encode("&".join(f"{name}={value}" for name, value in parts.items()).encode()).decode()


@pytest.mark.parametrize(
    "made_up",
    [
        "nonsense",
        cursor(p="abc"),
        cursor(p="1' or 1=1"),
        cursor(p="9" * 40),
        cursor(p="2026-12-09"),
        cursor(p="%00"),
        cursor(o="-5"),
        cursor(o="ten"),
    ],
)
def test_a_made_up_cursor_is_not_found(made_up, client, person):
    client.force_login(person)
    assert client.get(SCHEDULES, {"cursor": made_up}).status_code == 404


def test_an_absurd_offset_finds_nothing_and_fails_nowhere(client, person):
    client.force_login(person)
    answer = client.get(SCHEDULES, {"cursor": cursor(o="999999999999999")})
    assert answer.status_code == 200
    assert answer.json()["results"] == []


def test_pages_follow_one_another_without_a_gap_while_rows_arrive(client, person):
    client.force_login(person)
    wanted = [ScheduleFactory().slug for _ in range(120)]
    found, address = [], SCHEDULES
    while address:
        page = client.get(address).json()
        found += [row["slug"] for row in page["results"]]
        address = page["next"]
        ScheduleFactory()
    assert found[:120] == wanted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-12-14T08:00:00Z", "2026-12-14T08:00:00Z"),
        ("2026-12-14T09:00:00+01:00", "2026-12-14T08:00:00Z"),
        ("2026-12-14T09:00:00 01:00", "2026-12-14T08:00:00Z"),  # an unescaped plus in an address
        ("2026-12-14T09:00+0100", "2026-12-14T08:00:00Z"),
    ],
)
def test_instants_come_in_with_any_offset_and_go_out_in_utc(text, expected):
    field = Instant()
    assert field.to_representation(field.to_internal_value(text)) == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("2026-12-14T09:00:00", "names no time zone"),
        ("2026-12-14 09:00", "names no time zone"),
        ("yesterday", "is no instant"),
        ("2026-02-30T09:00:00Z", "is no instant"),
        ("", "is no instant"),
        ("0001-01-01T00:00:00+14:00", "is no instant"),
        ("9999-12-31T23:59:59-14:00", "is no instant"),
        ("0700-01-01T00:00:00Z", "not between 1970 and 2200"),
        ("9999-12-31T00:00:00Z", "not between 1970 and 2200"),
    ],
)
def test_what_is_no_instant_is_told_how_to_write_one(text, sentence):
    with pytest.raises(ValidationError, match=sentence):
        Instant().to_internal_value(text)


@given(st.text() | st.datetimes().map(str) | st.integers() | st.none() | st.lists(st.integers()))
def test_an_instant_is_read_or_refused_whatever_comes(value):
    with suppress(ValidationError):
        assert Instant().to_internal_value(value).utcoffset() is not None


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (DjangoValidationError("It is late.", code="late"), {"detail": "It is late."}),
        (DjangoValidationError(["One.", "Two."]), {"detail": "One. Two."}),
        (DjangoValidationError({"name": ["Long."], "__all__": ["Taken."]}), {"name": ["Long."], "detail": "Taken."}),
        (ValidationError({"non_field_errors": ["Both."]}), {"detail": "Both."}),
        (ValidationError("No."), {"detail": "No."}),
        (ValidationError({"at": ["Wrong."]}), {"at": ["Wrong."]}),
    ],
)  # fmt: skip
def test_errors_are_a_detail_or_sentences_by_field(error, expected):
    answer = answer_error(error, {})
    assert answer.status_code == 400
    assert json.loads(json.dumps(answer.data)) == expected


def test_an_unexpected_error_is_not_dressed_up():
    assert answer_error(ZeroDivisionError(), {}) is None
