"""Plays the turns of many incidents and writes what they come to, in the caller's transaction.

A constant number of statements for any number of incidents. Callers hold the locks of the rows they hand in.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from incidents.escalation.engine import Facts
from incidents.escalation.policy import Policy
from incidents.escalation.terms import Cause, Severity, State
from incidents.escalation.turn import Find, Happening, Told, Turn
from incidents.paging.bulk import update_incidents
from incidents.paging.links import path_for
from incidents.paging.models import EntryKind, Incident, Page, TimelineEntry
from incidents.paging.page_texts import Asked, body, subject
from incidents.paging.whom import TIERS, Whom, whom_at
from incidents.policies.selectors import policies
from rotations.contact.models import Message, MessageKind
from rotations.contact.services import Draft, write_messages

PlayOne = Callable[[Incident, Policy, Facts, Find], Turn]
LADDER = (
    "steps_fired",
    "step_planned_at",
    "step_fired_at",
    "next_cause",
    "triggers_fired",
    "next_action_at",
    "exhausted_at",
)
KINDS = {
    Told.PAGED: EntryKind.PAGED,
    Told.NOBODY: EntryKind.NOBODY,
    Told.PASSED_OVER: EntryKind.PASSED_OVER,
    Told.EXHAUSTED: EntryKind.EXHAUSTED,
}


@dataclass(frozen=True, slots=True)
class Played:
    """One incident's turn, taken up by its row but not yet written."""

    incident: Incident
    turn: Turn
    policy: Policy


@dataclass(frozen=True, slots=True)
class Round:
    """The turns of one batch, and the people they spoke of."""

    played: Sequence[Played]
    people: Whom
    now: datetime

    def happenings(self) -> Iterator[tuple[Played, Happening]]:
        """Every line of every turn, in order."""
        return ((played, happening) for played in self.played for happening in played.turn.happenings)


def facts_of(incident: Incident) -> Facts:
    """The facts that a row holds."""
    return Facts(
        state=State(incident.state),
        severity=Severity(incident.severity),
        steps_fired=incident.steps_fired,
        step_planned_at=incident.step_planned_at,
        step_fired_at=incident.step_fired_at,
        next_cause=Cause(incident.next_cause) if incident.next_cause else None,
        triggers_fired=frozenset(incident.triggers_fired),
        is_exhausted=incident.exhausted_at is not None,
    )


def play_round(incidents: Sequence[Incident], play: PlayOne, *, now: datetime) -> Round:
    """Play a turn of each incident (`service.schedule` loaded) and set its ladder fields; nothing is written yet."""
    rules = policies({incident.policy_id for incident in incidents})
    people = whom_at(now, incidents, rules.values())
    played = []
    for incident in incidents:
        policy = rules[incident.policy_id]
        turn = play(incident, policy, facts_of(incident), people.find_for(incident))
        _take_up(incident, turn, now)
        played.append(Played(incident, turn, policy))
    return Round(played, people, now)


def write_ladder(played: Round, *others: str) -> None:
    """Write the ladder fields (and `others`) of every incident of the round: one statement."""
    update_incidents([one.incident for one in played.played], (*LADDER, *others))


def write_consequences(played: Round, *, asked: Asked | None = None) -> list[Page]:
    """Write messages with their deliveries, pages and timeline of a round. The incidents must have their ids."""
    told = list(played.happenings())
    calls = [(one, happening) for one, happening in told if happening.told is Told.PAGED]
    messages = write_messages([_draft(one, call, played, asked) for one, call in calls], now=played.now)
    pages = Page.objects.bulk_create(
        _page(one.incident, call, message, asked, played.now)
        for (one, call), message in zip(calls, messages, strict=True)
    )
    page_ids = iter(pages)
    TimelineEntry.objects.bulk_create(
        _entry(one.incident, line, next(page_ids) if line.told is Told.PAGED else None, asked, played.now)
        for one, line in told
    )
    return pages


def _take_up(incident: Incident, turn: Turn, now: datetime) -> None:
    facts = turn.facts
    incident.steps_fired = facts.steps_fired
    incident.step_planned_at = facts.step_planned_at
    incident.step_fired_at = facts.step_fired_at
    incident.next_cause = facts.next_cause or ""
    incident.triggers_fired = sorted(facts.triggers_fired)
    incident.next_action_at = turn.next_action_at
    if facts.is_exhausted and incident.exhausted_at is None:
        incident.exhausted_at = now


def _draft(one: Played, call: Happening, played: Round, asked: Asked | None) -> Draft:
    assert call.fire is not None and call.user_id is not None  # noqa: PT018  # a page has a reason and a person
    recipient = played.people.people[call.user_id]
    return Draft(
        recipient_id=call.user_id,
        kind=MessageKind.PAGE,
        subject=subject(one.incident, call.fire),
        body=body(
            one.incident,
            call.fire,
            one.turn,
            policy=one.policy,
            people=played.people,
            recipient=recipient,
            asked=asked,
        ),
        path=path_for(one.incident.pk, call.user_id),
        tier=TIERS.get(call.fire.target),
    )


def _page(incident: Incident, call: Happening, message: Message, asked: Asked | None, now: datetime) -> Page:
    assert call.fire is not None and call.user_id is not None  # noqa: PT018  # a page has a reason and a person
    is_manual = call.fire.cause is Cause.MANUAL
    return Page(
        incident_id=incident.pk,
        user_id=call.user_id,
        tier=TIERS.get(call.fire.target, ""),
        step=call.fire.step,
        cause=call.fire.cause,
        manual_reason=asked.reason if asked and is_manual else "",
        planned_at=call.fire.planned_at,
        paged_at=now,
        message_id=message.pk,
    )


def _entry(incident: Incident, line: Happening, page: Page | None, asked: Asked | None, now: datetime) -> TimelineEntry:
    fire = line.fire
    detail = {} if fire is None or page else {"target": fire.target, "schedule": incident.service.schedule.name}
    is_manual = fire is not None and fire.cause is Cause.MANUAL
    return TimelineEntry(
        incident_id=incident.pk,
        at=now,
        kind=KINDS[line.told],
        by_id=asked.by.pk if asked and asked.by and is_manual else None,
        page_id=page.pk if page else None,
        detail=detail,
    )
