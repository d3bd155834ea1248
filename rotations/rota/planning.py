"""What publishing would do: the draft of a rotation put through the planner and compared with what is published.

Reads only. `services.publish` writes what is proposed here, `services.extend_horizons` likewise.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.conf import settings as site
from django.core.exceptions import ValidationError
from django.db.models import Max
from django.utils.translation import gettext as _

from rotations.people.models import TimeOff, User
from rotations.rota.guards import instant_in_words
from rotations.rota.models import LONGEST_SHIFT, Override, Publication, Rotation, Shift
from rotations.rota.timelines import Collision, both_tiers, proposed_timeline
from rotations.schedule import planner
from rotations.schedule.spans import Span
from rotations.schedule.tiers import Tier


@dataclass(frozen=True, slots=True)
class Terms:
    """Settings as the planner takes them: a draft, or those of an earlier publication."""

    rules: planner.Rules
    seats: tuple[planner.SeatTerm, ...]

    def to_json(self) -> dict[str, Any]:
        return planner.settings_to_json(self.rules, self.seats)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What publishing would write. `added` are not saved yet; `withdrawn` are in force; `kept` stay untouched."""

    rotation: Rotation
    terms: Terms
    plan: planner.Plan
    window: Span
    added: list[Shift] = field(default_factory=list)
    withdrawn: list[Shift] = field(default_factory=list)
    kept: list[Shift] = field(default_factory=list)

    @property
    def digest(self) -> str:
        """What a person agreed to: the same as long as publishing would do the same."""
        added = sorted(f"{shift.tier} {shift.user_id} {shift.ends_at.isoformat()}" for shift in self.added)
        withdrawn = sorted(str(shift.pk) for shift in self.withdrawn)
        return sha256("\n".join([*added, "", *withdrawn]).encode()).hexdigest()[:16]


def draft_terms(rotation: Rotation) -> Terms:
    """The settings as they stand in the rotation and its roster now."""
    rules = planner.Rules(cadence=rotation.cadence, tiers=rotation.tiers, pairing=planner.Pairing(rotation.pairing))
    seats = tuple(
        planner.SeatTerm(
            person=seat.user_id,
            position=seat.position,
            starts_at=seat.starts_at,
            ends_at=seat.ends_at,
            is_senior=seat.is_senior,
        )
        for seat in rotation.seats.order_by("position", "pk")
    )
    return Terms(rules, seats)


def published_terms(publication: Publication) -> Terms:
    """The settings that a publication took."""
    return Terms(*planner.settings_from_json(publication.settings))


def takes_effect_at(rotation: Rotation, wanted: datetime | None, *, now: datetime) -> datetime:
    """The instant from which publishing changes shifts: no shift is ever cut in two by it.

    Without a wish that is the end of the shift that runs now; at once, if none does. Refuses a wish in the past, and
    one beyond what is published, which would leave nobody on call in between.
    """
    if wanted is not None:
        _refuse_bad_start(rotation, wanted, now=now)
    start = wanted or now
    running = Shift.objects.in_force().filter(rotation=rotation, starts_at__lt=start, ends_at__gt=start)
    if wanted is None:
        running = running | Shift.objects.in_force().filter(rotation=rotation, starts_at=start)
    return max(start, running.aggregate(end=Max("ends_at"))["end"] or start)


def _refuse_bad_start(rotation: Rotation, wanted: datetime, *, now: datetime) -> None:
    if wanted < now:
        raise ValidationError(_("The past cannot be published. Choose a start from now on."), code="in_the_past")
    last = rotation.publications.aggregate(until=Max("until"))["until"]
    if last and wanted > max(last, now):
        raise ValidationError(
            _("Nobody would be on call between %(until)s and that start. Choose a start at or before %(until)s."),
            code="beyond_the_horizon",
            params={"until": instant_in_words(last, now=now)},
        )


def horizon(rotation: Rotation, *, start: datetime, now: datetime) -> datetime:
    """How far a publication from `start` on must reach: the usual horizon, and never less far than the one before."""
    last = rotation.publications.aggregate(until=Max("until"))["until"]
    until: datetime = max(now + site.HORIZON, last or now)
    return until if until > start else start + site.HORIZON


def propose(rotation: Rotation, terms: Terms, *, start: datetime, until: datetime) -> Proposal:
    """Plan [start, until) and compare with the shifts in force that begin there.

    An approved override may put somebody into both tiers of the new plan: that person is then planned around.
    """
    busy = _duties_elsewhere(rotation, start)
    overrides = list(Override.objects.in_force().filter(schedule=rotation.schedule_id, ends_at__gt=start))
    window = Span(start, until)
    while True:
        inputs = _inputs(rotation, terms, busy, window)
        proposal = _compared(rotation, terms, _plan(inputs), window)
        holds = proposed_timeline([*proposal.added, *proposal.kept], overrides, proposal.window)
        collisions = both_tiers(holds)
        fresh = [duty for duty in _as_duties(collisions, overrides) if duty not in busy]
        if collisions and not fresh:
            raise ValidationError(_("One person would hold both tiers, so nothing was published."), code="both_tiers")
        if not fresh:
            return proposal
        busy = [*busy, *fresh]


def _plan(inputs: planner.Inputs) -> planner.Plan:
    """Plan, and have the certificate replayed: what does not verify is never published."""
    plan = planner.plan(
        inputs.rules,
        inputs.seats,
        absences=inputs.absences,
        busy=inputs.busy,
        history=inputs.history,
        projection=inputs.projection,
        window=inputs.window,
    )
    if not plan.assignments:
        raise ValidationError(_("Nothing is left to plan: the horizon is reached."), code="nothing_to_plan")
    if not planner.verify(plan.certificate, inputs):
        raise ValidationError(_("The plan does not verify, so nothing was published. Try again."), code="unverified")
    return plan


def _inputs(rotation: Rotation, terms: Terms, busy: Sequence[planner.Duty], window: Span) -> planner.Inputs:
    return planner.Inputs(
        rules=terms.rules,
        seats=terms.seats,
        absences=_absences(terms, window),
        busy=busy,
        history=_history(rotation, terms.rules, window.start),
        projection=(),
        window=window,
    )


def _absences(terms: Terms, window: Span) -> list[planner.Absence]:
    """Time off of the people in the roster; whoever was deactivated is away throughout."""
    people = {seat.person for seat in terms.seats}
    reach = Span(window.start - LONGEST_SHIFT, window.end + LONGEST_SHIFT)
    off = TimeOff.objects.filter(user__in=people, withdrawn_at=None, starts_at__lt=reach.end, ends_at__gt=reach.start)
    away = User.objects.filter(pk__in=people, is_active=False).values_list("pk", flat=True)
    return sorted(
        [planner.Absence(person=each.user_id, span=Span(each.starts_at, each.ends_at)) for each in off]
        + [planner.Absence(person=pk, span=reach) for pk in away]
    )


def _duties_elsewhere(rotation: Rotation, start: datetime) -> list[planner.Duty]:
    """Shifts of the schedule's other rotations: nobody may hold both tiers of one schedule."""
    others = Shift.objects.in_force().filter(
        rotation__schedule=rotation.schedule_id, user__isnull=False, ends_at__gt=start
    )
    return [
        planner.Duty(person=shift.user_id, span=Span(shift.starts_at, shift.ends_at))
        for shift in others.exclude(rotation=rotation)
        if shift.user_id is not None
    ]


def _history(rotation: Rotation, rules: planner.Rules, start: datetime) -> list[planner.HistoryRow]:
    """Published rows before the window, in slots of the given cadence (an earlier one may have counted otherwise)."""
    rows = Shift.objects.in_force().filter(rotation=rotation, starts_at__lt=start).order_by("starts_at")
    by_slot = {
        (rules.cadence.slot_at(starts_at), tier): user_id
        for tier, user_id, starts_at in rows.values_list("tier", "user_id", "starts_at")
    }
    return [planner.HistoryRow(slot=slot, tier=Tier(tier), person=person) for (slot, tier), person in by_slot.items()]


def _as_duties(collisions: Iterable[Collision], overrides: Iterable[Override]) -> list[planner.Duty]:
    """The overrides that put a person into both tiers, as time in which the planner may not use that person."""
    return [
        planner.Duty(person=override.user_id, span=Span(override.starts_at, override.ends_at))
        for collision in collisions
        for override in overrides
        if override.user_id == collision.person
        and override.starts_at < collision.span.end
        and override.ends_at > collision.span.start
    ]


def _compared(rotation: Rotation, terms: Terms, plan: planner.Plan, window: Span) -> Proposal:
    """Sort the plan into what stands already and what is new, and the published shifts into kept and withdrawn."""
    standing = {
        (shift.tier, shift.user_id, shift.starts_at, shift.ends_at): shift
        for shift in Shift.objects.in_force().filter(rotation=rotation, starts_at__gte=window.start)
    }
    until = max([plan.until, *(shift.ends_at for shift in standing.values())])
    proposal = Proposal(rotation, terms, plan, Span(window.start, until))
    for planned in plan.assignments:
        shift = standing.pop((planned.tier.value, planned.person, planned.start, planned.end), None)
        if shift:
            proposal.kept.append(shift)
        else:
            proposal.added.append(_shift(rotation, planned))
    proposal.withdrawn.extend(standing.values())
    return proposal


def _shift(rotation: Rotation, planned: planner.Assignment) -> Shift:
    return Shift(
        rotation=rotation,
        tier=planned.tier,
        slot=planned.slot,
        user_id=planned.person,
        starts_at=planned.start,
        ends_at=planned.end,
        reason=planned.reason.to_json(),
    )
