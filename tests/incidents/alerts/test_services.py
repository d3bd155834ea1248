"""Services, integrations and severity tables: who may change them, and what a change leaves behind."""

import re

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from incidents.alerts.models import Event, Integration, Service, SeverityRule
from incidents.alerts.services import create_integration, create_service, set_severity_rule
from incidents.escalation.terms import Severity, Urgency
from rotations.people.models import AuditEntry
from tests.factories import IntegrationFactory, PolicyFactory, ScheduleFactory, ServiceFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("urgency", list(Urgency))
def test_a_service_takes_the_preset_of_its_urgency_and_teams_share_it(actors, now, urgency):
    schedule = ScheduleFactory(team=actors.team)
    first, second = (
        create_service(team=actors.team, name=name, schedule=schedule, urgency=urgency, by=actors.manager, now=now)
        for name in ("payouts-api", "Ledger & Co")
    )
    assert first.policy == second.policy
    assert first.policy.team == actors.team
    assert (first.slug, second.slug) == ("payouts-api", "ledger-co")
    assert list(AuditEntry.objects.filter(action="service.added").values_list("subject", "by", "team")) == [
        ("payouts-api", actors.manager.pk, actors.team.pk),
        ("Ledger & Co", actors.manager.pk, actors.team.pk),
    ]


def test_a_service_may_have_a_policy_of_its_own(actors, now):
    policy, schedule = PolicyFactory(team=actors.team), ScheduleFactory(team=actors.team)
    service = create_service(team=actors.team, name="a", schedule=schedule, policy=policy, by=None, now=now)
    assert service.policy == policy


def test_another_teams_name_is_free_and_gets_an_address_of_its_own(actors, now):
    ServiceFactory(name="payouts-api", slug="payouts-api")
    service = create_service(
        team=actors.team, name="payouts-api", schedule=ScheduleFactory(team=actors.team), by=actors.manager, now=now
    )
    assert re.fullmatch(r"payouts-api-[0-9a-f]{6}", service.slug)


def test_a_name_that_the_team_has_is_refused(actors, now):
    ServiceFactory(team=actors.team, name="payouts-api")
    with pytest.raises(ValidationError):
        create_service(
            team=actors.team, name="payouts-api", schedule=ScheduleFactory(team=actors.team), by=actors.manager, now=now
        )
    assert Service.objects.count() == 1


def test_a_name_in_any_script_makes_an_address(actors, now):
    service = create_service(
        team=actors.team, name="支付", schedule=ScheduleFactory(team=actors.team), by=actors.manager, now=now
    )
    assert service.slug


def test_an_integration_gets_a_random_key_that_no_log_holds(actors, now):
    service = ServiceFactory(team=actors.team)
    keys = {create_integration(service=service, name="Grafana", by=actors.manager, now=now).key for _ in range(3)}
    assert len(keys) == 3
    assert all(re.fullmatch(r"[0-9A-Za-z]{32}", key) for key in keys)
    assert not any(key in str(list(AuditEntry.objects.values())) for key in keys)


def test_a_word_of_a_severity_table_is_set_and_set_again(actors, now):
    integration = IntegrationFactory(service__team=actors.team)
    for severity in (Severity.SEV2, Severity.SEV1):
        set_severity_rule(integration=integration, word=" P1 ", severity=severity, by=actors.manager, now=now)
    assert list(SeverityRule.objects.values_list("integration", "word", "severity")) == [(integration.pk, "p1", 1)]
    assert AuditEntry.objects.filter(action="severity_rule.set").count() == 2


@pytest.mark.parametrize(
    ("actor", "may"),
    [("manager", True), ("superuser", True), ("member", False), ("observer", False), ("stranger", False)],
)
def test_only_managers_change_what_a_team_is_paged_for(actors, now, actor, may):
    by, integration = getattr(actors, actor), IntegrationFactory(service__team=actors.team)
    schedule = ScheduleFactory(team=actors.team)
    changes = [
        lambda: create_service(team=actors.team, name="new", schedule=schedule, by=by, now=now),
        lambda: create_integration(service=integration.service, name="new", by=by, now=now),
        lambda: set_severity_rule(integration=integration, word="p1", severity=Severity.SEV1, by=by, now=now),
    ]
    for change in changes:
        if may:
            change()
        else:
            with pytest.raises(PermissionDenied):
                change()
    assert Integration.objects.count() == 1 + may
    assert not Event.objects.exists()
