"""Schedules for programs: who is on call, and the final timeline."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rotations.people.api import Instant
from rotations.rota import selectors
from rotations.rota.models import Schedule
from rotations.schedule.spans import Span
from rotations.schedule.tiers import Tier
from tests.factories import (
    SOME_MONDAY,
    OverrideFactory,
    PublicationFactory,
    RotationFactory,
    ScheduleFactory,
    ShiftFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
AT = "2026-12-09T09:00:00Z"
WEEK = timedelta(weeks=1)


def schedule_with_a_pair(
    slug: str = "payments", primary: str = "Jonas Weber", secondary: str = "Mara Lindt"
) -> Schedule:
    """One schedule, one published week, two people."""
    schedule = ScheduleFactory(slug=slug, name=slug.title())
    publication = PublicationFactory(rotation=RotationFactory(schedule=schedule))
    for tier, name in ((Tier.PRIMARY, primary), (Tier.SECONDARY, secondary)):
        ShiftFactory(publication=publication, tier=tier, user=UserFactory(name=name))
    return schedule


@pytest.fixture
def client(client):
    """A stranger who is signed in: everybody reads schedules."""
    client.force_login(UserFactory())
    return client


def names(answer) -> list[tuple[str, str | None]]:
    return [(held["tier"], held["person"] and held["person"]["name"]) for held in answer["tiers"]]


def test_both_tiers_are_told_for_any_instant(client):
    schedule_with_a_pair()
    (answer,) = client.get("/api/v1/on-call/", {"at": AT}).json()
    assert answer["schedule"] == {"slug": "payments", "name": "Payments"}
    assert answer["at"] == AT
    assert names(answer) == [("primary", "Jonas Weber"), ("secondary", "Mara Lindt")]
    primary = answer["tiers"][0]
    assert (primary["starts_at"], primary["ends_at"]) == ("2026-12-07T08:00:00Z", "2026-12-14T08:00:00Z")
    assert primary["is_override"] is False


def test_whoever_took_a_tier_over_is_told_and_marked(client):
    schedule = schedule_with_a_pair()
    OverrideFactory(schedule=schedule, user=UserFactory(name="Priya Raman"))
    answer = client.get("/api/v1/schedules/payments/on-call/", {"at": "2026-12-08T10:00:00Z"}).json()
    assert names(answer) == [("primary", "Priya Raman"), ("secondary", "Mara Lindt")]
    assert [held["is_override"] for held in answer["tiers"]] == [True, False]


def test_a_gap_is_a_tier_without_a_person(client):
    schedule_with_a_pair()
    answer = client.get("/api/v1/schedules/payments/on-call/", {"at": "2027-12-09T09:00:00Z"}).json()
    assert answer["tiers"][0] == {
        "tier": "primary", "person": None, "starts_at": None, "ends_at": None, "is_override": False,
    }  # fmt: skip
    assert names(answer)[1] == ("secondary", None)


def test_a_single_tier_schedule_has_no_secondary_to_miss(client):
    schedule = ScheduleFactory(slug="wiki")
    rotation = RotationFactory(schedule=schedule, tiers=1)
    ShiftFactory(publication__rotation=rotation, user=UserFactory(name="Jonas Weber"))
    answer = client.get("/api/v1/schedules/wiki/on-call/", {"at": AT}).json()
    assert names(answer) == [("primary", "Jonas Weber")]


def test_now_is_meant_when_no_instant_is_given(client):
    schedule_with_a_pair()
    (answer,) = client.get("/api/v1/on-call/").json()
    assert answer["at"].endswith("Z")


def test_the_answer_is_in_utc_for_readers_in_every_zone(client):
    schedule_with_a_pair()
    client.force_login(UserFactory(time_zone="Asia/Kathmandu"))
    (answer,) = client.get("/api/v1/on-call/", {"at": AT}).json()
    assert answer["tiers"][0]["starts_at"] == "2026-12-07T08:00:00Z"


def test_some_schedules_can_be_asked_for(client):
    for slug in ("a", "b", "c"):
        schedule_with_a_pair(slug)
    answers = client.get("/api/v1/on-call/", {"at": AT, "schedule": ["c", "a", "unknown"]}).json()
    assert [answer["schedule"]["slug"] for answer in answers] == ["a", "c"]


@pytest.mark.parametrize("how", [{"query": "format=text"}, {"accept": "text/plain"}])
def test_a_shell_script_reads_one_line_a_tier(how, client):
    schedule_with_a_pair(secondary="Mara\u2028 Lindt\nprimary Eve")
    answer = client.get(
        f"/api/v1/schedules/payments/on-call/?at={AT}&{how.get('query', '')}",
        headers={"Accept": how.get("accept", "*/*")},
    )
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content.decode() == "primary Jonas Weber\nsecondary Mara Lindt primary Eve\n"


def test_a_shell_script_reads_nobody_for_a_gap_and_a_sentence_for_an_error(client):
    ScheduleFactory(slug="empty")
    address = "/api/v1/schedules/empty/on-call/?format=text"
    assert client.get(address).content == b"primary nobody\nsecondary nobody\n"
    assert b"names no time zone" in client.get(f"{address}&at=2026-12-09T09:00:00").content
    assert client.get("/api/v1/schedules/unknown/on-call/?format=text").status_code == 404


def test_contact_data_is_never_told(client):
    schedule_with_a_pair()
    for path in ("on-call/", "schedules/", "schedules/payments/on-call/", "schedules/payments/timeline/"):
        query = {"at": AT, "from": AT, "to": "2027-01-09T09:00:00Z"}
        assert b"@example.com" not in client.get(f"/api/v1/{path}", query).content


def test_schedules_are_listed_with_their_rotations(client):
    schedule_with_a_pair()
    ScheduleFactory(archived_at=SOME_MONDAY)
    (found,) = client.get("/api/v1/schedules/").json()["results"]
    assert found["slug"] == "payments"
    assert found["rotations"][0]["time_zone"] == "Europe/Berlin"
    assert found["rotations"][0]["tiers"] == 2


def test_the_timeline_is_the_final_one(client):
    schedule = schedule_with_a_pair()
    OverrideFactory(schedule=schedule, user=UserFactory(name="Priya Raman"))
    start, end = SOME_MONDAY, SOME_MONDAY + 2 * WEEK
    found = client.get(
        "/api/v1/schedules/payments/timeline/", {"from": start.isoformat(), "to": end.isoformat()}
    ).json()["timeline"]
    instant = Instant()
    assert [
        (row["tier"], row["starts_at"], row["ends_at"], row["person"] and row["person"]["id"]) for row in found
    ] == [
        (hold.tier, instant.to_representation(hold.start), instant.to_representation(hold.end), hold.person)
        for hold in selectors.final_timeline(schedule, Span(start, end))
    ]
    priya = next(row for row in found if row["override"])
    assert (priya["person"]["name"], priya["covers"]["name"]) == ("Priya Raman", "Jonas Weber")
    assert {"person": None, "starts_at": "2026-12-14T08:00:00Z"}.items() <= found[-1].items()


@pytest.mark.parametrize(
    ("query", "field", "sentence"),
    [
        ({}, "from", "required"),
        ({"from": AT}, "to", "required"),
        ({"from": AT, "to": AT}, "to", "ends before it begins"),
        ({"from": AT, "to": "2026-12-01T00:00:00Z"}, "to", "ends before it begins"),
        ({"from": AT, "to": "2027-12-11T09:00:00Z"}, "to", "longer than 366 days"),
        ({"from": "soon", "to": AT}, "from", "is no instant"),
    ],
)
def test_a_window_that_makes_no_sense_is_a_sentence(query, field, sentence, client):
    schedule_with_a_pair()
    answer = client.get("/api/v1/schedules/payments/timeline/", query)
    assert answer.status_code == 400
    assert sentence in answer.json()[field][0]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("on-call/?at=soon", 400),
        ("on-call/?at=2026-12-09T09:00:00", 400),
        ("on-call/?at=0001-01-01T00:00:00Z", 400),
        ("on-call/?at=9999-12-31T23:59:59Z", 400),
        ("on-call/?schedule=%00", 400),
        ("on-call/?schedule=" + "x" * 200, 400),
        ("on-call/?" + "schedule=x&" * 101, 400),
        ("on-call/?format=xml", 404),
        ("schedules/unknown/on-call/", 404),
        ("schedules/unknown/timeline/?from=2026-12-09T09:00:00Z&to=2026-12-10T09:00:00Z", 404),
        ("schedules/%00/on-call/", 404),
        ("schedules/a b/on-call/", 404),
    ],
)
def test_bad_questions_are_answered_and_never_a_500(path, status, client):
    assert client.get(f"/api/v1/{path}").status_code == status


@pytest.mark.parametrize(
    "path",
    [
        "on-call/",
        "schedules/",
        "schedules/payments/on-call/",
        "schedules/payments/timeline/?from=2026-12-01T00:00:00Z&to=2027-11-01T00:00:00Z",
    ],
)
def test_fifty_schedules_take_as_many_queries_as_one(path, client):
    publication = schedule_with_a_pair().rotations.get().publications.get()
    client.get(f"/api/v1/{path}")
    with CaptureQueriesContext(connection) as one:
        client.get(f"/api/v1/{path}")
    for number in range(49):
        schedule_with_a_pair(f"schedule-{number}")
        weeks = {"starts_at": SOME_MONDAY + (number + 1) * WEEK, "ends_at": SOME_MONDAY + (number + 2) * WEEK}
        ShiftFactory(publication=publication, slot=number + 1, **weeks)
    with CaptureQueriesContext(connection) as fifty:
        client.get(f"/api/v1/{path}")
    assert len(fifty) == len(one) <= 6
