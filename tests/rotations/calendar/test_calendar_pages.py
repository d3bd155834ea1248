"""The calendar's pages: both tiers, covers and gaps, for everybody who is signed in, in a fixed number of queries."""

from datetime import timedelta

import pytest
from django.urls import reverse

from rotations.people.clock import now as clock_now
from rotations.schedule.tiers import Tier
from tests.e2e.scene import payments
from tests.factories import (
    MembershipFactory,
    OverrideFactory,
    PublicationFactory,
    RotationFactory,
    ScheduleFactory,
    ShiftFactory,
)

QUERIES = 8  # DESIGN §9


@pytest.fixture
def scene(db):
    return payments(clock_now())


@pytest.fixture
def reader(client, scene):
    client.force_login(scene.person("Jonas"))
    return client


def month_of(at) -> str:
    return f"{at:%Y-%m}"


def page_of(client, scene, at=None, **query):
    query = {"month": month_of(at or scene.monday), **query}
    return client.get(reverse("calendar-month", args=[scene.schedule.slug]), query).content.decode()


def test_the_calendar_leads_to_the_first_schedule_of_ones_team(reader, scene):
    response = reader.get(reverse("calendar"))
    assert response.headers["Location"] == reverse("calendar-month", args=[scene.schedule.slug])


def test_a_schedule_that_was_chosen_is_shown(reader, scene):
    response = reader.get(reverse("calendar"), {"schedule": "payments"})
    assert response.headers["Location"] == reverse("calendar-month", args=["payments"])


def test_somebody_whose_team_has_no_schedule_may_choose_among_all_calendars(client, actors):
    ScheduleFactory(slug="ledger")
    client.force_login(actors.stranger)
    assert reverse("calendar-month", args=["ledger"]) in client.get(reverse("calendar")).content.decode()


def test_calendars_are_found_by_team_or_name(reader, scene):
    ScheduleFactory(name="Ledger", team__name="Accounting")
    found = reader.get(reverse("calendar-choose"), {"q": "account"}).content.decode()
    assert "Accounting: Ledger" in found
    assert "Payments: Payments" not in found
    assert "has “xyz” in its name" in reader.get(reverse("calendar-choose"), {"q": "xyz"}).content.decode()


@pytest.mark.parametrize("who", ["manager", "member", "observer", "stranger", "superuser"])
def test_everybody_who_is_signed_in_reads_every_calendar(client, actors, who):
    ScheduleFactory(team=actors.team, slug="ledger")
    client.force_login(getattr(actors, who))
    assert client.get(reverse("calendar-month", args=["ledger"])).status_code == 200


@pytest.mark.parametrize("name", ["calendar", "calendar-choose", "calendar-month"])
def test_nobody_reads_calendars_without_signing_in(client, scene, name):
    args = ["payments"] if name == "calendar-month" else []
    response = client.get(reverse(name, args=args))
    assert response.status_code == 302
    assert response.headers["Location"].startswith(reverse("account_login"))


def test_both_tiers_stand_in_every_week_in_the_same_way(reader, scene):
    page = page_of(reader, scene)
    assert page.count(">Primary</th>") == page.count(">Secondary</th>") >= 4
    assert "bar tier-primary person-1" in page
    assert "bar tier-secondary person-2" in page


def test_every_bar_says_its_whole_sentence(reader, scene):
    page = page_of(reader, scene)
    assert 'aria-label="Jonas Weber, primary, Mon ' in page
    assert "Priya for Jonas: Priya Raman, primary, covering for Jonas Weber, " in page


def test_a_gap_is_told_at_the_top_and_in_its_place(reader, scene):
    page = page_of(reader, scene, scene.monday + timedelta(weeks=1, days=3))
    assert "1 gap: nobody is secondary for 48\u00a0h" in page
    assert 'class="bar is-gap"' in page
    assert "Gap: nobody is secondary, Thu " in page
    assert "Jonas off" in page


def test_only_a_manager_is_offered_to_put_somebody_on_call(client, reader, scene):
    gap = scene.monday + timedelta(weeks=1, days=3)
    address = reverse("override-create", args=["payments"])
    assert address not in page_of(reader, scene, gap)
    client.force_login(scene.person("Mara"))
    assert address in page_of(client, scene, gap)


def test_time_beyond_the_horizon_is_said_to_be_unpublished_and_never_called_a_gap(reader, scene):
    page = page_of(reader, scene, scene.monday + timedelta(weeks=12))
    assert "What comes after is not published yet." in page
    assert "Gap: nobody" not in page
    far = page_of(reader, scene, scene.monday + timedelta(weeks=30))
    assert "No shifts in this month" in far
    assert "Shifts are published from " in far
    assert "Gap: nobody" not in far


def test_a_schedule_without_a_publication_says_what_comes_next(reader, scene):
    ScheduleFactory(team=scene.team, slug="new")
    page = reader.get(reverse("calendar-month", args=["new"])).content.decode()
    assert "Nothing is published yet." in page
    assert "A manager of Payments adds a rotation with its roster and publishes it." in page


def test_a_schedule_of_one_tier_has_no_secondary_and_no_gap_for_it(reader, scene, now):
    start = clock_now() - timedelta(days=1)
    publication = PublicationFactory(
        rotation=RotationFactory(schedule__team=scene.team, schedule__slug="single", tiers=1),
        effective_from=start,
        until=start + timedelta(weeks=2),
    )
    ShiftFactory(publication=publication, starts_at=start, ends_at=start + timedelta(weeks=2))
    page = reader.get(reverse("calendar-month", args=["single"])).content.decode()
    assert ">Primary</th>" in page
    assert ">Secondary</th>" not in page
    assert "gap" not in page.split("Legend")[0].split("</head>")[1].replace("is-gap", "")


@pytest.mark.parametrize("month", ["2026-13", "december", "0001-01", "9999-12"])
def test_a_month_that_cannot_be_is_not_found(reader, scene, month):
    assert reader.get(reverse("calendar-month", args=["payments"]), {"month": month}).status_code == 404


def test_the_months_before_and_after_are_one_step_away(reader, scene):
    page = page_of(reader, scene, scene.monday.replace(year=2027, month=1))
    assert '?month=2026-12">December 2026</a>' in page
    assert '?month=2027-02">February</a>' in page


def test_the_list_stays_a_list_from_month_to_month(reader, scene):
    page = page_of(reader, scene, view="list")
    assert "&amp;view=list" in page
    assert "<table" not in page
    assert "Primary: Jonas Weber" in page


def test_a_month_takes_few_queries_however_long_the_roster(reader, scene, django_assert_max_num_queries):
    with django_assert_max_num_queries(QUERIES):
        page_of(reader, scene)
    _fifty_more_schedules(scene)
    with django_assert_max_num_queries(QUERIES):
        page_of(reader, scene)


def _fifty_more_schedules(scene) -> None:
    for number in range(50):
        ScheduleFactory(team=scene.team, name=f"More {number}")
        user = MembershipFactory(team=scene.team).user
        start = scene.monday + timedelta(weeks=2, hours=number)
        OverrideFactory(
            schedule=scene.schedule,
            tier=Tier.PRIMARY,
            user=user,
            starts_at=start,
            ends_at=start + timedelta(hours=1),
        )
