"""The story of the product through the real processes, over HTTP, on both pairs of database and broker.

An event pages the primary at once; silence reaches the secondary, then the manager; acknowledging stops it.
"""

import os
import signal
import time

import pytest
import requests

from tests import running
from tests.servers import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.serial, pytest.mark.timeout(240)]
STEP = 4  # seconds between steps, instead of the demo's minute


@pytest.fixture(scope="module")
def installation(tmp_path_factory, stack):
    with running.tandem(tmp_path_factory.mktemp("tandem"), **stack) as one:
        one.wait_between_steps(STEP)
        yield one


@pytest.fixture
def tandem(installation):
    """The installation of all tests here, well again after whatever the one before did to it."""
    wait_until(installation.is_well, "paging did not recover", seconds=60)
    return installation


def incident_id(tandem: running.Tandem, summary: str) -> int:
    """The id of the incident about `summary`, waiting for it to be made."""
    found: list[int] = []

    def look() -> bool:
        results = tandem.api("incidents/")["results"]
        found.extend(one["id"] for one in results if one["title"] == summary)
        return bool(found)

    wait_until(look, f"no incident about {summary}")
    return found[0]


def state_of(tandem: running.Tandem, pk: int) -> str:
    return tandem.api(f"incidents/{pk}/")["incident"]["state"]


def tiers_paged(tandem: running.Tandem, summary: str) -> list[str]:
    """Who was paged about it, in order; a manager has no tier."""
    return [tier for title, tier, *_ in tandem.pages() if title == summary]


def test_an_event_reaches_the_primary_then_the_secondary_then_the_manager_until_somebody_acknowledges(tandem):
    primary, secondary, manager = (tandem.sign_in(who) for who in ("primary", "secondary", "manager"))

    tandem.send("Payouts are failing")
    wait_until(lambda: primary.is_paged_about("Payouts are failing"), "the primary was not paged", seconds=3)
    assert not secondary.is_paged_about("Payouts"), "the secondary hears nothing before they are paged"

    wait_until(lambda: secondary.is_paged_about("Payouts"), "the secondary was not paged", seconds=STEP + 3)
    assert not manager.is_paged_about("Payouts")
    wait_until(lambda: manager.is_paged_about("Payouts"), "the manager was not paged", seconds=STEP + 3)

    tandem.send("Ledger is slow")
    wait_until(lambda: primary.is_paged_about("Ledger"), "the primary was not paged", seconds=3)
    pk = incident_id(tandem, "Ledger is slow")
    answer = primary.press(f"/incidents/{pk}/acknowledge/", on=f"/incidents/{pk}/")
    assert answer.status_code == 200
    time.sleep(STEP + 3)
    assert not secondary.is_paged_about("Ledger"), "acknowledging stops the escalation"

    incident = tandem.api(f"incidents/{pk}/")["incident"]
    assert (incident["state"], incident["acknowledged_by"]["name"]) == ("acknowledged", primary.name)
    assert tiers_paged(tandem, "Payouts are failing") == ["primary", "secondary", ""]
    assert tiers_paged(tandem, "Ledger is slow") == ["primary"]
    mine = {"Payouts are failing", "Ledger is slow"}
    late = [paged - planned for title, _tier, planned, paged in tandem.pages() if title in mine]
    assert max(late).total_seconds() < 1.5


def test_the_sender_resolving_ends_it(tandem):
    tandem.send("Queue is full", key="queue")
    pk = incident_id(tandem, "Queue is full")
    tandem.send("Queue is full", action="resolve", key="queue")
    wait_until(lambda: state_of(tandem, pk) == "resolved", "it was not resolved", seconds=3)
    time.sleep(STEP + 2)
    assert tiers_paged(tandem, "Queue is full") == ["primary"]


def test_a_test_event_from_the_command_line_pages_the_primary(tandem):
    tandem.manage("send_test_event", "--summary", "Disk is full")
    wait_until(lambda: tiers_paged(tandem, "Disk is full"), "nobody was paged", seconds=3)


def test_a_process_that_is_killed_is_started_again(tandem):
    before = tandem.pids()
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: set(tandem.pids()) == set(before), "not all came back")
    assert not set(tandem.pids().values()) & set(before.values())
    wait_until(tandem.is_well, "paging did not recover", seconds=60)
    tandem.send("Certificate expired")
    wait_until(lambda: tiers_paged(tandem, "Certificate expired"), "nobody was paged")


def test_a_second_run_on_the_same_data_is_one_sentence(tandem):
    with pytest.raises(AssertionError, match="already runs on"):
        tandem.manage("run")
    assert tandem.get("/readyz").status_code == 200


# Starting and stopping ----------------------------------------------------------------------------------------------


def test_what_is_stopped_leaves_no_process_and_starts_again_with_its_data(tmp_path):
    with running.tandem(tmp_path) as tandem:
        tandem.send("Payouts are failing")
        wait_until(tandem.pages, "nobody was paged")
        everybody = tandem.everybody()
        assert len(everybody) >= 7  # supervisor, web and its worker, beat, sweeper, worker, broker
        assert tandem.stop(signal.SIGINT) < 5
        assert not [pid for pid in everybody if running.command_of(pid)]

        assert tandem.start() < 10
        assert tandem.sign_in("primary").is_paged_about("Payouts")
        assert tandem.stop(signal.SIGTERM) < 5


def test_even_a_supervisor_that_is_killed_leaves_no_process(tmp_path):
    with running.tandem(tmp_path) as tandem:
        everybody = tandem.everybody()
        os.kill(tandem.supervisor.pid, signal.SIGKILL)
        tandem.supervisor.wait(5)
        wait_until(lambda: not [pid for pid in everybody if running.command_of(pid)], "somebody was left", seconds=8)


def test_a_first_run_without_the_demo_prints_a_link_that_makes_the_first_administrator(tmp_path):
    with running.tandem(tmp_path, DEMO="0") as tandem:
        link = next(word for word in tandem.said.read_text().split() if "first-administrator/" in word)
        page = requests.get(link, timeout=10)
        assert page.status_code == 200
        assert "password" in page.text
        assert tandem.rows("SELECT COUNT(*) FROM rotations_user") == [(0,)]
