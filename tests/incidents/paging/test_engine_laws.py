"""A life of incidents, at random, over the real services: what must hold after every step."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.db.models import Count
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from incidents.escalation.terms import ManualReason, Severity, Via
from incidents.paging.models import EntryKind, Incident, Page, State, TimelineEntry
from incidents.paging.services import acknowledge, change_severity, escalate, resolve, sweep
from rotations.contact.models import Message
from rotations.rota.models import Shift
from rotations.schedule.tiers import Tier
from tests.factories import MembershipFactory, OverrideFactory
from tests.incidents.paging.duty import make_duty

SEVERITIES = st.sampled_from(Severity)
WAITS = st.sampled_from([1, 20, 45, 150, 299, 300, 301, 900]).map(lambda seconds: timedelta(seconds=seconds))


class Life(RuleBasedStateMachine):
    """Incidents open, time passes, people answer or do not, tiers stand empty, channels fail."""

    def __init__(self):
        super().__init__()
        self.now = datetime(2026, 12, 9, 9, 0, tzinfo=UTC)
        self.pages_at_ack = {}

    @initialize(repeats=st.integers(0, 2))
    def begin(self, repeats):
        self.duty = make_duty()
        self.priya = MembershipFactory(team=self.duty.team, user__name="Priya Raman").user
        self.duty.service.policy.versions.update(repeats=repeats)

    def teardown(self):
        self.undo()

    def _some(self, data, **conditions):
        ids = list(Incident.objects.filter(**conditions).order_by("pk").values_list("pk", flat=True))
        return data.draw(st.sampled_from(ids)) if ids else None

    @rule(severity=SEVERITIES, waited=st.sampled_from([0, 5, 400]))
    def open(self, severity, waited):
        self.duty.open(self.now, severity=severity, opened_at=self.now - timedelta(seconds=waited))

    @rule(wait=WAITS)
    def time_passes_and_the_sweep_runs(self, wait):
        self.now += wait
        sweep(now=self.now)
        assert sweep(now=self.now).pages == 0

    @rule(wait=WAITS)
    def time_passes_without_a_sweep(self, wait):
        self.now += wait

    @rule(data=st.data(), who=st.sampled_from(["jonas", "mara", "ines"]))
    def acknowledge(self, data, who):
        pk = self._some(data, state=State.TRIGGERED)
        if pk:
            acknowledge(incident_id=pk, via=Via.WEB, by=getattr(self.duty, who), now=self.now)
            self.pages_at_ack[pk] = Page.objects.filter(incident=pk).count()

    @rule(data=st.data(), reason=st.sampled_from(ManualReason))
    def escalate(self, data, reason):
        pk = self._some(data, state__in=[State.TRIGGERED, State.ACKNOWLEDGED])
        if pk:
            pages = escalate(incident_id=pk, reason=reason, by=self.duty.jonas, now=self.now)
            self._expect_more(pk, len(pages))

    @rule(data=st.data(), severity=SEVERITIES)
    def change_severity(self, data, severity):
        pk = self._some(data, state__in=[State.TRIGGERED, State.ACKNOWLEDGED])
        if pk:
            before = Page.objects.filter(incident=pk).count()
            change_severity(incident_id=pk, severity=severity, by=self.duty.jonas, now=self.now)
            self._expect_more(pk, Page.objects.filter(incident=pk).count() - before)

    @rule(data=st.data())
    def resolve(self, data):
        pk = self._some(data, state__in=[State.TRIGGERED, State.ACKNOWLEDGED])
        if pk:
            resolve(incident_id=pk, by=self.duty.mara, now=self.now)
            self.pages_at_ack[pk] = Page.objects.filter(incident=pk).count()

    @rule(tier=st.sampled_from(Tier), is_held=st.booleans())
    def a_tier_stands_empty_or_not(self, tier, is_held):
        person = {Tier.PRIMARY: self.duty.jonas, Tier.SECONDARY: self.duty.mara}[tier]
        shifts = Shift.objects.filter(rotation__schedule=self.duty.service.schedule, tier=tier)
        shifts.update(user=person if is_held else None)

    @rule(tier=st.sampled_from(Tier))
    @precondition(lambda self: not self.duty.service.schedule.overrides.exists())
    def somebody_takes_over(self, tier):
        OverrideFactory(
            schedule=self.duty.service.schedule, tier=tier, user=self.priya,
            starts_at=self.now, ends_at=self.now + timedelta(hours=1),
        )  # fmt: skip

    @rule(data=st.data())
    def a_page_reaches_nobody(self, data):
        ids = list(Message.objects.filter(undeliverable_at=None).order_by("pk").values_list("pk", flat=True))
        if ids:
            Message.objects.filter(pk=data.draw(st.sampled_from(ids))).update(undeliverable_at=self.now)

    def _expect_more(self, pk, pages):
        """What a person asked for themselves after the acknowledgement is theirs to ask."""
        if pk in self.pages_at_ack:
            self.pages_at_ack[pk] += pages

    @invariant()
    def an_open_incident_is_due_or_alarmed(self):
        silent = Incident.objects.filter(state=State.TRIGGERED, next_action_at=None, exhausted_at=None)
        assert not silent.exists()

    @invariant()
    def nobody_is_paged_twice_for_the_same_step(self):
        steps = Page.objects.exclude(step=None).values("incident", "step", "user").annotate(times=Count("pk"))
        assert not steps.filter(times__gt=1).exists()

    @invariant()
    def nobody_without_a_page_gets_a_message(self):
        assert not Message.objects.filter(page=None).exists()

    @invariant()
    def nothing_goes_out_once_somebody_has_it(self):
        for pk, pages in self.pages_at_ack.items():
            assert Page.objects.filter(incident=pk).count() == pages

    @invariant()
    def the_timeline_explains_every_page(self):
        told = TimelineEntry.objects.filter(kind=EntryKind.PAGED).values_list("page", flat=True).order_by("page")
        assert list(told) == list(Page.objects.order_by("pk").values_list("pk", flat=True))


@pytest.mark.slow
@pytest.mark.django_db
def test_the_laws_hold_whatever_happens():
    def a_life():
        atomic = transaction.atomic()
        atomic.__enter__()
        life = Life()
        life.undo = lambda: (transaction.set_rollback(True), atomic.__exit__(None, None, None))
        return life

    run_state_machine_as_test(a_life, settings=settings(max_examples=40, stateful_step_count=30, deadline=None))
