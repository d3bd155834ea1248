"""A service's page, full of what can stand on it, in a real browser."""

import json
import os
from datetime import UTC, datetime

import pytest
from django.urls import reverse

from incidents.alerts.models import Event, RefusedEvent, SeverityRule
from tests.e2e.conftest import LOOKS, assert_accessible, assert_fits
from tests.e2e.scene import break_something
from tests.factories import IntegrationFactory

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_a_services_page_is_accessible_and_fits_with_everything_unfolded(open_page, scene, width, scheme):
    now = datetime.now(UTC)
    service = break_something(scene, now=now)
    integration = IntegrationFactory(service=service, name="Alertmanager, production")
    SeverityRule.objects.create(integration=integration, word="p1", severity=1)
    body = json.dumps({"routing_key": integration.key, "event_action": "trigger", "payload": {"summary": "x" * 300}})
    for key in ("disk", "a" * 255):
        Event.objects.create(
            integration=integration, service=service, key=key, body=body, received_at=now, problem="Look at this"
        )
    errors = ["'event_action' is missing or blank"]
    RefusedEvent.objects.create(integration=integration, at=now, status=400, errors=errors, body=body)
    IntegrationFactory(service=service, name="Grafana", archived_at=now)
    page = open_page(reverse("service", args=[service.slug]), user=scene.person("Mara"), width=width, scheme=scheme)
    for fold in page.locator("details.fold").all():
        fold.locator("summary").click()
    assert_accessible(page)
    assert_fits(page)
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/service-{width}-{scheme}.png", full_page=True)
