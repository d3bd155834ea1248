"""The pages about programs, and the very first page, in a real browser: the policy holds, axe finds nothing."""

import pytest
from playwright.sync_api import expect

from rotations.people import clock
from rotations.people.first_administrator import make_token
from tests.e2e.conftest import PHONE, assert_accessible, assert_fits
from tests.factories import UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_list_of_endpoints_is_drawn_without_inline_script_and_can_be_tried_out(open_page):
    page = open_page("/api/v1/docs/", user=UserFactory())
    block = page.locator("#operations-on_call-schedules")
    block.click()
    block.get_by_role("button", name="Try it out").click()
    block.get_by_role("button", name="Execute").click()
    expect(block.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
    expect(page.get_by_role("heading", level=1)).to_have_count(1)


def test_a_token_is_created_shown_once_and_revoked_on_a_phone(open_page):
    page = open_page("/account/tokens/", user=UserFactory(), width=PHONE)
    page.get_by_label("Name").fill("wallboard")
    page.get_by_role("button", name="Create a token").click()
    expect(page.get_by_role("heading", name="Copy your new token now")).to_be_visible()
    assert_accessible(page)
    assert_fits(page)
    page.goto("/account/tokens/")
    expect(page.get_by_text("tdm_")).to_have_count(0)
    page.get_by_role("button", name="Revoke wallboard").click()
    expect(page.get_by_text("“wallboard” is revoked.")).to_be_visible()


def test_the_first_administrator_starts_and_reads_what_to_do_next(open_page):
    page = open_page(f"/first-administrator/{make_token(now=clock.now())}/", width=PHONE)
    page.get_by_label("Your name").fill("Ada Root")
    page.get_by_label("Your e-mail address").fill("ada@example.com")
    page.get_by_label("Your time zone").select_option("Europe/Berlin")
    page.get_by_label("Password").fill("correct horse battery")
    assert_accessible(page)
    assert_fits(page)
    page.get_by_role("button", name="Start with Tandem").click()
    expect(page.get_by_role("heading", name="Tandem is ready for your team")).to_be_visible()
    assert_accessible(page)
