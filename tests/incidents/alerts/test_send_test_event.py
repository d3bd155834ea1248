"""`manage.py send_test_event`: says what it did, or in one sentence what is missing."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from incidents.alerts.models import Event
from tests.factories import IntegrationFactory, TeamFactory
from tests.servers import free_port

pytestmark = pytest.mark.django_db(transaction=True)


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("send_test_event", *arguments, stdout=out)
    return out.getvalue()


def test_it_sends_an_event_to_the_running_site_and_says_what_to_do_next(live_server):
    integration = IntegrationFactory()
    said = run("--url", live_server.url, "--severity", "warning", "--summary", "A drill")
    event = Event.objects.get()
    assert event.integration == integration
    assert '"summary": "A drill"' in event.body
    assert said == (
        f"Event processed: “A drill”, under the key {event.key}.\n"
        f"Whoever is primary is paged now. Acknowledge it at {live_server.url}/incidents/\n"
    )


def test_the_demos_integration_is_taken_first_and_any_other_by_its_key(live_server):
    other = IntegrationFactory()
    demo = IntegrationFactory(service__team=TeamFactory(is_demo=True))
    run("--url", live_server.url)
    run("--url", live_server.url, "--key", other.key)
    assert list(Event.objects.order_by("pk").values_list("integration", flat=True)) == [demo.pk, other.pk]


def test_it_can_acknowledge_and_resolve_what_it_triggered(live_server):
    IntegrationFactory()
    for action in ("trigger", "acknowledge", "resolve"):
        said = run("--url", live_server.url, "--dedup-key", "drill", "--action", action)
        assert "Event processed" in said
        assert ("is paged now" in said) is (action == "trigger")
    assert set(Event.objects.values_list("key", flat=True)) == {"drill"}


def test_a_guess_of_the_site_is_passed_on(live_server):
    IntegrationFactory()
    assert "Note: 'payload.severity' was not one of" in run("--url", live_server.url, "--severity", "dreadful")


def test_a_refusal_is_said_in_the_sites_words(live_server):
    with pytest.raises(CommandError, match="answered 400: Invalid routing key"):
        run("--url", live_server.url, "--key", "x" * 32)


def test_without_a_site_or_an_integration_one_sentence_says_what_to_do():
    with pytest.raises(CommandError, match="There is no integration yet"):
        run()
    address = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(CommandError, match="Is Tandem running"):
        run("--url", address, "--key", "x" * 32)
    with pytest.raises(CommandError, match="is no address"):
        run("--url", "ftp://x", "--key", "x" * 32)
