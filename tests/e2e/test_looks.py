"""Whole pages in a real browser: both tiers, both widths, both schemes; axe finds nothing, the console stays clean."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from rotations.people.models import Theme
from tests.e2e.conftest import DESKTOP, LOOKS, PHONE, assert_accessible, assert_fits
from tests.e2e.scene import break_something
from tests.factories import ScheduleFactory

pytestmark = pytest.mark.browser


def test_jonas_signs_in_and_sees_both_tiers_on_the_front_page_and_in_the_calendar(open_page, scene):
    page = open_page("/")
    page.get_by_label("E-mail address").fill("jonas@example.com")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="On call now: Payments")).to_be_visible()
    expect(page.get_by_text(re.compile("^Primary until"))).to_be_visible()
    expect(page.get_by_text(re.compile("^Secondary until"))).to_be_visible()
    page.get_by_role("link", name="Calendar", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Payments, ")
    expect(page.get_by_role("rowheader", name="Primary").first).to_be_visible()
    expect(page.get_by_role("rowheader", name="Secondary").first).to_be_visible()
    page.get_by_role("link", name=re.compile("^Mara")).first.click()
    expect(page.get_by_role("heading", name="Why that is so")).to_be_visible()


def test_the_person_on_call_acknowledges_from_the_front_page_with_the_keyboard_alone(open_page, scene):
    service = break_something(scene, now=datetime.now(UTC))
    page = open_page("/", user=scene.person("Jonas"), width=PHONE)
    button = page.get_by_role("button", name="Acknowledge INC-")
    expect(button).to_be_in_viewport()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id").startswith("acknowledge-"):
            break
    assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Acknowledge INC-")).to_have_count(0)
    assert not service.incidents.filter(state="triggered").exists()


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_every_page_is_accessible_and_fits(open_page, scene, width, scheme):
    service = break_something(scene, now=datetime.now(UTC))
    ScheduleFactory(team=scene.team, name="Ledger", slug="ledger")
    mara, next_week = scene.person("Mara"), scene.monday + timedelta(weeks=1)
    calendar = reverse("calendar-month", args=["payments"])
    pages = [
        reverse("now"),
        f"{calendar}?month={next_week:%Y-%m}",
        f"{calendar}?view=list",
        reverse("calendar-month", args=["ledger"]),
        reverse("calendar-choose"),
        reverse("schedule", args=["payments"]),
        reverse("override-create", args=["payments"]),
        reverse("why", args=["payments"]),
        reverse("incident-list"),
        *(reverse("incident", args=[incident.pk]) for incident in service.incidents.all()),
        reverse("service-list"),
        reverse("service", args=[service.slug]),
        reverse("inbox"),
        reverse("contact-points"),
        reverse("api-tokens"),
        reverse("preferences"),
        reverse("account_change_password"),
        reverse("account_logout"),
    ]
    page = open_page(pages[0], user=mara, width=width, scheme=scheme)
    for path in pages:
        page.goto(path)
        assert page.locator("h1").count() == 1, path
        assert_accessible(page)
        assert_fits(page)


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_the_pages_before_signing_in_are_accessible_and_fit(open_page, scene, width, scheme):
    page = open_page(reverse("account_login"), width=width, scheme=scheme)
    for name in ("account_login", "account_reset_password", "account_reset_password_done"):
        page.goto(reverse(name))
        assert_accessible(page)
        assert_fits(page)


def test_a_wrong_password_is_told_where_a_screen_reader_finds_it(open_page, scene):
    page = open_page(reverse("account_login"), width=PHONE)
    page.get_by_label("E-mail address").fill("jonas@example.com")
    page.get_by_label("Password").fill("wrong wrong wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("No account has this e-mail address")).to_be_visible()
    assert_accessible(page)


def test_at_320_pixels_and_at_twice_the_size_nothing_scrolls_sideways(open_page, scene):
    for width in (320, DESKTOP // 2):
        page = open_page("/", user=scene.person("Jonas"), width=width)
        for path in ("/", reverse("calendar-month", args=["payments"]), reverse("preferences")):
            page.goto(path)
            assert_fits(page)


def test_a_phone_shows_the_list_and_a_desk_the_weeks(open_page, scene):
    path = reverse("calendar-month", args=["payments"])
    phone = open_page(path, user=scene.person("Jonas"), width=PHONE)
    expect(phone.get_by_role("table")).to_be_hidden()
    expect(phone.get_by_text("(this week)")).to_be_visible()
    desk = open_page(path, user=scene.person("Jonas"))
    expect(desk.get_by_role("table")).to_be_visible()
    expect(desk.get_by_text("(this week)")).to_be_hidden()


def test_a_bar_stands_under_its_day(open_page, scene):
    page = open_page(reverse("calendar-month", args=["payments"]), user=scene.person("Jonas"))
    day = page.locator(f"td:has(> time[datetime='{scene.cover_starts_at:%Y-%m-%d}'])").bounding_box()
    bar = page.locator("a.bar", has_text="Priya for Jonas").first.bounding_box()
    nine_in_the_morning = day["x"] + day["width"] * 9 / 24
    assert abs(bar["x"] - nine_in_the_morning) < 3
    assert abs(bar["width"] - day["width"]) < 5


def test_both_tiers_have_bars_of_the_same_size_and_strength(open_page, scene):
    page = open_page(reverse("calendar-month", args=["payments"]), user=scene.person("Jonas"))
    looks = [
        page.locator(f"a.bar.tier-{tier}").first.evaluate(
            "bar => { const look = getComputedStyle(bar);"
            " return [look.height, look.fontSize, look.fontWeight, look.opacity, look.color] }"
        )
        for tier in ("primary", "secondary")
    ]
    assert looks[0] == looks[1]


def test_a_pinned_theme_beats_the_system(open_page, scene):
    jonas = scene.person("Jonas")
    jonas.theme = Theme.DARK
    jonas.save(update_fields=["theme"])
    page = open_page("/", user=jonas, scheme="light")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 22, 27)"


def test_a_page_left_open_stays_true(open_page, scene):
    page = open_page("/", user=scene.person("Jonas"))
    expect(page.get_by_text("wait for your acknowledgement")).to_have_count(0)
    break_something(scene, now=datetime.now(UTC))
    page.evaluate("htmx.trigger('#refresh', 'look-again')")
    expect(page.get_by_role("heading", name="1 incident waits for your acknowledgement")).to_be_visible()
    assert page.locator("main").count() == 1
