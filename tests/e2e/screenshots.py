"""`make screenshots`: the README's pictures, taken from the real site with the scene of the browser tests.

Not collected with the tests; run by its path: `python -m pytest tests/e2e/screenshots.py -n 0`.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.urls import reverse

from tests.e2e.conftest import DESKTOP, PHONE
from tests.e2e.scene import break_something

pytestmark = pytest.mark.browser
PICTURES = Path(__file__).resolve().parents[2] / "docs" / "screenshots"


def test_take_the_pictures(open_page, scene):
    service = break_something(scene, now=datetime.now(UTC))
    waiting = reverse("incident", args=[service.incidents.get(state="triggered").pk])
    next_week = scene.monday + timedelta(weeks=1, days=3)
    calendar = f"{reverse('calendar-month', args=['payments'])}?month={next_week:%Y-%m}"
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name, path, user, width, scheme in [
        ("now", reverse("now"), "Jonas", DESKTOP, "light"),
        ("now", reverse("now"), "Jonas", PHONE, "dark"),
        ("calendar", calendar, "Mara", DESKTOP, "light"),
        ("calendar", calendar, "Mara", DESKTOP, "dark"),
        ("incident", waiting, "Jonas", DESKTOP, "light"),
        ("incident", waiting, "Jonas", PHONE, "dark"),
    ]:
        page = open_page(path, user=scene.person(user), width=width, scheme=scheme)
        # On a phone what counts is the first screen, with the button under the thumb.
        page.screenshot(path=PICTURES / f"{name}-{width}-{scheme}.png", full_page=width == DESKTOP)
