"""The sweep: what is due is done, once, whoever died or is doing the same."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.escalation.terms import Severity, Via
from incidents.paging import sweeping
from incidents.paging.models import Incident, Page, Sweep
from incidents.paging.selectors import sweep_health
from incidents.paging.services import Opening, acknowledge, open_incidents, sweep
from incidents.paging.tasks import sweep_due
from rotations.people.clock import database_now
from tests.incidents.paging.duty import make_duty, pages_of

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


def open_many(duty, count, now):
    openings = [Opening(duty.service.pk, f"Disk {n} is full", Severity.SEV3, now) for n in range(count)]
    return open_incidents(openings, now=now)


@pytest.mark.django_db
def test_a_sweeper_that_was_away_for_60_seconds_pages_nobody_twice_and_leaves_time_to_answer(duty, now):
    waiting = duty.open(now)
    late = now + 5 * MINUTE + 60 * SECOND
    sweep(now=late)
    sweep(now=late + SECOND)
    waiting.refresh_from_db()
    assert [name for name, _tier, _cause in pages_of(waiting)] == ["Jonas Weber", "Mara Lindt"]
    assert waiting.next_action_at == now + 10 * MINUTE


@pytest.mark.django_db
def test_a_primary_who_is_paged_late_has_half_the_timeout_before_the_secondary_is_paged(duty, now):
    short = duty.service.policy.versions.get()
    short.steps.exclude(position=0).update(after=MINUTE)
    incident = duty.open(now + 60 * SECOND, opened_at=now)
    sweep(now=now + 61 * SECOND)
    assert [name for name, _tier, _cause in pages_of(incident)] == ["Jonas Weber"]
    incident.refresh_from_db()
    assert incident.next_action_at == now + 90 * SECOND


@pytest.mark.django_db
def test_lateness_is_recorded_and_does_not_add_up(duty, now):
    incident = duty.open(now)
    for step in (5, 10, 15):
        result = sweep(now=now + step * MINUTE + 10 * SECOND)
        assert result.lateness == 10 * SECOND
    incident.refresh_from_db()
    assert [p.planned_at - now for p in incident.pages.order_by("pk")] == [0 * MINUTE, 5 * MINUTE, 10 * MINUTE]
    assert Sweep.objects.get().lateness == 10 * SECOND


@pytest.mark.django_db
def test_a_sweep_that_finds_nothing_says_that_it_lives(now, django_assert_num_queries):
    with django_assert_num_queries(4):
        result = sweep(now=now)
    assert (result.incidents, result.pages, result.lateness) == (0, 0, timedelta())
    assert Sweep.objects.get().ran_at == now


@pytest.mark.django_db
def test_health_is_bad_without_a_sweep_with_a_stale_one_and_with_an_overdue_row(duty, now, settings):
    settings.SWEEP_STALE_AFTER = 4 * SECOND
    assert not sweep_health(now).is_well
    sweep(now=now)
    assert sweep_health(now + 4 * SECOND).is_well
    assert not sweep_health(now + 5 * SECOND).is_well
    duty.open(now)
    Sweep.objects.update(ran_at=now + 6 * MINUTE)
    health = sweep_health(now + 6 * MINUTE)
    assert (health.is_well, health.overdue, health.lateness) == (False, 1, MINUTE)


@pytest.mark.django_db
def test_more_than_one_batch_is_done_in_one_sweep(duty, now, monkeypatch):
    monkeypatch.setattr(sweeping, "BATCH", 3)
    open_many(duty, 7, now)
    assert sweep(now=now + 5 * MINUTE).incidents == 7
    assert not Incident.objects.due(now + 5 * MINUTE).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("broken", [0, 3, 6])
def test_one_incident_that_cannot_be_escalated_does_not_stop_the_others(duty, now, broken):
    """A row that somebody spoiled in the database, with a cause that the code does not know."""
    incidents = open_many(duty, 7, now)
    Incident.objects.filter(pk=incidents[broken].pk).update(next_cause="nonsense")
    assert sweep(now=now + 5 * MINUTE).incidents == 6
    assert Page.objects.filter(step=1).count() == 6
    assert sweep_health(now + 5 * MINUTE + SECOND).overdue == 1


@pytest.mark.django_db
def test_the_task_sweeps_by_the_databases_clock(duty):
    """Nobody is on call on the day on which this test runs: the alarm is raised some minutes after the managers."""
    incident = duty.open(database_now() - 6 * MINUTE)
    sweep_due()
    incident.refresh_from_db()
    assert incident.exhausted_at is not None
    assert abs(Sweep.objects.get().ran_at - database_now()) < MINUTE


def statements(act):
    with CaptureQueriesContext(connection) as seen:
        act()
    return len(seen)


@pytest.mark.django_db
def test_one_incident_and_many_cost_the_same_number_of_statements(duty, now):
    many = 50 if connection.vendor == "postgresql" else 20  # SQLite's inserts are split at 999 values
    opened = [statements(lambda count=count: open_many(duty, count, now)) for count in (1, many)]
    assert opened[0] == opened[1]
    Incident.objects.all().update(next_action_at=now + 5 * MINUTE)
    one = Incident.objects.latest("pk")
    Incident.objects.exclude(pk=one.pk).update(next_action_at=now + 6 * MINUTE)
    swept = [statements(lambda at=at: sweep(now=at)) for at in (now + 5 * MINUTE, now + 6 * MINUTE)]
    assert swept[0] == swept[1]


def in_threads(*acts):
    """Run these at the same moment, each with a connection of its own; raise what they raise."""
    together = threading.Barrier(len(acts))

    def run(act):
        together.wait()
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [done.result() for done in [pool.submit(run, act) for act in acts]]


@pytest.mark.django_db(transaction=True)
def test_two_sweepers_at_once_page_nobody_twice(now, monkeypatch):
    monkeypatch.setattr(sweeping, "BATCH", 7)
    duty = make_duty()
    open_many(duty, 60, now)
    at = now + 5 * MINUTE
    results = in_threads(*[lambda: sweep(now=at)] * 3)
    assert sum(result.pages for result in results) == 60
    assert Page.objects.filter(step=1).values("incident").distinct().count() == 60
    assert Page.objects.count() == 120


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(5))
def test_no_page_is_written_after_an_acknowledgement_committed(now, attempt):
    duty = make_duty()
    incidents = open_many(duty, 12, now)
    at = now + 5 * MINUTE
    seen_at_ack = {}

    def acknowledge_all():
        for incident in incidents:
            acknowledge(incident_id=incident.pk, via=Via.WEB, by=duty.jonas, now=at)
            seen_at_ack[incident.pk] = Page.objects.filter(incident=incident).count()

    in_threads(acknowledge_all, lambda: sweep(now=at), lambda: sweep(now=at))
    sweep(now=at + 60 * MINUTE)
    for incident in incidents:
        assert Page.objects.filter(incident=incident).count() == seen_at_ack[incident.pk]


@pytest.mark.django_db(transaction=True)
def test_two_people_acknowledge_at_once_and_one_is_first(now):
    duty = make_duty()
    incident = open_many(duty, 1, now)[0]
    answers = in_threads(
        *[
            lambda by=by: acknowledge(incident_id=incident.pk, via=Via.WEB, by=by, now=now)
            for by in (duty.jonas, duty.mara, duty.ines)
        ]
    )
    assert sorted(answer.is_first for answer in answers) == [False, False, True]
    assert len({answer.by for answer in answers}) == 1
