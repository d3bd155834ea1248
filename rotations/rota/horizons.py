"""The horizon: extended every day with the settings last published, and loudly missed when that fails."""

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from rotations.contact.models import MessageKind
from rotations.contact.services import Draft, write_messages
from rotations.people import times
from rotations.people.models import Membership
from rotations.rota.guards import locked_schedule
from rotations.rota.models import Publication, Rotation
from rotations.rota.planning import propose, published_terms
from rotations.rota.publishing import refuse_overlaps, write
from rotations.rota.selectors import rotations_published_until_before, short_horizons

log = structlog.get_logger(__name__)


def extend_horizons(*, now: datetime) -> int:
    """Publish every rotation up to HORIZON from now, with its last published settings; how many needed it.

    A transaction for each, so one that fails holds up no other. Safe to run twice, or in two workers at once. What
    then still ends too soon is logged as a warning, and its managers are told, at most once a day (UTC).
    """
    wanting = rotations_published_until_before(now + settings.HORIZON)
    extended = sum(_extended(rotation, now=now) for rotation in wanting)
    _warn_of_short_horizons(now=now)
    return extended


def _extended(rotation: Rotation, *, now: datetime) -> bool:
    """Extend one; a failure is logged with all there is to know, and the next one has its turn."""
    try:
        return _extend(rotation, now=now)
    except ValidationError as refusal:
        log.warning("horizon_not_extended", rotation=rotation.pk, name=str(rotation), why=refusal.messages)
    except Exception:  # one rotation's fault must not shorten the horizons of all the others
        log.exception("horizon_not_extended", rotation=rotation.pk, name=str(rotation))
    return False


@transaction.atomic
def _extend(rotation: Rotation, *, now: datetime) -> bool:
    """Under the lock the horizon is read again: another worker may have been here."""
    locked_schedule(rotation.schedule_id)
    latest = Publication.objects.filter(rotation=rotation).latest()
    until = now + settings.HORIZON
    if latest.until >= until:
        return False
    proposal = propose(rotation, published_terms(latest), start=max(latest.until, now), until=until)
    refuse_overlaps(proposal, now=now)
    write(proposal, "rotation.extended", by=None, now=now)
    return True


def _warn_of_short_horizons(*, now: datetime) -> None:
    short = list(short_horizons(now))
    rows = Publication.objects.filter(rotation__in=short).values_list("rotation").annotate(until=Max("until"))
    until_by_rotation = dict(rows)
    for rotation in short:
        until = until_by_rotation[rotation.pk]
        log.warning("horizon_short", rotation=rotation.pk, name=str(rotation), published_until=until.isoformat())
        _tell_managers(rotation, until, now=now)


@transaction.atomic
def _tell_managers(rotation: Rotation, until: datetime, *, now: datetime) -> None:
    """Write to the team's managers unless they were told today. Setting the mark decides which worker writes."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    not_yet = Q(horizon_warned_at=None) | Q(horizon_warned_at__lt=today)
    if Rotation.objects.filter(not_yet, pk=rotation.pk).update(horizon_warned_at=now):
        write_messages(list(_drafts(rotation, until, now=now)), now=now)


def _drafts(rotation: Rotation, until: datetime, *, now: datetime) -> Iterator[Draft]:
    managers = Membership.objects.managers().filter(team=rotation.schedule.team_id).select_related("user")
    for manager in managers:
        words = {
            "rotation": rotation,
            "schedule": rotation.schedule,
            "until": times.instant(until, ZoneInfo(manager.user.time_zone), now=now),
        }
        yield Draft(
            recipient_id=manager.user_id,
            kind=MessageKind.NOTICE,
            subject=_("%(schedule)s: shifts are published only until %(until)s") % words,
            body=_(
                "Tandem extends %(rotation)s by itself every day, and that has not worked. "
                "From %(until)s on nobody is on call. Publish it on the page of %(schedule)s."
            )
            % words,
            path=reverse("schedule", args=[rotation.schedule.slug]),
            tier=None,
        )
