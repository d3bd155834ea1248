"""The ladder as a readable table: what is paged, when, and why."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta

import pytest

from incidents.escalation.engine import Facts, decide, next_step_at
from incidents.escalation.policy import Policy, Step, Trigger
from incidents.escalation.terms import Cause, Severity, State, Target
from incidents.escalation.turn import NoSuchTier, Told, play, play_request, play_undeliverable

OPENED = datetime(2026, 12, 9, 9, 0, tzinfo=UTC)
JONAS, MARA, INES, PRIYA = 1, 2, 3, 4
EVERYBODY = {Target.PRIMARY: (JONAS,), Target.SECONDARY: (MARA,), Target.MANAGERS: (INES,)}


def minutes(n):
    return timedelta(minutes=n)


STANDARD = Policy(
    steps=(
        Step(Target.PRIMARY, minutes(0)),
        Step(Target.SECONDARY, minutes(5)),
        Step(Target.MANAGERS, minutes(5)),
    ),
    triggers=(Trigger(7, Severity.SEV2, Target.SECONDARY),),
)
PAIR_ONLY = Policy(steps=STANDARD.steps[:2])


class Story:
    """Plays an incident minute by minute, the way the sweep does."""

    def __init__(self, policy=STANDARD, severity=Severity.SEV3, people=None):
        self.policy, self.people = policy, {**EVERYBODY, **(people or {})}
        self.facts = Facts(State.TRIGGERED, severity, 0, OPENED)
        self.lines = []

    def find(self, target, person_id):
        return (person_id,) if person_id else self.people[target]

    def take(self, turn, now):
        self.facts = turn.facts
        for happening in turn.happenings:
            cause = happening.fire.cause.value if happening.fire else None
            self.lines.append(((now - OPENED) / minutes(1), happening.told.value, happening.user_id, cause))
        return turn

    def at(self, minute):
        now = OPENED + minutes(minute)
        return self.take(play(self.policy, self.facts, now, self.find), now)

    def sweep_until(self, minute):
        """Every due instant on time, up to this minute."""
        self.at(0)
        while (due := next_step_at(self.policy, self.facts)) and due <= OPENED + minutes(minute):
            self.at((due - OPENED) / minutes(1))
        return self

    @property
    def pages(self):
        return [(minute, who, cause) for minute, told, who, cause in self.lines if told == "paged"]


TABLE = {
    "silence goes from the primary to the secondary to the managers, and then the alarm is raised": (
        Story(),
        [
            (0, "paged", JONAS, "first"),
            (5, "paged", MARA, "timeout"),
            (10, "paged", INES, "timeout"),
            (15, "exhausted", None, None),
        ],
    ),
    "a policy that does not end with the managers ends with them all the same": (
        Story(PAIR_ONLY),
        [
            (0, "paged", JONAS, "first"),
            (5, "paged", MARA, "timeout"),
            (10, "paged", INES, "timeout"),
            (10, "exhausted", None, None),
        ],
    ),
    "severity 1 or 2 pages the secondary with the primary, and once more when nobody answers": (
        Story(severity=Severity.SEV2),
        [
            (0, "paged", JONAS, "first"),
            (0, "paged", MARA, "severity"),
            (5, "paged", MARA, "timeout"),
            (10, "paged", INES, "timeout"),
            (15, "exhausted", None, None),
        ],
    ),
    "nobody is primary: the secondary is paged at once, and the managers are told": (
        Story(people={Target.PRIMARY: ()}),
        [
            (0, "nobody", None, "first"),
            (0, "paged", MARA, "nobody_on_call"),
            (0, "paged", INES, "nobody_on_call"),
            (5, "paged", INES, "timeout"),
            (10, "exhausted", None, None),
        ],
    ),
    "nobody is on call at all: the managers are paged at once, once": (
        Story(people={Target.PRIMARY: (), Target.SECONDARY: ()}),
        [
            (0, "nobody", None, "first"),
            (0, "nobody", None, "nobody_on_call"),
            (0, "paged", INES, "nobody_on_call"),
            (5, "exhausted", None, None),
        ],
    ),
    "there is nobody in the world: the alarm is raised at once": (
        Story(people={Target.PRIMARY: (), Target.SECONDARY: (), Target.MANAGERS: ()}),
        [
            (0, "nobody", None, "first"),
            (0, "nobody", None, "nobody_on_call"),
            (0, "nobody", None, "nobody_on_call"),
            (0, "exhausted", None, None),
        ],
    ),
    "a schedule of one tier passes the secondary over, without a wait and without a complaint": (
        Story(people={Target.SECONDARY: NoSuchTier.SINGLE}),
        [
            (0, "paged", JONAS, "first"),
            (5, "passed_over", None, "timeout"),
            (5, "paged", INES, "timeout"),
            (10, "exhausted", None, None),
        ],
    ),
    "one tier and severe: the trigger has nobody to add and says nothing": (
        Story(severity=Severity.SEV1, people={Target.SECONDARY: NoSuchTier.SINGLE}),
        [
            (0, "paged", JONAS, "first"),
            (5, "passed_over", None, "timeout"),
            (5, "paged", INES, "timeout"),
            (10, "exhausted", None, None),
        ],
    ),
    "a person who stands behind two reasons at one moment is paged once": (
        Story(severity=Severity.SEV1, people={Target.SECONDARY: (JONAS,)}),
        [
            (0, "paged", JONAS, "first"),
            (5, "paged", JONAS, "timeout"),
            (10, "paged", INES, "timeout"),
            (15, "exhausted", None, None),
        ],
    ),
    "several managers are all paged": (
        Story(people={Target.MANAGERS: (INES, PRIYA)}),
        [
            (0, "paged", JONAS, "first"),
            (5, "paged", MARA, "timeout"),
            (10, "paged", INES, "timeout"),
            (10, "paged", PRIYA, "timeout"),
            (15, "exhausted", None, None),
        ],
    ),
    "a named person is a step like any other": (
        Story(Policy(steps=(Step(Target.PRIMARY, minutes(0)), Step(Target.PERSON, minutes(2), PRIYA)))),
        [
            (0, "paged", JONAS, "first"),
            (2, "paged", PRIYA, "timeout"),
            (7, "paged", INES, "timeout"),
            (7, "exhausted", None, None),
        ],
    ),
    "repeats begin again after the last step had its time": (
        Story(Policy(steps=PAIR_ONLY.steps, repeats=1)),
        [
            (0, "paged", JONAS, "first"),
            (5, "paged", MARA, "timeout"),
            (10, "paged", JONAS, "repeat"),
            (15, "paged", MARA, "timeout"),
            (20, "paged", INES, "timeout"),
            (20, "exhausted", None, None),
        ],
    ),
    "a round that reached nobody raises the alarm at once, and the next round waits for somebody to come": (
        Story(
            Policy(steps=PAIR_ONLY.steps, repeats=1),
            people={Target.PRIMARY: (), Target.SECONDARY: (), Target.MANAGERS: ()},
        ),
        [
            (0, "nobody", None, "first"),
            (0, "nobody", None, "nobody_on_call"),
            (0, "exhausted", None, None),
            (5, "nobody", None, "repeat"),
            (5, "nobody", None, "nobody_on_call"),
            (5, "nobody", None, "nobody_on_call"),
        ],
    ),
}


@pytest.mark.parametrize("title", TABLE)
def test_the_ladder(title):
    story, expected = deepcopy(TABLE[title])
    assert story.sweep_until(60).lines == expected


def test_lateness_does_not_add_up():
    story = Story()
    story.at(0)
    story.at(5 + 20 / 60)  # twenty seconds late
    assert next_step_at(story.policy, story.facts) == OPENED + minutes(10)


def test_after_an_outage_the_next_step_waits_half_its_time_from_the_page_that_really_went_out():
    story = Story()
    story.at(0)
    story.at(9)  # four minutes late: ten minutes after opening would leave one minute to answer
    assert next_step_at(story.policy, story.facts) == OPENED + minutes(9 + 2.5)


def test_a_short_outage_changes_nothing_where_half_the_time_is_left_anyhow():
    story = Story()
    story.at(0)
    story.at(6)
    assert next_step_at(story.policy, story.facts) == OPENED + minutes(10)


def test_a_sweeper_that_was_away_for_an_hour_pages_one_step_and_then_waits():
    story = Story()
    story.at(60)
    assert story.pages == [(60, JONAS, "first")]
    assert next_step_at(story.policy, story.facts) == OPENED + minutes(62.5)


@pytest.mark.parametrize("state", [State.ACKNOWLEDGED, State.RESOLVED])
def test_nothing_is_due_once_somebody_has_it(state):
    facts = Facts(state, Severity.SEV3, 1, OPENED, OPENED)
    decision = decide(STANDARD, facts, OPENED + minutes(60))
    assert (decision.fires, decision.next_action_at, decision.facts) == ((), None, facts)


def test_a_severity_raised_later_pages_the_secondary_once_even_when_somebody_leads():
    story = Story()
    story.at(0)
    story.facts = Facts(State.ACKNOWLEDGED, Severity.SEV1, 1, OPENED, OPENED)
    story.at(1)
    story.at(2)
    assert story.pages == [(0, JONAS, "first"), (1, MARA, "severity")]


def test_a_severity_that_falls_and_rises_again_pages_nobody_twice():
    story = Story(severity=Severity.SEV2)
    story.at(0)
    for severity in (Severity.SEV4, Severity.SEV1):
        story.facts = Facts(State.TRIGGERED, severity, 1, OPENED, OPENED, triggers_fired=story.facts.triggers_fired)
        story.at(1)
    assert story.pages == [(0, JONAS, "first"), (0, MARA, "severity")]


def test_a_page_that_reaches_nobody_brings_the_next_tier_forward_and_tells_the_managers():
    story = Story()
    story.at(0)
    now = OPENED + minutes(1)
    story.take(play_undeliverable(story.policy, story.facts, now, story.find, since=OPENED + minutes(0.5)), now)
    assert story.pages[1:] == [(1, MARA, "undeliverable"), (1, INES, "undeliverable")]
    assert next_step_at(story.policy, story.facts) == OPENED + minutes(5.5)


def test_managers_who_cannot_be_reached_raise_the_alarm():
    story = Story()
    for minute in (0, 5, 10):
        story.at(minute)
    now = OPENED + minutes(11)
    story.take(play_undeliverable(story.policy, story.facts, now, story.find, since=now), now)
    assert story.facts.is_exhausted
    assert len(story.pages) == 3


def test_asking_for_the_secondary_counts_as_their_step_and_the_next_is_counted_from_now():
    story = Story()
    story.at(0)
    now = OPENED + minutes(2)
    story.take(play_request(story.policy, story.facts, now, story.find, target=Target.SECONDARY), now)
    assert story.pages[1:] == [(2, MARA, "manual")]
    assert next_step_at(story.policy, story.facts) == OPENED + minutes(7)


def test_asking_once_the_secondarys_step_is_behind_is_a_page_and_nothing_else():
    story = Story()
    story.at(0)
    story.at(5)
    due = next_step_at(story.policy, story.facts)
    now = OPENED + minutes(6)
    story.take(play_request(story.policy, story.facts, now, story.find, target=Target.SECONDARY), now)
    assert story.pages[2:] == [(6, MARA, "manual")]
    assert next_step_at(story.policy, story.facts) == due


def test_asking_when_nobody_is_secondary_reaches_the_managers():
    story = Story(people={Target.SECONDARY: ()})
    story.at(0)
    now = OPENED + minutes(2)
    turn = play_request(story.policy, story.facts, now, story.find, target=Target.SECONDARY)
    story.take(turn, now)
    assert [h.told for h in turn.happenings] == [Told.NOBODY, Told.PAGED]
    assert story.pages[1:] == [(2, INES, Cause.NOBODY_ON_CALL)]


def test_asking_on_an_acknowledged_incident_leaves_the_ladder_alone():
    story = Story()
    story.facts = Facts(State.ACKNOWLEDGED, Severity.SEV3, 1, OPENED, OPENED)
    now = OPENED + minutes(30)
    story.take(play_request(story.policy, story.facts, now, story.find, target=Target.SECONDARY), now)
    assert story.pages == [(30, MARA, "manual")]
    assert story.facts.steps_fired == 1
