"""Overrides: one tier of one schedule held by another person for a while, as an approved fact."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from rotations.people.models import User
from rotations.people.services import record
from rotations.rota.guards import in_words, instant_in_words, locked_schedule, require_manager
from rotations.rota.models import LONGEST_OVERRIDE, Override, Schedule
from rotations.rota.selectors import filled_tiers, final_timeline, people_by_id, takers
from rotations.rota.timelines import both_tiers
from rotations.schedule.spans import Span
from rotations.schedule.tiers import Tier

# The form begins with the minute in which it was opened: somebody who takes their time over it means "from now on".
WHILE_THE_FORM_IS_OPEN = timedelta(minutes=15)


@transaction.atomic
def approve_override(
    *,
    schedule: Schedule,
    tier: Tier,
    user: User,
    starts_at: datetime,
    ends_at: datetime,
    reason: str = "",
    by: User,
    now: datetime,
) -> Override:
    """Let `user` hold a tier for [starts_at, ends_at), whoever the timeline names there until now.

    An earlier override of the same time is superseded: withdrawn, and what is left of it written anew. A start within
    the current minute means from now on: what has been served stays as it was.

    Raises `PermissionDenied` for anybody but a manager, and `ValidationError` with one of these codes: `archived`,
    `ends_before_it_starts`, `in_the_past`, `too_long`, `not_in_team`, `no_such_tier`, `both_tiers`,
    `holds_already`.
    """
    require_manager(by, schedule.team_id)
    schedule = locked_schedule(schedule.pk)
    span = _refuse_bad_span(starts_at, ends_at, now=now)
    _refuse_missing_tier(schedule, tier)
    if not takers(schedule).filter(pk=user.pk).exists():
        raise ValidationError(
            _("%(name)s cannot be on call for %(team)s. Choose a responder or a manager of the team."),
            code="not_in_team",
            params={"name": user, "team": schedule.team},
        )
    _refuse_by_timeline(schedule, tier, user, span, now=now)
    _supersede(schedule, tier, span, now=now)
    override = Override.objects.create(
        schedule=schedule,
        tier=tier,
        user=user,
        starts_at=span.start,
        ends_at=span.end,
        reason=reason.strip(),
        approved_by=by,
        approved_at=now,
    )
    record("override.approved", override, team=schedule.team, detail=_detail(override), by=by, now=now)
    return override


@transaction.atomic
def withdraw_override(*, override: Override, by: User, now: datetime) -> None:
    """Give the tier back to whom the shifts name, from now on. What was served until now stays on record.

    Raises `PermissionDenied` for anybody but a manager, and `ValidationError`: `archived`, `withdrawn`, `over`, or
    `both_tiers` if the person of the shift has taken the other tier in the meantime.
    """
    require_manager(by, override.schedule.team_id)
    schedule = locked_schedule(override.schedule_id)
    override = Override.objects.select_related("user").get(pk=override.pk)
    if override.withdrawn_at:
        raise ValidationError(_("This override was withdrawn or replaced already."), code="withdrawn")
    if override.ends_at <= now:
        raise ValidationError(_("This override is over. What has been served stays on record."), code="over")
    window = Span(max(override.starts_at, now), override.ends_at)
    _withdraw(override, keep=[Span(override.starts_at, window.start)], now=now)
    _refuse_both_tiers(schedule, window, now=now)
    record("override.withdrawn", override, team=schedule.team, detail=_detail(override), by=by, now=now)


def _refuse_bad_span(starts_at: datetime, ends_at: datetime, *, now: datetime) -> Span:
    """The span that is really meant; refuses what lies in the past, backwards or for ever."""
    if ends_at <= starts_at:
        raise ValidationError(
            _("An override ends after it starts. Choose an end later than %(start)s."),
            code="ends_before_it_starts",
            params={"start": instant_in_words(starts_at, now=now)},
        )
    if starts_at <= now - WHILE_THE_FORM_IS_OPEN or ends_at <= now:
        raise ValidationError(
            _("The past cannot be changed. Choose a start from %(now)s on."),
            code="in_the_past",
            params={"now": instant_in_words(now, now=now)},
        )
    if ends_at - starts_at > LONGEST_OVERRIDE:
        raise ValidationError(
            _("An override lasts at most one year. Choose an end before %(end)s."),
            code="too_long",
            params={"end": instant_in_words(starts_at + LONGEST_OVERRIDE, now=now)},
        )
    return Span(max(starts_at, now), ends_at)


def _refuse_missing_tier(schedule: Schedule, tier: Tier) -> None:
    """A schedule of single-tier rotations has no secondary to take over."""
    if tier not in filled_tiers(schedule):
        raise ValidationError(
            _("%(schedule)s has no %(tier)s. Choose primary, or give one of its rotations two tiers first."),
            code="no_such_tier",
            params={"schedule": schedule, "tier": tier},
        )


def _refuse_by_timeline(schedule: Schedule, tier: Tier, user: User, span: Span, *, now: datetime) -> None:
    """One person never holds both tiers, and an override that changes nothing is a mistake."""
    holds = final_timeline(schedule, span)
    for hold in holds:
        if hold.tier is tier.other and hold.person == user.pk:
            raise ValidationError(
                _("%(name)s is %(tier)s %(span)s. One person never holds both tiers: choose somebody else."),
                code="both_tiers",
                params={"name": user, "tier": hold.tier, "span": in_words(Span(hold.start, hold.end), now=now)},
            )
    if all(hold.person == user.pk for hold in holds if hold.tier is tier):
        raise ValidationError(
            _("%(name)s holds %(tier)s for all of that time already. Choose somebody else, or another time."),
            code="holds_already",
            params={"name": user, "tier": tier},
        )


def _supersede(schedule: Schedule, tier: Tier, span: Span, *, now: datetime) -> None:
    """Withdraw what was approved for that time before, and keep what of it lies outside."""
    earlier = Override.objects.in_force().touching(span.start, span.end).filter(schedule=schedule, tier=tier)
    for override in earlier.order_by("starts_at"):
        around = [Span(override.starts_at, max(override.starts_at, span.start))]
        around.append(Span(min(override.ends_at, span.end), override.ends_at))
        _withdraw(override, keep=around, now=now)


def _withdraw(override: Override, *, keep: Iterable[Span], now: datetime) -> None:
    """Take a row out of force; the spans to keep become rows of their own, still with who approved them and when."""
    Override.objects.filter(pk=override.pk).update(withdrawn_at=now)
    Override.objects.bulk_create(
        Override(
            schedule_id=override.schedule_id,
            tier=override.tier,
            user_id=override.user_id,
            starts_at=span.start,
            ends_at=span.end,
            reason=override.reason,
            approved_by_id=override.approved_by_id,
            approved_at=override.approved_at,
            replaces=override,
        )
        for span in keep
        if span
    )


def _refuse_both_tiers(schedule: Schedule, window: Span, *, now: datetime) -> None:
    collisions = both_tiers(final_timeline(schedule, window))
    if collisions:
        person = people_by_id([collisions[0].person])[collisions[0].person]
        raise ValidationError(
            _("Then %(name)s would hold both tiers, %(span)s. Withdraw their other override first."),
            code="both_tiers",
            params={"name": person, "span": in_words(collisions[0].span, now=now)},
        )


def _detail(override: Override) -> dict[str, object]:
    """What the audit log says of an override."""
    return {
        "override": override.pk,
        "tier": override.tier,
        "user": override.user.email,
        "starts_at": override.starts_at.isoformat(),
        "ends_at": override.ends_at.isoformat(),
        "reason": override.reason,
    }
