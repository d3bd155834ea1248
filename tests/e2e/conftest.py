"""A real browser against the real site: pages by width and scheme, signing in, and the accessibility check.

Every page that a test opens must keep its console clean: an error or a breach of the content security policy fails
the test that caused it.
"""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from rotations.people.models import User
from tests.conftest import CHROMIUM
from tests.e2e.scene import Scene, payments

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP, PHONE = 1280, 390
LOOKS = [(width, scheme) for width in (DESKTOP, PHONE) for scheme in ("light", "dark")]
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests."""
    # Playwright's own loop runs in this thread; Django would take the tests' queries for asynchronous ones.
    with pytest.MonkeyPatch.context() as environment, sync_playwright() as playwright:
        environment.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, live_server) -> Iterator[OpenPage]:
    """`open_page(path, user=…, width=390, scheme="dark")`: a page in a browser of its own, signed in as `user`."""
    contexts, complaints = [], []

    def complain(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(f"{message.text} ({message.location.get('url')})")

    def open_(path: str = "/", *, user: User | None = None, width: int = DESKTOP, scheme: str = "light") -> Page:
        context = new_context(browser, live_server.url, width, scheme)
        contexts.append(context)
        if user:
            context.add_cookies([{**session_cookie(user), "url": live_server.url}])
        page = context.new_page()
        page.on("console", complain)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not complaints, complaints


def new_context(browser: Browser, url: str, width: int, scheme: str) -> BrowserContext:
    context = browser.new_context(
        base_url=url,
        viewport={"width": width, "height": 844 if width < 768 else 900},
        color_scheme=scheme,
        reduced_motion="reduce",
        locale="en-GB",
    )
    context.set_default_timeout(10_000)
    return context


def session_cookie(user: User) -> dict[str, str]:
    """What the browser would hold after signing in."""
    client = Client()
    client.force_login(user)
    return {"name": settings.SESSION_COOKIE_NAME, "value": client.cookies[settings.SESSION_COOKIE_NAME].value}


@pytest.fixture
def scene(transactional_db: None) -> Scene:
    """Payments as it stands at this moment."""
    return payments(datetime.now(UTC))


def assert_accessible(page: Page) -> None:
    """axe finds no breach of WCAG 2.2 AA."""
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": WCAG}, "resultTypes": ["violations"]})
    assert not found.violations_count, found.generate_report()


def assert_fits(page: Page) -> None:
    """Nothing makes the page scroll sideways, and no target of a phone is smaller than a thumb."""
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
