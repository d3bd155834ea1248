"""Publishing: the draft of a rotation becomes shifts, under the lock of its schedule."""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from rotations.people.models import User
from rotations.people.services import record
from rotations.rota.guards import in_words, locked_schedule, require_manager
from rotations.rota.models import LONGEST_SHIFT, Publication, Rotation, Shift
from rotations.rota.planning import Proposal, Terms, draft_terms, horizon, propose, takes_effect_at
from rotations.schedule.handoffs import Cadence
from rotations.schedule.spans import Span


@transaction.atomic
def publish(
    rotation: Rotation,
    *,
    effective_from: datetime | None = None,
    agreed_to: str | None = None,
    by: User | None,
    now: datetime,
) -> Publication:
    """Make the rotation's draft the plan: write the shifts that are new, withdraw those that change, keep the rest.

    Takes effect at the first handoff from `effective_from` on; without it, at the next one, or at once where nobody
    is on call yet. What has begun is never touched. `agreed_to` is the digest of the preview that a person saw.

    Raises `PermissionDenied` for anybody but a manager, and `ValidationError` with one of these codes: `archived`,
    `in_the_past`, `beyond_the_horizon`, `too_few_people`, `shift_too_long`, `unverified`, `both_tiers`, `overlap`,
    `stale`.
    """
    require_manager(by, rotation.schedule.team_id)
    locked_schedule(rotation.schedule_id)
    proposal = propose_draft(rotation.pk, effective_from=effective_from, now=now)
    if agreed_to not in {None, proposal.digest}:
        raise ValidationError(
            _("Something has changed since this preview was made. Look at the new one and publish again."), code="stale"
        )
    return write(proposal, "rotation.published", by=by, now=now)


def propose_draft(rotation_id: int, *, effective_from: datetime | None = None, now: datetime) -> Proposal:
    """What publishing the draft would do, for a preview too. Raises as `publish` does."""
    rotation = Rotation.objects.active().select_related("schedule__team").get(pk=rotation_id)
    terms = draft_terms(rotation)
    start = takes_effect_at(rotation, effective_from, now=now)
    refuse_long_shifts(terms.rules.cadence)
    _refuse_few_people(terms, start)
    proposal = propose(rotation, terms, start=start, until=horizon(rotation, start=start, now=now))
    refuse_overlaps(proposal, now=now)
    return proposal


def write(proposal: Proposal, action: str, *, by: User | None, now: datetime) -> Publication:
    """Turn a proposal into rows, in the caller's transaction and under its lock."""
    rotation = proposal.rotation
    publication = Publication.objects.create(
        rotation=rotation,
        at=now,
        by=by,
        effective_from=proposal.window.start,
        until=proposal.plan.until,
        settings=proposal.terms.to_json(),
        certificate=proposal.plan.certificate.to_json(),
    )
    Shift.objects.filter(pk__in=[shift.pk for shift in proposal.withdrawn]).update(withdrawn_at=now)
    for shift in proposal.added:
        shift.publication = publication
    Shift.objects.bulk_create(proposal.added)
    counts = {"added": len(proposal.added), "withdrawn": len(proposal.withdrawn), "kept": len(proposal.kept)}
    detail = {**counts, "until": publication.until.isoformat()}
    record(action, rotation, team=rotation.schedule.team, detail=detail, by=by, now=now)
    return publication


def refuse_long_shifts(cadence: Cadence) -> None:
    """A shift of more than four weeks is nobody's idea of sharing, and readers rely on the bound."""
    if timedelta(**{cadence.unit.value: cadence.every}) > LONGEST_SHIFT:
        raise ValidationError(
            _("A shift lasts at most 4 weeks. Choose a shorter time between handoffs."), code="shift_too_long"
        )


def refuse_overlaps(proposal: Proposal, *, now: datetime) -> None:
    """Two rotations of one schedule never hold the same tier at the same time."""
    window = proposal.window
    others = (
        Shift.objects.in_force()
        .touching(window.start, window.end)
        .filter(rotation__schedule=proposal.rotation.schedule_id)
        .exclude(rotation=proposal.rotation)
        .select_related("rotation")
    )
    for other in others.order_by("starts_at"):
        taken = Span(other.starts_at, other.ends_at)
        for shift in proposal.added:
            if shift.tier == other.tier and taken.overlaps(Span(shift.starts_at, shift.ends_at)):
                raise ValidationError(
                    _("%(rotation)s holds %(tier)s of this schedule, %(span)s. Only one rotation can at a time."),
                    code="overlap",
                    params={"rotation": other.rotation, "tier": other.tier, "span": in_words(taken, now=now)},
                )


def _refuse_few_people(terms: Terms, start: datetime) -> None:
    """A rotation needs as many people as it has tiers."""
    people = {seat.person for seat in terms.seats if seat.ends_at is None or seat.ends_at > start}
    if len(people) < terms.rules.tiers:
        raise ValidationError(
            _("A rotation with two tiers needs at least two people. Add somebody to the roster.")
            if terms.rules.tiers > 1
            else _("A rotation needs at least one person. Add somebody to the roster."),
            code="too_few_people",
        )
