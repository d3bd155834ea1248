"""The front page says my state, what waits for me, who is on call and what is coming; and the account pages work."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from rotations.people.clock import now as clock_now
from rotations.people.models import Theme
from rotations.schedule.tiers import Tier
from tests.e2e.scene import break_something, payments
from tests.factories import (
    IncidentFactory,
    MembershipFactory,
    OverrideFactory,
    PageFactory,
    PublicationFactory,
    RotationFactory,
    ScheduleFactory,
    ShiftFactory,
    UserFactory,
)

QUERIES = 19


@pytest.fixture
def scene(db):
    return payments(clock_now())


def front_page(client, user) -> str:
    client.force_login(user)
    return client.get(reverse("now")).content.decode()


def heading_of(page: str) -> str:
    return page.split("<h1>")[1].split("</h1>", maxsplit=1)[0]


def put_on_call(user, *, team, tier=Tier.PRIMARY, name="Ledger"):
    start = clock_now() - timedelta(days=1)
    publication = PublicationFactory(
        rotation=RotationFactory(schedule=ScheduleFactory(team=team, name=name)),
        effective_from=start,
        until=start + timedelta(weeks=2),
    )
    other = UserFactory()
    for held, holder in ((tier, user), (tier.other, other)):
        ShiftFactory(
            publication=publication, tier=held, user=holder, starts_at=start, ends_at=start + timedelta(weeks=2)
        )
    return publication.rotation.schedule


@pytest.mark.parametrize(
    ("first_name", "heading"),
    [
        ("Jonas", "You are primary for Payments"),
        ("Mara", "You are secondary for Payments"),
        ("Felix", "You are not on call"),
    ],
)
def test_the_heading_is_my_state(client, scene, first_name, heading):
    assert heading_of(front_page(client, scene.person(first_name))) == heading


def test_two_duties_are_both_named_and_more_are_counted(client, scene):
    mara = scene.person("Mara")
    put_on_call(mara, team=scene.team, name="Zebra")
    assert heading_of(front_page(client, mara)) == "You are secondary for Payments and primary for Zebra"
    put_on_call(mara, team=scene.team, name="Yak")
    assert heading_of(front_page(client, mara)) == "You are on call for 3 schedules"


def test_the_schedule_on_which_i_am_on_call_comes_first_and_one_without_shifts_last(client, scene):
    ScheduleFactory(team=scene.team, name="Aardvark")
    put_on_call(UserFactory(), team=scene.team, name="Ledger")
    page = front_page(client, scene.person("Jonas"))
    assert page.index("On call now: Payments") < page.index("On call now: Ledger") < page.index("On call now: Aardvark")


def test_somebody_who_is_not_on_call_reads_what_is_next_for_them(client, scene):
    page = front_page(client, scene.person("Tomasz"))
    assert "Next: Payments, primary, " in page.replace("\n", " ")


def test_both_tiers_are_shown_alike_to_everybody_of_the_team(client, scene):
    page = front_page(client, scene.person("Felix"))
    assert "mark mark-lg tier-secondary person-2" in page
    assert "Mara Lindt" in page
    assert page.count('<li class="duty">') == 2


def test_nobody_in_a_tier_now_is_said_loudly(client, actors):
    start = clock_now() - timedelta(days=1)
    publication = PublicationFactory(
        rotation__schedule__team=actors.team, effective_from=start, until=start + timedelta(weeks=12)
    )
    ShiftFactory(publication=publication, starts_at=start, ends_at=start + timedelta(weeks=12))
    page = front_page(client, actors.member)
    assert "Secondary is held by nobody now" in page
    assert 'class="notice notice-alarm"' in page


def test_an_incident_that_waits_for_me_comes_first_with_its_button(client, scene):
    break_something(scene, now=clock_now())
    page = front_page(client, scene.person("Jonas"))
    assert "1 incident waits for your acknowledgement" in page
    assert page.index("waits for your acknowledgement") < page.index("On call now")
    assert "Acknowledge INC-" in page
    assert page.count("btn-primary") == 1
    assert "will be paged at <time" in page


def test_in_a_storm_the_page_stays_readable(client, scene):
    service = break_something(scene, now=clock_now())
    for _ in range(29):
        PageFactory(incident=IncidentFactory(service=service), user=scene.person("Jonas"))
    page = front_page(client, scene.person("Jonas"))
    assert "30 incidents wait for your acknowledgement" in page
    assert page.count("Acknowledge INC-") == 5
    assert "Show all of them" in page


def test_an_incident_that_waits_for_somebody_else_is_listed_without_a_button(client, scene):
    break_something(scene, now=clock_now())
    page = front_page(client, scene.person("Felix"))
    assert "waits for your acknowledgement" not in page
    assert "Payout webhooks failing" in page
    assert "Jonas Weber, since" in page


def test_a_gap_within_a_week_is_an_alarm_and_a_farther_one_is_to_be_watched(client, scene):
    page = front_page(client, scene.person("Mara"))
    gap = scene.monday + timedelta(weeks=1, days=3)
    tone = "alarm" if gap - clock_now() <= timedelta(days=7) else "watch"
    assert f'<section class="notice notice-{tone}" aria-labelledby="gap-1">' in page
    assert "Nobody is secondary for Payments" in page


def test_a_schedule_that_was_never_published_has_no_gaps_but_a_next_step(client, actors):
    ScheduleFactory(team=actors.team, name="Payments")
    page = front_page(client, actors.member)
    assert "A manager of Payments adds a rotation with its roster and publishes it." in page
    assert "Nobody is" not in page


def test_without_a_schedule_the_page_says_what_to_do(client, actors):
    assert "You are in no team with a schedule yet" in front_page(client, actors.stranger)
    assert "Show the first steps" in front_page(client, actors.superuser)


@pytest.mark.parametrize("who", ["manager", "member", "observer", "stranger", "superuser"])
def test_everybody_has_a_front_page_of_their_own_teams(client, actors, scene_of_others, who):
    page = front_page(client, getattr(actors, who))
    assert ("Ledger" in page) == (who == "superuser")


@pytest.fixture
def scene_of_others(db):
    return put_on_call(UserFactory(), team=MembershipFactory(team__name="Accounting").team)


def test_without_signing_in_there_is_only_the_way_to_do_so(client, db):
    response = client.get(reverse("now"))
    assert response.status_code == 302
    assert response.headers["Location"].startswith(reverse("account_login"))


def test_the_number_of_queries_does_not_depend_on_how_much_there_is(client, scene, django_assert_num_queries):
    jonas = scene.person("Jonas")
    client.force_login(jonas)
    service = break_something(scene, now=clock_now())
    client.get(reverse("now"))
    with django_assert_num_queries(QUERIES):
        client.get(reverse("now"))
    for number in range(50):
        schedule = put_on_call(jonas, team=scene.team, name=f"More {number}")
        OverrideFactory(
            schedule=schedule,
            user=scene.person("Priya"),
            starts_at=clock_now() + timedelta(days=1),
            ends_at=clock_now() + timedelta(days=2),
        )
        PageFactory(incident=IncidentFactory(service=service), user=jonas)
    with django_assert_num_queries(QUERIES):
        client.get(reverse("now"))


def test_one_signs_in_with_address_and_password(client, scene):
    page = client.get(reverse("account_login")).content.decode()
    assert "<h1>Sign in to Tandem</h1>" in page
    answer = client.post(reverse("account_login"), {"login": "JONAS@example.com", "password": "correct horse battery"})
    assert answer.headers["Location"] == reverse("now")


def test_a_wrong_password_is_refused_in_a_sentence_beside_the_form(client, scene):
    answer = client.post(reverse("account_login"), {"login": "jonas@example.com", "password": "wrong"})
    assert answer.status_code == 200
    assert "No account has this e-mail address and this password." in answer.content.decode()


@pytest.mark.parametrize("name", ["account_logout", "account_change_password", "preferences"])
def test_the_account_pages_are_there(client, scene, name):
    client.force_login(scene.person("Jonas"))
    assert client.get(reverse(name)).status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "account_reset_password",
        "account_reset_password_done",
        "account_inactive",
        "account_reset_password_from_key_done",
    ],
)
def test_whoever_cannot_sign_in_reaches_the_way_back(client, db, name):
    assert client.get(reverse(name)).status_code == 200


def test_where_no_email_is_sent_nobody_waits_for_a_reset_link(client, scene, mailoutbox):
    answer = client.post(reverse("account_reset_password"), {"email": "jonas@example.com"})
    assert "Ask an administrator to set a new password for you." in answer.content.decode()
    assert not mailoutbox


def test_a_reset_link_sets_a_new_password_once(client, scene, mailoutbox, settings):
    settings.EMAIL_URL = "smtp://mail.example.com"
    client.post(reverse("account_reset_password"), {"email": "jonas@example.com"})
    [mail] = mailoutbox
    assert "Set a new password for Tandem" in mail.subject
    link = next(word for word in mail.body.split() if word.startswith("http"))
    form = client.get(link).headers["Location"]
    new = {"password1": "a much better one", "password2": "a much better one"}
    assert client.post(form, new).status_code == 302
    assert client.login(email="jonas@example.com", password="a much better one")
    client.logout()
    assert "This link works no longer" in client.get(link, follow=True).content.decode()


def test_nobody_learns_which_addresses_have_an_account(client, db, mailoutbox, settings):
    settings.EMAIL_URL = "smtp://mail.example.com"
    answer = client.post(reverse("account_reset_password"), {"email": "nobody@example.com"})
    assert answer.headers["Location"] == reverse("account_reset_password_done")
    assert not mailoutbox


def test_nobody_signs_up(client, db):
    assert client.get("/accounts/signup/").status_code == 404


def test_a_pinned_theme_is_printed_by_the_server(client, scene):
    jonas = scene.person("Jonas")
    jonas.theme = Theme.DARK
    jonas.save(update_fields=["theme"])
    assert 'data-bs-theme="dark"' in front_page(client, jonas)


def test_a_page_that_is_not_there_says_so_in_our_words(client, scene):
    client.force_login(scene.person("Jonas"))
    answer = client.get("/no/such/page/")
    assert answer.status_code == 404
    assert "<h1>There is no such page</h1>" in answer.content.decode()


def test_a_form_that_lost_its_token_is_refused_in_our_words(scene):
    client = Client(enforce_csrf_checks=True)
    client.force_login(scene.person("Jonas"))
    answer = client.post(reverse("preferences"), {})
    assert answer.status_code == 403
    assert "<h1>" in answer.content.decode()


def test_no_page_carries_script_or_style_of_its_own(client, scene):
    page = front_page(client, scene.person("Jonas"))
    assert "<style" not in page
    assert " style=" not in page
    assert "onclick" not in page
    assert page.count("<script") == page.count("<script src=")
