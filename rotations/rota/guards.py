"""What every writer of the rota does first: ask who it is, and take the schedule's lock."""

from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from rotations.people import times
from rotations.people.models import User
from rotations.people.permissions import may_manage
from rotations.rota.models import Schedule
from rotations.schedule.spans import Span


def require_manager(by: User | None, team_id: int) -> None:
    """Only managers of the team change its rota; `None` is the installation itself, at its command line."""
    if by is not None and not may_manage(by, team_id):
        raise PermissionDenied(_("Only managers of this team may do that."))


def locked_schedule(schedule_id: int) -> Schedule:
    """The schedule's row, locked until the transaction ends: one writer of shifts or overrides at a time.

    SQLite has no row locks; its IMMEDIATE transactions let one writer in at a time anyway. Raises `ValidationError`
    for a schedule that was put away.
    """
    schedule = Schedule.objects.select_for_update(of=("self",)).select_related("team").get(pk=schedule_id)
    if schedule.archived_at:
        raise ValidationError(_("This schedule is archived. Nothing in it changes any more."), code="archived")
    return schedule


def in_words(span: Span, *, now: datetime) -> str:
    """A span as the reader of an error sees it: Mon 14 Dec, 09:00 to Mon 21 Dec, 09:00 CET."""
    return times.span(span.start, span.end, timezone.get_current_timezone(), now=now)


def instant_in_words(at: datetime, *, now: datetime) -> str:
    """An instant likewise: Mon 14 Dec, 09:00 CET."""
    return times.instant(at, timezone.get_current_timezone(), now=now)
