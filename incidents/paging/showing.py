"""What the incident page and the front page show of an incident: its next action, its people, its timeline."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from incidents.escalation.policy import Policy
from incidents.escalation.terms import Target
from incidents.paging.models import Incident, Page, State, TimelineEntry
from incidents.paging.whom import TIERS, Whom
from incidents.paging.words import cause_words, sentence, why
from incidents.policies.words import length, step_sentence
from rotations.contact.models import Delivery
from rotations.people.models import User
from rotations.schedule.tiers import Tier


@dataclass(frozen=True, slots=True)
class NextAction:
    """What happens at `at` if nobody acknowledges. `people` hold the tier at this moment; it is asked again then."""

    at: datetime
    since: datetime  # when the wait began: the bar runs from here to `at`
    target: Target
    tier: Tier | None
    people: tuple[User, ...]
    rule: str  # "If nobody acknowledges within 5 minutes, page the secondary"
    step: int  # which step of the policy, from 1; one past the last is the last call
    is_repeat: bool


@dataclass(frozen=True, slots=True)
class Delivered:
    """How one page is getting to a person, one contact point each."""

    channel: str
    state: str
    state_word: str
    finished_at: datetime | None
    answer: str


@dataclass(frozen=True, slots=True)
class OnIt:
    """A person on the incident page: paged already, or the one who would be paged next."""

    user: User
    tier: Tier | None
    paged_at: datetime | None = None
    cause: str = ""
    seen_at: datetime | None = None
    acknowledged_at: datetime | None = None
    undeliverable_at: datetime | None = None
    deliveries: tuple[Delivered, ...] = ()


@dataclass(frozen=True, slots=True)
class TimelineLine:
    """One entry as it is printed: a sentence, and in small print why."""

    at: datetime
    kind: str
    sentence: str
    why: str
    user: User | None
    tier: Tier | None


def next_action_of(incident: Incident, policy: Policy, people: Whom) -> NextAction | None:
    """What happens next to an incident that nobody has acknowledged; None where nothing does."""
    if incident.next_action_at is None or incident.state != State.TRIGGERED:
        return None
    firing = incident.steps_fired
    step = policy.step_of(firing)
    target = step.target if step else Target.MANAGERS
    users = people.behind(incident, target, step.person_id) if step else ()
    return NextAction(
        at=incident.next_action_at,
        since=incident.step_fired_at or incident.opened_at,
        target=target,
        tier=TIERS.get(target),
        people=users,
        rule=_rule(policy, firing, users),
        step=policy.position(firing) + 1 if firing < policy.total else len(policy.steps) + 1,
        is_repeat=policy.round(firing) > 0,
    )


def on_it(
    incident: Incident, pages: Sequence[Page], deliveries: Iterable[Delivery], next_action: NextAction | None
) -> tuple[OnIt, ...]:
    """Everybody who was paged, by their last page, in the order of their first; then who would be next."""
    by_message: dict[int, list[Delivered]] = defaultdict(list)
    for delivery in deliveries:
        by_message[delivery.message_id].append(_delivered(delivery))
    latest = {page.user_id: page for page in pages}
    paged = [_paged(incident, page, by_message[page.message_id]) for page in latest.values()]
    if next_action is None:
        return tuple(paged)
    return (*paged, *(OnIt(user, next_action.tier) for user in next_action.people if user.pk not in latest))


def timeline_line(entry: TimelineEntry) -> TimelineLine:
    """One entry in words. `by` and `page.user` should be loaded."""
    page = entry.page
    tier = page.tier if page else entry.detail.get("tier", "")
    user = page.user if page else entry.by
    return TimelineLine(entry.at, entry.kind, sentence(entry), why(entry), user, Tier(tier) if tier else None)


def _rule(policy: Policy, firing: int, users: Sequence[User]) -> str:
    step, wait = policy.step_of(firing), policy.wait_before(firing)
    if step is None:
        return _("If nobody acknowledges within %s, raise the alarm") % length(wait)
    return step_sentence(step.target, wait, person=users[0] if users else None)


def _paged(incident: Incident, page: Page, deliveries: Sequence[Delivered]) -> OnIt:
    return OnIt(
        user=page.user,
        tier=Tier(page.tier) if page.tier else None,
        paged_at=page.paged_at,
        cause=cause_words(page.cause),
        seen_at=page.message.seen_at,
        acknowledged_at=incident.acknowledged_at if incident.acknowledged_by_id == page.user_id else None,
        undeliverable_at=page.message.undeliverable_at,
        deliveries=tuple(deliveries),
    )


def _delivered(delivery: Delivery) -> Delivered:
    return Delivered(
        channel=delivery.get_channel_display(),
        state=delivery.state,
        state_word=delivery.get_state_display(),
        finished_at=delivery.finished_at,
        answer=delivery.answer,
    )
