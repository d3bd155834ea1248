"""Laws of the ladder: true for every policy, every roster and every sweeper, however late."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from incidents.escalation.engine import OUTAGE, Facts, decide, next_step_at
from incidents.escalation.policy import SHORTEST_LAST_WAIT, Policy, Step, Trigger
from incidents.escalation.terms import Cause, Severity, State, Target
from incidents.escalation.turn import NoSuchTier, Told, play

OPENED = datetime(2026, 12, 9, 9, 0, tzinfo=UTC)
waits = st.integers(0, 1800).map(lambda seconds: timedelta(seconds=seconds))
targets = st.sampled_from([Target.PRIMARY, Target.SECONDARY, Target.MANAGERS])
policies = st.builds(
    Policy,
    steps=st.lists(st.builds(Step, targets, waits), min_size=1, max_size=5).map(tuple),
    triggers=st.lists(st.tuples(st.sampled_from(Severity), targets), max_size=3).map(
        lambda rows: tuple(Trigger(n, *row) for n, row in enumerate(rows))
    ),
    repeats=st.integers(0, 3),
)
somebody = st.lists(st.integers(1, 4), min_size=1, max_size=3, unique=True).map(tuple)
rosters = st.fixed_dictionaries(
    {
        Target.PRIMARY: st.just(()) | somebody,
        Target.SECONDARY: st.just(()) | st.just(NoSuchTier.SINGLE) | somebody,
        Target.MANAGERS: st.just(()) | somebody,
    }
)
EVERYBODY = {Target.PRIMARY: (1,), Target.SECONDARY: (2,), Target.MANAGERS: (3,)}
lateness = st.lists(st.integers(0, 4000).map(lambda seconds: timedelta(seconds=seconds)), min_size=1, max_size=40)


def lived(policy, roster, delays, severity=Severity.SEV3):
    """Every turn of an incident that nobody acknowledges, each so late: (now, facts before, turn)."""
    facts = Facts(State.TRIGGERED, severity, 0, OPENED)
    now = OPENED
    for n in range(200):
        turn = play(policy, facts, now, lambda target, _person: roster[target])
        yield now, facts, turn
        facts = turn.facts
        if turn.next_action_at is None:
            return
        now = max(now, turn.next_action_at) + delays[n % len(delays)]
    raise AssertionError("the ladder never ends")


@given(policies, rosters, lateness)
def test_an_incident_that_nobody_acknowledges_is_due_or_alarmed_and_ends_alarmed(policy, roster, delays):
    for _now, _facts, turn in lived(policy, roster, delays):
        assert turn.next_action_at is not None or turn.facts.is_exhausted
    assert turn.facts.is_exhausted


@given(policies, rosters, lateness)
def test_after_a_turn_nothing_is_due_any_more(policy, roster, delays):
    for now, _facts, turn in lived(policy, roster, delays):
        assert turn.next_action_at is None or turn.next_action_at > now
        assert play(policy, turn.facts, now, lambda target, _person: roster[target]).happenings == ()


@given(policies, rosters, lateness, st.sampled_from(Severity))
def test_nobody_is_paged_twice_in_one_turn_nor_for_the_same_step(policy, roster, delays, severity):
    seen = set()
    for _now, _facts, turn in lived(policy, roster, delays, severity):
        pages = [h for h in turn.happenings if h.told is Told.PAGED]
        assert len({h.user_id for h in pages}) == len(pages)
        for page in pages:
            if page.fire.step is not None:
                assert (page.fire.step, page.user_id) not in seen
                seen.add((page.fire.step, page.user_id))


@given(policies, rosters, lateness, st.sampled_from(Severity))
def test_a_trigger_pages_once_and_only_for_what_is_that_severe(policy, roster, delays, severity):
    fired = [
        h.fire.target
        for _now, _facts, turn in lived(policy, roster, delays, severity)
        for h in turn.happenings
        if h.fire and h.fire.cause is Cause.SEVERITY and h.told is Told.PAGED
    ]
    wanted = [t for t in policy.triggers if severity <= t.severity]
    assert set(fired) <= {t.target for t in wanted}


@given(policies, st.sampled_from([0, 1, 5, 29]))
def test_lateness_never_adds_up_while_the_sweep_is_alive(policy, late):
    planned = {}
    for _now, _facts, turn in lived(policy, EVERYBODY, [timedelta(seconds=late)]):
        planned |= {h.fire.step: h.fire.planned_at for h in turn.happenings if h.fire and h.fire.step is not None}
    for step, at in planned.items():
        assert at == OPENED + sum((policy.wait_before(k) for k in range(step + 1)), timedelta())


@given(policies, lateness)
def test_whoever_was_paged_late_has_half_the_next_wait_to_answer(policy, delays):
    for now, _facts, turn in lived(policy, EVERYBODY, delays):
        after = turn.facts
        was_late = after.step_fired_at == now and now - after.step_planned_at > OUTAGE
        if was_late and turn.next_action_at is not None:
            assert turn.next_action_at >= now + policy.wait_before(after.steps_fired) / 2


@given(policies)
def test_a_round_never_follows_upon_a_round_without_a_wait(policy):
    for firing in range(1, policy.total + 1):
        if firing == policy.total or policy.starts_a_round_again(firing):
            assert policy.wait_before(firing) >= SHORTEST_LAST_WAIT


@given(policies, st.sampled_from([State.ACKNOWLEDGED, State.RESOLVED]), st.integers(0, 10), waits)
def test_no_step_fires_once_somebody_has_it(policy, state, fired, later):
    facts = Facts(state, Severity.SEV5, fired, OPENED, OPENED, triggers_fired={t.id for t in policy.triggers})
    assert decide(policy, facts, OPENED + later).fires == ()
    assert next_step_at(policy, facts) is None
