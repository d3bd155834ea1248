"""Channels against real servers: what they send, and what they make of the answers."""

import email.policy
import hashlib
import hmac
import socket
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.parser import BytesParser
from email.utils import format_datetime
from pathlib import Path

import pytest

from rotations.contact import channels
from rotations.contact.channels import deadline, guard
from rotations.contact.channels.envelope import Accepted, Envelope, PermanentFailure, TemporaryFailure
from rotations.contact.models import Channel
from tests.rotations.contact import receivers

SENT_AT = datetime(2026, 12, 9, 9, 0, tzinfo=UTC)
ENVELOPE = Envelope(
    delivery_id=17,
    attempt=2,
    kind="page",
    recipient="Mara Lindt",
    address="",
    secret="geheim",
    subject="INC-2291 Zahlungen stehen still ☠",
    body="Nothing was <paid> out for 5 minutes.",
    url="https://tandem.example.com/incidents/2291/",
    written_at=SENT_AT - timedelta(seconds=7),
    sent_at=SENT_AT,
)


def send(channel: Channel, address: str, **changes):
    return channels.sender(channel)(replace(ENVELOPE, address=address, **changes))


# Webhook


def test_a_webhook_posts_json_signed_so_that_the_receiver_can_check_it_alone():
    with receivers.web_server() as receiver:
        outcome = send(Channel.WEBHOOK, f"{receiver.url}?team=payments")
    [request] = receiver.requests
    assert outcome == Accepted("HTTP 200 OK\nthank you")
    assert request.path == "/pages?team=payments"
    assert request.headers["Host"] == f"127.0.0.1:{receiver.port}"
    assert request.headers["X-Tandem-Delivery"] == "17"
    parts = dict(part.split("=") for part in request.headers["X-Tandem-Signature"].split(","))
    expected = hmac.new(b"geheim", parts["t"].encode() + b"." + request.body, hashlib.sha256).hexdigest()
    assert parts == {"t": str(int(SENT_AT.timestamp())), "v1": expected}
    assert request.json == {
        "delivery": 17,
        "attempt": 2,
        "kind": "page",
        "recipient": "Mara Lindt",
        "subject": ENVELOPE.subject,
        "body": ENVELOPE.body,
        "url": ENVELOPE.url,
        "written_at": "2026-12-09T08:59:53+00:00",
    }


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Accepted), (204, Accepted), (301, PermanentFailure), (400, PermanentFailure), (404, PermanentFailure),
        (408, TemporaryFailure), (410, PermanentFailure), (429, TemporaryFailure), (500, TemporaryFailure),
        (503, TemporaryFailure),
    ],
)  # fmt: skip
def test_what_an_http_status_means(status, outcome):
    with receivers.web_server(receivers.answers(status, b"")) as receiver:
        answer = send(Channel.WEBHOOK, receiver.url)
    assert isinstance(answer, outcome)
    assert answer.answer.startswith(f"HTTP {status}")


@pytest.mark.parametrize(
    ("asked", "understood"),
    [
        ("7", timedelta(seconds=7)),
        (format_datetime(SENT_AT + timedelta(minutes=2), usegmt=True), timedelta(minutes=2)),
        (format_datetime(SENT_AT - timedelta(minutes=2), usegmt=True), timedelta()),
        ("soon", timedelta()),
        ("-5", timedelta()),
        ("²", timedelta()),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(asked, understood):
    with receivers.web_server(receivers.answers(429, Retry_After=asked.encode().decode("latin-1"))) as receiver:
        assert send(Channel.WEBHOOK, receiver.url).retry_after == understood


@pytest.mark.parametrize("behave", [receivers.hangs, receivers.drips, receivers.resets])
def test_a_web_server_that_hangs_drips_or_hangs_up_is_a_temporary_failure_in_time(behave):
    started = time.monotonic()
    with receivers.web_server(behave) as receiver:
        outcome = send(Channel.WEBHOOK, receiver.url)
        assert time.monotonic() - started < 1.8
    assert isinstance(outcome, TemporaryFailure) or behave is receivers.drips
    assert outcome.answer


def test_a_web_server_that_drips_its_handshake_is_a_temporary_failure_in_time():
    started = time.monotonic()
    with receivers.server_that_drips_its_handshake() as port:
        outcome = send(Channel.WEBHOOK, f"https://127.0.0.1:{port}/")
        assert time.monotonic() - started < 1.8
    assert isinstance(outcome, TemporaryFailure)


def test_when_the_time_of_a_try_is_over_nothing_is_connected_any_more():
    """A name with fifty addresses, none of which answers, must not hold a sender fifty times as long."""
    with receivers.silent_server() as port, deadline.cut_off(after=timedelta(milliseconds=10)):
        time.sleep(0.1)
        with pytest.raises(TimeoutError):
            socket.create_connection(("127.0.0.1", port))


def test_a_web_server_that_is_not_there_is_a_temporary_failure():
    outcome = send(Channel.WEBHOOK, "http://127.0.0.1:1/")
    assert isinstance(outcome, TemporaryFailure)
    assert "refused" in outcome.answer


def test_a_redirect_is_not_followed_inside_or_outside():
    with receivers.web_server() as inside:
        location = {"Location": inside.url}
        with receivers.web_server(receivers.answers(302, b"", **location)) as receiver:
            outcome = send(Channel.WEBHOOK, receiver.url)
    assert isinstance(outcome, PermanentFailure)
    assert inside.requests == []


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "0.0.0.0"]
)
def test_addresses_inside_the_network_are_refused(host, settings):
    settings.INTERNAL_HOSTS_ALLOWED = []
    with receivers.web_server() as receiver:
        outcome = send(Channel.WEBHOOK, f"http://{host}:{receiver.port}/")
    assert isinstance(outcome, PermanentFailure)
    assert "inside this network" in outcome.answer
    assert receiver.requests == []


def test_a_host_that_is_allowed_by_name_is_reached(settings):
    settings.INTERNAL_HOSTS_ALLOWED = ["localhost"]
    with receivers.web_server() as receiver:
        assert isinstance(send(Channel.WEBHOOK, f"http://localhost:{receiver.port}/"), Accepted)
        assert isinstance(send(Channel.WEBHOOK, f"http://127.0.0.1:{receiver.port}/"), PermanentFailure)


@pytest.mark.parametrize(
    ("address", "may"),
    [
        ("93.184.216.34", True), ("2606:2800:220:1::1", True), ("10.0.0.1", False), ("172.16.3.4", False),
        ("192.168.1.1", False), ("100.64.0.1", False), ("224.0.0.1", False), ("240.0.0.1", False),
        ("fe80::1%eth0", False), ("fd00::1", False), ("64:ff9b::7f00:1", False), ("64:ff9b::5db8:d822", True),
        ("2002:7f00:1::", False),
        ("::ffff:10.0.0.1", False), ("ff02::1", False), ("::", False), ("fec0::1", False), ("::127.0.0.1", False),
        ("64:ff9b:1::7f00:1", False), ("::ffff:0:127.0.0.1", False),
    ],
)  # fmt: skip
def test_only_public_addresses_may_be_reached(address, may, settings):
    settings.INTERNAL_HOSTS_ALLOWED = []
    assert guard.may_be_reached(address) is may


def test_the_certificate_must_be_of_the_host_that_was_entered(tmp_path, monkeypatch):
    """TLS to the checked address, under the host's own name."""
    monkeypatch.setenv("SSL_CERT_FILE", str(receivers.certificate(tmp_path, "localhost")))
    with receivers.web_server(certificate=tmp_path) as receiver:
        good = send(Channel.WEBHOOK, f"https://localhost:{receiver.port}/")
        bad = send(Channel.WEBHOOK, f"https://127.0.0.1:{receiver.port}/")
    assert isinstance(good, Accepted)
    assert isinstance(bad, TemporaryFailure)
    assert "certificate" in bad.answer.lower()


# E-mail


def test_a_mail_has_text_and_html_one_link_and_sane_headers(mail):
    outcome = send(Channel.EMAIL, "mara@example.com", subject="INC-2291\nBcc: all@example.com")
    assert outcome == Accepted("250 2.0.0 Ok: queued as 0001")
    [envelope] = mail.mails
    assert envelope.rcpt_tos == ["mara@example.com"]
    message = BytesParser(policy=email.policy.default).parsebytes(envelope.content)
    assert message["Subject"] == "INC-2291 Bcc: all@example.com"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Id"].startswith("Tandem <tandem.")
    assert message["Message-ID"].startswith("<tandem.17@")
    text, html = [part.get_content() for part in message.iter_parts()]
    assert ENVELOPE.body in text
    assert text.count(ENVELOPE.url) == html.count(ENVELOPE.url) == 1
    assert "Nothing was &lt;paid&gt; out" in html


@pytest.mark.parametrize(
    ("refusal", "outcome"),
    [
        ("450 4.7.1 Greylisted, come back later", TemporaryFailure("450 4.7.1 Greylisted, come back later")),
        ("550 5.1.1 No such user", PermanentFailure("550 5.1.1 No such user")),
    ],
)
def test_a_mail_servers_4xx_is_temporary_its_5xx_for_good_and_its_words_are_kept(refusal, outcome, mail_goes_to):
    with receivers.mail_server(refusal) as receiver:
        mail_goes_to(receiver.port)
        assert send(Channel.EMAIL, "mara@example.com") == outcome
        assert isinstance(send(Channel.EMAIL, "mara@example.com"), Accepted)


def test_a_mail_server_that_says_nothing_is_a_temporary_failure_in_time(mail_goes_to):
    started = time.monotonic()
    with receivers.silent_server() as port:
        mail_goes_to(port)
        outcome = send(Channel.EMAIL, "mara@example.com")
    assert isinstance(outcome, TemporaryFailure)
    assert "timed out" in outcome.answer
    assert time.monotonic() - started < 2


def test_a_mail_server_that_is_not_there_is_a_temporary_failure(mail_goes_to):
    mail_goes_to(1)
    assert isinstance(send(Channel.EMAIL, "mara@example.com"), TemporaryFailure)


def test_an_address_that_no_mail_can_be_written_to_fails_for_good(mail):
    assert isinstance(send(Channel.EMAIL, "mara at example"), PermanentFailure)


# Apprise


def test_apprise_sends_to_the_address_that_the_person_wrote():
    with receivers.web_server() as receiver:
        outcome = send(Channel.APPRISE, f"json://127.0.0.1:{receiver.port}/")
    assert isinstance(outcome, Accepted)
    [request] = receiver.requests
    assert request.json["title"] == ENVELOPE.subject
    assert ENVELOPE.url in request.json["message"]


def test_what_apprise_logs_about_a_refusal_is_kept_as_the_answer():
    with receivers.web_server(receivers.answers(500, b"no room")) as receiver:
        outcome = send(Channel.APPRISE, f"json://127.0.0.1:{receiver.port}/")
    assert isinstance(outcome, TemporaryFailure)
    assert "500" in outcome.answer


def test_an_address_that_apprise_does_not_understand_fails_for_good():
    assert isinstance(send(Channel.APPRISE, "nonsense://x"), PermanentFailure)


@pytest.mark.parametrize("scheme", ["json", "ntfy", "mailto"])
def test_apprise_is_held_to_the_same_guard(scheme, settings):
    settings.INTERNAL_HOSTS_ALLOWED = []
    with receivers.web_server() as receiver:
        target = "user:pw@localhost" if scheme == "mailto" else "localhost"
        address = f"{scheme}://{target}:{receiver.port}/topic?smtp=localhost&to=a@example.com"
        outcome = send(Channel.APPRISE, address)
    assert isinstance(outcome, PermanentFailure)
    assert "inside this network" in outcome.answer
    assert receiver.requests == []


def test_apprise_follows_no_redirect_to_the_inside(settings):
    settings.INTERNAL_HOSTS_ALLOWED = ["localhost"]
    with receivers.web_server() as inside:
        location = {"Location": inside.url}
        with receivers.web_server(receivers.answers(307, b"", **location)) as receiver:
            outcome = send(Channel.APPRISE, f"json://localhost:{receiver.port}/?redirect=yes")
    assert not isinstance(outcome, Accepted)
    assert inside.requests == []


def test_apprise_waits_as_long_as_we_say_and_not_as_long_as_the_address_says():
    started = time.monotonic()
    with receivers.web_server(receivers.hangs) as receiver:
        outcome = send(Channel.APPRISE, f"json://127.0.0.1:{receiver.port}/?rto=600&cto=600&retry=5&wait=60")
    assert isinstance(outcome, TemporaryFailure)
    assert time.monotonic() - started < 3


def test_apprise_is_cut_off_from_a_server_that_drips():
    started = time.monotonic()
    with receivers.web_server(receivers.drips) as receiver:
        send(Channel.APPRISE, f"json://127.0.0.1:{receiver.port}/")
        assert time.monotonic() - started < 3


# Where they are loaded


def test_the_web_process_loads_no_channel():
    loaded = "import oncall_site.wsgi, django.urls, sys; django.urls.get_resolver().url_patterns; print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", loaded],
        cwd=Path(__file__).resolve().parents[3],
        env={"PATH": "/usr/bin:/bin", "DATA_DIR": "/tmp/tandem-house"},
        capture_output=True,
        text=True,
        check=True,
    )
    modules = set(result.stdout.split())
    assert "rotations.contact.views" in modules
    assert not {"apprise", "rotations.contact.sending", "rotations.contact.channels.resolver"} & modules
