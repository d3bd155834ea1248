"""`manage.py send_test_event`: an event over HTTP, as a monitoring system sends it, and what to do next."""

import http.client
import json
from argparse import ArgumentParser
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from incidents.alerts.models import Integration
from incidents.alerts.signals import Action

TIMEOUT = 10  # seconds
HEADERS = {"Content-Type": "application/json"}


class Command(BaseCommand):
    help = "Send a test event to the running site: it pages whoever is primary."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--key", help="The integration's key; else the first integration is taken, the demo's.")
        parser.add_argument("--severity", default="error", help="critical, error, warning or info (default: error)")
        parser.add_argument("--summary", default="Test event: nothing is broken", help="What the page says")
        parser.add_argument("--action", default="trigger", choices=list(Action), help="default: trigger")
        parser.add_argument("--dedup-key", help="Events with the same key speak of the same alert.")
        parser.add_argument("--url", default=settings.SITE_URL, help=f"Address of the site ({settings.SITE_URL})")

    def handle(self, *args: Any, **options: Any) -> None:
        event = {
            "routing_key": options["key"] or first_key(),
            "event_action": options["action"],
            "dedup_key": options["dedup_key"],
            "payload": {"summary": options["summary"], "source": "send_test_event", "severity": options["severity"]},
        }
        status, answer = post(options["url"], event)
        if status != 202:
            raise CommandError(f"{options['url']} answered {status}: {'; '.join(answer.get('errors') or ['?'])}")
        self.stdout.write(f"{answer['message']}: “{options['summary']}”, under the key {answer['dedup_key']}.")
        for warning in answer.get("warnings", []):
            self.stdout.write(f"Note: {warning}.")
        if options["action"] == Action.TRIGGER:
            self.stdout.write(f"Whoever is primary is paged now. Acknowledge it at {options['url']}/incidents/")


def first_key() -> str:
    """The key of the first integration in use; after `make run` that is the demo's."""
    try:
        found = Integration.objects.active().filter(service__archived_at=None).order_by("-service__team__is_demo", "pk")
        integration = found.first()
    except DatabaseError as error:
        raise CommandError("The database cannot be read. Start Tandem first: make run") from error
    if integration is None:
        raise CommandError("There is no integration yet. Add one to a service, or give a key: --key …")
    return integration.key


def post(url: str, event: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """POST as JSON; the status and the answer, which is empty where it is no JSON object."""
    site = urlsplit(url if "//" in url else f"http://{url}")
    if site.scheme not in {"http", "https"} or not site.hostname:
        raise CommandError(f"{url} is no address of a site. Give one such as http://127.0.0.1:8000")
    kind = http.client.HTTPSConnection if site.scheme == "https" else http.client.HTTPConnection
    connection = kind(site.hostname, site.port, timeout=TIMEOUT)
    try:
        connection.request("POST", f"{site.path.rstrip('/')}/v2/enqueue", json.dumps(event).encode(), HEADERS)
        response = connection.getresponse()
        return response.status, _object(response.read())
    except (OSError, http.client.HTTPException) as error:
        raise CommandError(f"Nothing answers at {url}. Is Tandem running? Start it with: make run") from error
    finally:
        connection.close()


def _object(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
