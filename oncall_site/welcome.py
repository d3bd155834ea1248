"""What `manage.py run` asks its own site, and what it prints once everything answers."""

import http.client
import json
import os
import shlex
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings

from oncall_site import demo
from rotations.people import first_administrator


def not_ready(host: str, port: int) -> str:
    """What is still missing, in words; empty once events are accepted and paging works."""
    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # "everywhere" is asked from here
    for path in ("/readyz", "/healthz/paging"):
        connection = http.client.HTTPConnection(near, port, timeout=5)
        try:
            connection.request("GET", path, headers={"Host": urlsplit(settings.SITE_URL).hostname or near})
            answer = connection.getresponse()
            if answer.status != 200:
                return f"{path} answers {answer.status}: {answer.read(500).decode(errors='replace')}"
        except OSError as silent:
            return f"{path} does not answer ({silent})"
        finally:
            connection.close()
    return ""


def text(*, now: datetime) -> str:
    """The address, and the one next step: an event to send, or an administrator to make."""
    lines = ["", f"Tandem is ready: {settings.SITE_URL}", ""]
    if demo.is_there():
        lines += demo_lines(demo.read(now=now))
    elif first_administrator.is_needed():
        link = first_administrator.make_link(now=now)
        lines += [
            "Nobody administers it yet. This link makes the first administrator, once, within 24 hours:",
            link,
            "",
        ]
    return "\n".join([*lines, "Ctrl-C stops everything; the data stays in " + str(settings.DATA_DIR), ""])


def demo_lines(found: demo.Demo) -> list[str]:
    """The logins as a table, and two ready lines that send an event."""
    width = max(len(login.email) for login in found.logins)
    table = [
        f"  {login.email:<{width}}  {login.name}, {login.tier_now or login.role.lower()}"
        for login in sorted(found.logins, key=lambda login: login.tier_now or "z")
    ]
    return [
        f"Sign in as any of these people; the password of each is {found.logins[0].password}",
        *table,
        "",
        "Send an event; the primary is paged at once, a minute later the secondary, then the manager:",
        f"  {curl(found)}",
        f"  {send_test_event(found)}",
        "",
    ]


def send_test_event(found: demo.Demo) -> str:
    """The command, with what it cannot know where this site is not the one that it would find by itself.

    A database elsewhere stands in an address that may hold a password: then the key is named instead.
    """
    settled = [f"{name}={shlex.quote(os.environ[name])}" for name in ("PORT", "SITE_URL") if os.environ.get(name)]
    if os.environ.get("DATA_DIR"):
        settled.insert(0, f"DATA_DIR={shlex.quote(str(settings.DATA_DIR))}")
    key = [f"--key {found.integration_key}"] if os.environ.get("DATABASE_URL") else []
    return " ".join([*settled, ".venv/bin/python manage.py send_test_event", *key])


def curl(found: demo.Demo) -> str:
    """The same event as PagerDuty's clients send it."""
    event = {
        "routing_key": found.integration_key,
        "event_action": "trigger",
        "payload": {"summary": "Payouts are failing", "source": "payouts-api", "severity": "error"},
    }
    return f"curl -H 'Content-Type: application/json' -d '{json.dumps(event)}' {found.address}/v2/enqueue"
