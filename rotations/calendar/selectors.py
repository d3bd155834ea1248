"""What the calendar reads: a month of one schedule, and the schedules to choose from."""

from collections.abc import Collection
from datetime import date

from django.db.models import F, FilteredRelation, Max, OuterRef, Q, QuerySet, Subquery

from rotations.calendar.page import Absence, MonthPage, Reader, window_of
from rotations.calendar.pieces import pieces_of
from rotations.people.models import User
from rotations.rota.models import LONGEST_SHIFT, Publication, Rotation, Schedule
from rotations.rota.selectors import final_timeline, schedules
from rotations.schedule.spans import Span
from rotations.schedule.tiers import Tier

CHOICES = 100


def schedules_with_horizon() -> QuerySet[Schedule]:
    """Schedules in use, each with `published_from`, `published_until` (the shortest horizon counts) and `tiers`."""
    ends = (
        Rotation.objects.active()
        .filter(schedule=OuterRef("pk"), publications__isnull=False)
        .annotate(until=Max("publications__until"))
        .order_by("until")
    )
    starts = Publication.objects.filter(rotation__schedule=OuterRef("pk")).order_by("effective_from")
    tiers = Rotation.objects.active().filter(schedule=OuterRef("pk")).order_by("-tiers")
    return schedules().annotate(
        published_from=Subquery(starts.values("effective_from")[:1]),
        published_until=Subquery(ends.values("until")[:1]),
        tiers=Subquery(tiers.values("tiers")[:1]),
    )


def my_schedules(user: User) -> QuerySet[Schedule]:
    """The schedules of a person's teams, by team and name; for an administrator all. A page's worth, with horizons."""
    return _of(user, schedules_with_horizon())


def choices(user: User) -> QuerySet[Schedule]:
    """The same schedules for a list to choose from, without their horizons."""
    return _of(user, schedules())


def _of(user: User, found: QuerySet[Schedule]) -> QuerySet[Schedule]:
    mine = found if user.is_superuser else found.filter(team__memberships__user=user)
    return mine.order_by("team__name", "name")[:CHOICES]


def schedules_named(text: str) -> QuerySet[Schedule]:
    """Schedules whose name or team contains a text, by team and name. A page's worth of them."""
    named = Q(name__icontains=text) | Q(team__name__icontains=text)
    return schedules().filter(named).order_by("team__name", "name")[:CHOICES]


def tiers_of(schedule: Schedule) -> list[Tier]:
    """Both tiers, unless every rotation of a schedule from `schedules_with_horizon` has one only."""
    return [Tier.PRIMARY] if getattr(schedule, "tiers", None) == 1 else list(Tier)


def published_span(schedule: Schedule) -> Span | None:
    """For which time a schedule from `schedules_with_horizon` is published; None if it never was."""
    start, end = getattr(schedule, "published_from", None), getattr(schedule, "published_until", None)
    return Span(start, end) if start and end and start < end else None


def month_page(schedule: Schedule, month: date, reader: Reader) -> MonthPage:
    """A month of a schedule that came from `schedules_with_horizon`. Three queries, however long the roster."""
    window = window_of(month, reader.zone, margin=LONGEST_SHIFT)
    holds = [hold for hold in final_timeline(schedule, window) if hold.tier in tiers_of(schedule)]
    people, absences = _people_and_absences({hold.person for hold in holds} | {hold.covers for hold in holds}, window)
    published = published_span(schedule)
    return MonthPage(
        schedule=schedule,
        month=month,
        reader=reader,
        published=published,
        pieces=pieces_of(holds, people, published=published, window=window),
        absences=absences,
    )


def _people_and_absences(ids: Collection[int | None], window: Span) -> tuple[dict[int, User], list[Absence]]:
    """The people named, and when they are off in the window. One query: a person comes once for each absence."""
    in_window = Q(
        time_off__withdrawn_at__isnull=True,
        time_off__starts_at__lt=window.end,
        time_off__ends_at__gt=window.start,
    )
    rows = (
        User.objects.filter(pk__in=[pk for pk in ids if pk is not None])
        .annotate(off=FilteredRelation("time_off", condition=in_window))
        .annotate(off_from=F("off__starts_at"), off_until=F("off__ends_at"))
        .order_by("off_from", "pk")
    )
    people: dict[int, User] = {}
    absences = []
    for person in rows:
        people.setdefault(person.pk, person)
        if person.off_from:
            absences.append(Absence(people[person.pk], person.off_from, person.off_until))
    return people, absences
