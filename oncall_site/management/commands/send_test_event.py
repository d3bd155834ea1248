"""`manage.py send_test_event`: an event as a monitoring system sends it, so that the whole way is tried."""

import json
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from oncall_site import demo


class Command(BaseCommand):
    help = "Send an event over HTTP to this site: to the demo's service, or to the service of --key."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--key", help="an integration's key of 32 characters (default: the demo's)")
        parser.add_argument("--severity", default="error", help="critical, error, warning or info (default: error)")
        parser.add_argument("--summary", default="Payouts are failing", help="what is wrong")
        parser.add_argument("--dedup-key", help="events with the same key speak of the same alert")
        parser.add_argument("--action", default="trigger", choices=["trigger", "acknowledge", "resolve"])

    def handle(self, *args: Any, **options: Any) -> None:
        event = {
            "routing_key": options["key"] or demo.integration_key(),
            "event_action": options["action"],
            "payload": {"summary": options["summary"], "source": "send_test_event", "severity": options["severity"]},
            **({"dedup_key": options["dedup_key"]} if options["dedup_key"] else {}),
        }
        status, answer = post(f"{settings.SITE_URL}/v2/enqueue", event)
        if status != 202:
            raise CommandError(f"Tandem answered {status}: {answer}")
        self.stdout.write(answer)


def post(address: str, body: object) -> tuple[int, str]:
    """Send JSON as any client would; returns status and body of the answer."""
    parts = urlsplit(address)
    speaks = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = speaks(parts.netloc, timeout=10)
    try:
        connection.request("POST", parts.path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    except (OSError, HTTPException) as silent:
        raise CommandError(f"{settings.SITE_URL} does not answer ({silent}): is Tandem running? `make run`") from silent
    finally:
        connection.close()
