"""What a page says: short, and enough for somebody who was asleep a minute ago."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from django.utils.translation import get_language, gettext, gettext_noop

from incidents.escalation.engine import Fire
from incidents.escalation.policy import Policy
from incidents.escalation.terms import Cause, ManualReason, Severity, State, Target
from incidents.escalation.turn import Told, Turn
from incidents.paging.models import MANUAL_REASONS, Incident
from incidents.paging.whom import TIERS, Whom
from incidents.paging.words import tier_word
from incidents.policies.words import length, whom
from rotations.people.models import User

SUBJECT_LENGTH = 250
ROLES = {
    Target.PRIMARY: gettext_noop("You are paged as primary."),
    Target.SECONDARY: gettext_noop("You are paged as secondary."),
    Target.MANAGERS: gettext_noop("You are paged as manager of the team."),
    Target.PERSON: gettext_noop("You are paged by name."),
}
WHY = {
    Cause.FIRST: gettext_noop("You are the first to know."),
    Cause.TIMEOUT: gettext_noop("Nobody has acknowledged."),
    Cause.MANUAL: gettext_noop("Somebody asked for you."),
    Cause.SEVERITY: gettext_noop("An incident this severe pages you from the start."),
    Cause.NOBODY_ON_CALL: gettext_noop("Nobody was on call before you."),
    Cause.UNDELIVERABLE: gettext_noop("The page before yours reached nobody."),
    Cause.REPEAT: gettext_noop("Everybody was paged once and nobody has acknowledged."),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asked for help by hand, and why."""

    by: User | None
    reason: ManualReason


@cache
def _translated(language: str | None, message: str) -> str:
    """A lookup walks through every catalogue there is; a storm asks for the same few sentences ten thousand times."""
    return gettext(message)


def _(message: str) -> str:
    return _translated(get_language(), message)


def subject(incident: Incident, fire: Fire) -> str:
    """One line that says how bad, what and where: it may be all that a phone shows."""
    line = _("%(severity)s %(service)s: %(title)s") % {
        "severity": Severity(incident.severity).name,
        "service": incident.service.name,
        "title": incident.title,
    }
    if incident.is_test:
        line = _("Test. %s") % line
    if fire.cause is Cause.REPEAT:
        line = _("Again: %s") % line
    return line[: SUBJECT_LENGTH - 1] + "…" if len(line) > SUBJECT_LENGTH else line


def body(
    incident: Incident, fire: Fire, turn: Turn, *, policy: Policy, people: Whom, recipient: User, asked: Asked | None
) -> str:
    """As whom you are paged, why, who is missing, and what happens next and when, on the recipient's clock."""
    lines = [
        incident.title,
        _("%(code)s, %(severity)s, %(service)s, open since %(at)s.")
        % {
            "code": incident.code,
            "severity": Severity(incident.severity).name,
            "service": incident.service.name,
            "at": _clock(incident.opened_at, recipient),
        },
        f"{_(ROLES[fire.target])} {_why(fire, policy, asked)}",
        *missing(incident, turn),
        _what_next(incident, turn, policy, people, recipient),
    ]
    return "\n".join(line for line in lines if line)


def missing(incident: Incident, turn: Turn) -> Sequence[str]:
    """Which tier of which schedule has nobody."""
    gaps = dict.fromkeys(h.fire.target for h in turn.happenings if h.told is Told.NOBODY and h.fire)
    return [
        _("Nobody is %(tier)s of %(schedule)s now.")
        % {"tier": tier_word(TIERS[target]), "schedule": incident.service.schedule.name}
        for target in gaps
        if target in TIERS
    ]


def _why(fire: Fire, policy: Policy, asked: Asked | None) -> str:
    if fire.cause is Cause.MANUAL and asked is not None:
        return _("%(name)s asked for you: %(reason)s.") % {
            "name": asked.by.name if asked.by else _("Somebody"),
            "reason": dict(MANUAL_REASONS)[asked.reason.value],
        }
    if fire.cause is Cause.TIMEOUT and fire.step is not None:
        return _("Nobody acknowledged within %s.") % length(policy.wait_before(fire.step))
    return _(WHY[fire.cause])


def _what_next(incident: Incident, turn: Turn, policy: Policy, people: Whom, recipient: User) -> str:
    if turn.facts.state is not State.TRIGGERED:
        lead = people.people.get(incident.lead_id or 0)
        return _("%s leads. Look at the incident and help.") % lead.name if lead else ""
    if turn.next_action_at is None:
        return _("Nobody is paged after this. Please acknowledge.")
    step = policy.step_of(turn.facts.steps_fired)
    return _("If nobody acknowledges, %(whom)s at %(at)s.") % {
        "whom": _next_page(incident, step.target, step.person_id, people) if step else _("an alarm is raised"),
        "at": _clock(turn.next_action_at, recipient),
    }


def _next_page(incident: Incident, target: Target, person_id: int | None, people: Whom) -> str:
    found = people.behind(incident, target, person_id)
    if target is Target.MANAGERS:
        return _("the managers are paged")
    if not found:
        return _("%s is paged") % whom(target)
    if target in TIERS:
        return _("%(name)s (%(tier)s) is paged") % {"name": found[0].name, "tier": tier_word(TIERS[target])}
    return _("%s is paged") % found[0].name


def _clock(at: datetime, reader: User) -> str:
    return at.astimezone(ZoneInfo(reader.time_zone)).strftime("%H:%M:%S %Z")
