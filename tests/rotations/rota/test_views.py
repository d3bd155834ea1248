"""A schedule's pages: everybody who is signed in reads, managers of the team write."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from rotations.people.clock import now as real_now
from rotations.rota import services
from rotations.rota.models import Override, Publication
from rotations.rota.selectors import on_call_at
from rotations.schedule.tiers import Tier
from tests.factories import RotationFactory, SeatFactory

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
READERS = ["manager", "member", "observer", "stranger", "superuser"]
WRITERS = {"manager", "superuser"}


@pytest.fixture
def published(actors):
    """The actors' team has a schedule that is published from now on, on the real clock."""
    rotation = RotationFactory(schedule__team=actors.team, schedule__slug="payments", schedule__name="Payments")
    for position, user in enumerate([actors.manager, actors.member]):
        SeatFactory(rotation=rotation, user=user, position=position, starts_at=real_now() - DAY)
    services.publish(rotation, by=actors.manager, now=real_now())
    return rotation


@pytest.fixture
def get(client, actors):
    def get(who, name, *args, **query):
        client.force_login(getattr(actors, who))
        return client.get(reverse(name, args=args), query)

    return get


@pytest.fixture
def post(client, actors):
    def post(who, name, *args, **data):
        client.force_login(getattr(actors, who))
        return client.post(reverse(name, args=args), data)

    return post


def wall(at):
    """As the browser's picker writes it, on the clock of Berlin, where all actors are."""
    return timezone.localtime(at, timezone.zoneinfo.ZoneInfo("Europe/Berlin")).strftime("%Y-%m-%dT%H:%M")


def entry(user, **changed):
    start = real_now() + DAY
    return {
        "tier": "primary", "user": user.pk, "starts_at": wall(start), "ends_at": wall(start + DAY), "reason": "Dentist",
    } | changed  # fmt: skip


@pytest.mark.parametrize("who", READERS)
def test_everybody_who_is_signed_in_reads_a_schedule_and_why(published, get, who):
    page = get(who, "schedule", "payments")
    assert page.status_code == 200
    assert "Every week, Monday at 09:00, Europe/Berlin" in page.content.decode()
    assert get(who, "why", "payments", tier="secondary").status_code == 200


def test_a_schedule_of_one_tier_says_nothing_of_a_secondary(published, get):
    assert "Nobody" not in get("member", "schedule", "payments").content.decode()
    published.tiers = 1
    published.save()
    page = get("member", "schedule", "payments")
    assert [tier for tier, _holder in page.context["page"].duties] == [Tier.PRIMARY]


def test_nobody_reads_without_signing_in(published, client):
    for name in ("schedule", "why", "override-create"):
        assert client.get(reverse(name, args=["payments"])).status_code == 302


@pytest.mark.parametrize("who", READERS)
def test_only_managers_see_what_publishing_would_do_and_are_offered_to_act(published, get, who):
    page = get(who, "schedule", "payments").content.decode()
    assert ("If you publish now" in page) == (who in WRITERS)
    assert ("Let somebody take over" in page) == (who in WRITERS)


@pytest.mark.parametrize("who", READERS)
def test_only_managers_enter_an_override(published, get, post, actors, who):
    assert get(who, "override-create", "payments").status_code == (200 if who in WRITERS else 403)
    taker = actors.manager
    answer = post(who, "override-create", "payments", **entry(taker))
    assert answer.status_code in ({302, 200} if who in WRITERS else {403})
    if who not in WRITERS:
        assert not Override.objects.exists()


@pytest.mark.parametrize("who", READERS)
def test_only_managers_withdraw_an_override(published, post, actors, who):
    override = free_override(published, actors)
    answer = post(who, "override-withdraw", "payments", override.pk)
    assert answer.status_code == (302 if who in WRITERS else 403)
    override.refresh_from_db()
    assert bool(override.withdrawn_at) == (who in WRITERS)


@pytest.mark.parametrize("who", READERS)
def test_only_managers_publish(published, post, who):
    assert post(who, "rotation-publish", "payments", published.pk).status_code == (302 if who in WRITERS else 403)
    assert Publication.objects.count() == (2 if who in WRITERS else 1)


def free_override(rotation, actors):
    """Somebody who is in no roster takes over tomorrow."""
    actors.superuser.memberships.create(team=actors.team)
    start = real_now() + DAY
    return services.approve_override(
        schedule=rotation.schedule, tier=Tier.PRIMARY, user=actors.superuser, starts_at=start, ends_at=start + DAY,
        reason="Dentist", by=actors.manager, now=real_now(),
    )  # fmt: skip


def test_an_override_is_entered_on_the_managers_own_clock(published, post, actors):
    actors.superuser.memberships.create(team=actors.team)
    answer = post("manager", "override-create", "payments", **entry(actors.superuser))
    assert answer.status_code == 302
    override = Override.objects.get()
    assert wall(override.starts_at) == entry(actors.superuser)["starts_at"]
    assert (override.user, override.approved_by, override.reason) == (actors.superuser, actors.manager, "Dentist")


def test_a_refusal_stands_at_the_field_that_can_mend_it(published, post, actors):
    holders = on_call_at(real_now() + DAY)[published.schedule_id]
    secondary = holders[Tier.SECONDARY].user_id
    start = real_now() + DAY
    cases = {
        "user": entry(actors.manager) | {"user": secondary},
        "starts_at": entry(actors.manager, starts_at=wall(start - 3 * DAY)),
        "ends_at": entry(actors.manager, ends_at=wall(start - HOUR)),
    }
    for field, data in cases.items():
        page = post("manager", "override-create", "payments", **data)
        assert page.status_code == 200
        assert set(page.context["form"].errors) == {field}
        assert "is-invalid" in page.content.decode()
    assert not Override.objects.exists()


def test_only_team_members_who_can_be_on_call_are_offered(published, get, post, actors):
    page = get("manager", "override-create", "payments")
    assert set(page.context["form"].fields["user"].queryset) == {actors.manager, actors.member}
    refused = post("manager", "override-create", "payments", **entry(actors.stranger))
    assert "Only responders and managers" in refused.content.decode()


def test_the_form_says_whose_clock_it_means_and_takes_what_a_link_says(published, get):
    page = get(
        "manager", "override-create", "payments",
        tier="secondary", **{"from": "2030-12-24T08:00:00+00:00", "to": "2030-12-25T08:00:00+00:00"},
    ).content.decode()  # fmt: skip
    assert "On the clock of Europe/Berlin" in page
    assert 'value="2030-12-24T09:00"' in page
    assert '<option value="secondary" selected>' in page


def test_a_manager_publishes_what_the_preview_shows(published, get, post, actors):
    third = free_override(published, actors).user
    SeatFactory(rotation=published, user=third, position=2, starts_at=real_now())
    page = get("manager", "schedule", "payments")
    preview = page.context["page"].cards[0].preview
    assert preview.changed
    assert f"Publish {preview.changed} shifts" in page.content.decode()
    assert page.content.decode().count("btn-primary") == 1
    post("manager", "rotation-publish", "payments", published.pk, preview=preview.digest)
    assert published.shifts.in_force().filter(user=third).exists()
    assert get("manager", "schedule", "payments").context["page"].cards[0].preview.shifts == 0


def test_an_old_preview_is_not_published(published, post, get):
    answer = post("manager", "rotation-publish", "payments", published.pk, preview="0123456789abcdef")
    assert Publication.objects.count() == 1
    assert answer.status_code == 302
    assert "Look at the new one and publish again" in get("manager", "schedule", "payments").content.decode()


def test_a_rotation_that_cannot_be_published_says_why(actors, get):
    RotationFactory(schedule__team=actors.team, schedule__slug="payments")
    page = get("manager", "schedule", "payments").content.decode()
    assert "needs at least two people" in page
    assert "Not published yet" in page


def test_why_answers_for_any_instant_and_knows_no_other_tier(published, get):
    at = (real_now() + DAY).isoformat()
    assert "holds primary by the rotation" in get("member", "why", "payments", at=at).content.decode()
    assert "no shift is published" in get("member", "why", "payments", at="2020-01-01T00:00").content.decode()
    assert get("member", "why", "payments", tier="third").status_code == 404
    assert get("member", "why", "payments", at="yesterday").status_code == 404
    assert get("member", "why", "nowhere").status_code == 404


def test_an_override_of_another_schedule_is_not_found(published, post, actors):
    override = free_override(published, actors)
    RotationFactory(schedule__team=actors.team, schedule__slug="other")
    assert post("manager", "override-withdraw", "other", override.pk).status_code == 404
    assert post("manager", "rotation-publish", "other", published.pk).status_code == 404


@pytest.mark.parametrize("overrides", [1, 50])
def test_a_schedules_page_takes_as_many_queries_for_one_override_as_for_fifty(
    published, client, actors, overrides, django_assert_max_num_queries
):
    start = real_now() + DAY
    actors.superuser.memberships.create(team=actors.team)
    for number in range(overrides):
        services.approve_override(
            schedule=published.schedule, tier=Tier.PRIMARY, user=actors.superuser, starts_at=start + number * HOUR,
            ends_at=start + (number + 1) * HOUR, by=actors.manager, now=real_now(),
        )  # fmt: skip
    client.force_login(actors.member)
    with django_assert_max_num_queries(9):
        client.get(reverse("schedule", args=["payments"]))
    client.force_login(actors.manager)
    with django_assert_max_num_queries(21):
        client.get(reverse("schedule", args=["payments"]))
