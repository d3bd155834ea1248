"""A team as a page would show it: Payments, six people, weeks of shifts around an instant, and what is odd in them."""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from incidents.alerts.models import Service
from incidents.alerts.services import create_service
from incidents.escalation.terms import Severity, Urgency, Via
from incidents.paging.models import Incident
from incidents.paging.openings import Opening
from incidents.paging.services import acknowledge, open_incidents
from rotations.people.models import Role, Team, User
from rotations.rota.models import Schedule
from rotations.schedule.tiers import Tier
from tests.factories import (
    MembershipFactory,
    OverrideFactory,
    PublicationFactory,
    RotationFactory,
    ScheduleFactory,
    SeatFactory,
    ShiftFactory,
    TeamFactory,
    TimeOffFactory,
    UserFactory,
)

BERLIN = ZoneInfo("Europe/Berlin")
# In the order of the roster; the number is the person's colour. In the week of `now`, Jonas is primary.
ROSTER = {
    "Felix Brandt": 6,
    "Mara Lindt": 2,
    "Jonas Weber": 1,
    "Aylin Kaya": 3,
    "Tomasz Nowak": 4,
    "Priya Raman": 5,
}
THIS_WEEK = 2
WEEKS_BEFORE, WEEKS_AFTER = 6, 12


@dataclass
class Scene:
    team: Team
    schedule: Schedule
    monday: datetime  # the handoff of the week of `now`
    cover_starts_at: datetime  # when Priya takes over from Jonas, for a day: on Saturday, unless that is now
    people: dict[str, User] = field(default_factory=dict)

    def person(self, first_name: str) -> User:
        return next(user for name, user in self.people.items() if name.startswith(first_name))


def payments(now: datetime) -> Scene:
    """Payments on call around the clock: everybody is primary for a week, and secondary the week after (trail).

    Tomasz has covered an evening for Felix, Priya covers Saturday for Jonas, Jonas is off for two days
    of his shift next week: nobody is secondary then.
    """
    monday = _handoff_before(now)
    team = TeamFactory(name="Payments", slug="payments")
    schedule = ScheduleFactory(team=team, name="Payments", slug="payments")
    saturday, tuesday = monday + timedelta(days=5), monday + timedelta(days=1)
    is_saturday = saturday <= now < saturday + timedelta(days=1)
    scene = Scene(team, schedule, monday, cover_starts_at=tuesday if is_saturday else saturday)
    for name, colour in ROSTER.items():
        email = f"{name.split()[0].lower()}@example.com"
        scene.people[name] = UserFactory(name=name, email=email, colour=colour)
        role = Role.MANAGER if name == "Mara Lindt" else Role.RESPONDER
        MembershipFactory(team=team, user=scene.people[name], role=role)
    _publish(scene)
    _overrides(scene)
    return scene


def break_something(scene: Scene, *, now: datetime) -> Service:
    """Two incidents, by the real engine: Jonas was paged two minutes ago; he acknowledged another three hours ago."""
    service = create_service(
        team=scene.team, name="payouts-api", schedule=scene.schedule, urgency=Urgency.HIGH, by=None, now=scene.monday
    )
    jonas, earlier = scene.person("Jonas"), now - timedelta(hours=3)
    late = _open(service, "Settlement file is late", Severity.SEV4, at=earlier)
    acknowledge(incident_id=late.pk, via=Via.WEB, by=jonas, now=earlier + timedelta(minutes=1))
    title = "Payout webhooks failing: 14 % of calls to psp-gateway return 5xx"
    _open(service, title, Severity.SEV3, at=now - timedelta(minutes=2))
    return service


def _open(service: Service, title: str, severity: Severity, *, at: datetime) -> Incident:
    detail = {"integration": "Alertmanager", "source": "PayoutWebhook5xxHigh, region eu-central-1"}
    [incident] = open_incidents([Opening(service.pk, title, severity, opened_at=at, detail=detail)], now=at)
    return incident


def _handoff_before(now: datetime) -> datetime:
    local = now.astimezone(BERLIN)
    monday = datetime.combine(local.date() - timedelta(days=local.weekday()), time(9), tzinfo=BERLIN)
    return monday if monday <= now else monday - timedelta(weeks=1)


def _publish(scene: Scene) -> None:
    rotation = RotationFactory(schedule=scene.schedule, name="Payments", anchor_on=scene.monday.date())
    first = scene.monday - timedelta(weeks=WEEKS_BEFORE)
    publication = PublicationFactory(
        rotation=rotation, at=first, effective_from=first, until=scene.monday + timedelta(weeks=WEEKS_AFTER)
    )
    roster = list(scene.people.values())
    for position, user in enumerate(roster):
        SeatFactory(rotation=rotation, user=user, position=position, starts_at=first)
    for week in range(-WEEKS_BEFORE, WEEKS_AFTER):
        start, end = scene.monday + timedelta(weeks=week), scene.monday + timedelta(weeks=week + 1)
        for tier, turn in ((Tier.PRIMARY, THIS_WEEK + week), (Tier.SECONDARY, THIS_WEEK + week - 1)):
            user = roster[turn % len(roster)]
            for begin, until, holder in _pieces(week, tier, start, end, user):
                ShiftFactory(publication=publication, tier=tier, slot=week, user=holder, starts_at=begin, ends_at=until)


def _pieces(
    week: int, tier: Tier, start: datetime, end: datetime, user: User
) -> list[tuple[datetime, datetime, User | None]]:
    """One shift; next week the secondary is off from Thursday to Saturday, and nobody took that."""
    if week != 1 or tier is Tier.PRIMARY:
        return [(start, end, user)]
    off, back = start + timedelta(days=3), start + timedelta(days=5)
    TimeOffFactory(user=user, starts_at=off, ends_at=back)
    return [(start, off, user), (off, back, None), (back, end, user)]


def _overrides(scene: Scene) -> None:
    last_thursday = scene.monday - timedelta(weeks=1) + timedelta(days=3, hours=9)
    mara = scene.person("Mara")
    OverrideFactory(
        schedule=scene.schedule,
        tier=Tier.SECONDARY,
        user=scene.person("Tomasz"),
        starts_at=last_thursday,
        ends_at=last_thursday + timedelta(hours=15),
        approved_by=mara,
        reason="School concert",
    )
    OverrideFactory(
        schedule=scene.schedule,
        tier=Tier.PRIMARY,
        user=scene.person("Priya"),
        starts_at=scene.cover_starts_at,
        ends_at=scene.cover_starts_at + timedelta(days=1),
        approved_by=mara,
        reason="Wedding",
    )
