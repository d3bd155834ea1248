"""The demo: a team of seven that is on call at once, so that the first page is a minute away.

Whoever tries Tandem signs in as any of them. Keys and passwords are derived from this installation's secret: they
can be printed again, and nobody elsewhere knows them.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.text import slugify

from incidents.alerts.services import create_integration, create_service
from incidents.escalation.policy import Step
from incidents.escalation.terms import Target, Urgency
from incidents.policies.services import create_policy
from oncall_site.checks import is_loopback
from rotations.contact.services import create_default_contacts
from rotations.models import Team, User
from rotations.people.models import Role
from rotations.people.services import add_member, create_api_token, create_team, create_user
from rotations.rota.selectors import on_call_at
from rotations.rota.services import add_seat, create_rotation, create_schedule, publish
from rotations.schedule.handoffs import Unit
from rotations.schedule.planner import Pairing

TEAM = "Payments"
ZONE = "Europe/Berlin"
MANAGER = "Nora Feld"
RESPONDERS = ("Jonas Weber", "Mara Lindt", "Priya Raman", "Felix Brandt", "Tomasz Nowak", "Aylin Kaya")
A_MINUTE = timedelta(minutes=1)  # so that an escalation can be watched


@dataclass(frozen=True, slots=True)
class Login:
    """How to sign in as one of them, and what they are right now."""

    name: str
    email: str
    password: str
    role: str
    tier_now: str | None


@dataclass(frozen=True, slots=True)
class Demo:
    """All that a person or a script needs to try Tandem."""

    address: str
    logins: list[Login]
    integration_key: str
    api_token: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def integration_key() -> str:
    """32 characters, as PagerDuty's are."""
    return _derived("integration key")[:32]


def api_token() -> str:
    return f"tdm_{_derived('api token')}"


def password() -> str:
    """One for all of them: short enough to type, and no dictionary has it."""
    letters = _derived("password")
    return f"demo-{letters[:4]}-{letters[4:8]}-{letters[8:12]}"


def is_there() -> bool:
    return Team.objects.filter(is_demo=True).exists()


@transaction.atomic
def create(*, now: datetime) -> None:
    """Add the team, its schedule, published at once, and a service to send events about.

    Does nothing where it is already. Raises `ValidationError` where a real team or person has the same name.
    """
    if is_there():
        return
    manager = _add_person(MANAGER, by=None, now=now)
    team = create_team(name=TEAM, is_demo=True, by=manager, now=now)
    add_member(team=team, user=manager, role=Role.MANAGER, by=manager, now=now)
    people = [_add_person(name, by=manager, now=now) for name in RESPONDERS]
    for person in people:
        add_member(team=team, user=person, role=Role.RESPONDER, by=manager, now=now)
    _add_service(team, people, manager, now)
    create_api_token(user=manager, name="Demo", token=api_token(), by=manager, now=now)


def read(*, now: datetime) -> Demo:
    """What is printed. Raises `ValidationError` where there is no demo."""
    team = Team.objects.filter(is_demo=True).first()
    if team is None:
        raise ValidationError("There is no demo here. `manage.py demo` adds it.", code="absent")
    holders = on_call_at(now, schedule_ids=list(team.schedules.values_list("pk", flat=True)))
    tiers = {holder.user_id: tier.value for by_tier in holders.values() for tier, holder in by_tier.items()}
    members = team.memberships.filter(user__is_demo=True).select_related("user").order_by("role", "pk")
    return Demo(
        address=settings.SITE_URL,
        logins=[
            Login(one.user.name, one.user.email, password(), one.get_role_display(), tiers.get(one.user_id))
            for one in members
        ],
        integration_key=integration_key(),
        api_token=api_token(),
    )


def check_private() -> None:
    """Logins that are printed on a terminal belong on a site that only this machine reaches."""
    if not is_loopback():
        raise ValidationError(
            "The demo brings logins of its own, and %(site)s can be reached by others. "
            "Set SITE_URL to an address of this machine, or run `manage.py demo --force-public`.",
            code="public",
            params={"site": settings.SITE_URL},
        )


def _derived(purpose: str) -> str:
    return salted_hmac("oncall_site.demo", purpose, algorithm="sha256").hexdigest()


def _add_person(name: str, *, by: User | None, now: datetime) -> User:
    email = f"{slugify(name).replace('-', '.')}@example.com"
    person = create_user(email=email, name=name, time_zone=ZONE, password=password(), is_demo=True, by=by, now=now)
    create_default_contacts(user=person, now=now)
    return person


def _add_service(team: Team, people: list[User], manager: User, now: datetime) -> None:
    today = now.astimezone(ZoneInfo(ZONE)).date()
    monday = today - timedelta(days=today.weekday() + 7)
    schedule = create_schedule(team=team, name=TEAM, by=manager, now=now)
    rotation = create_rotation(
        schedule=schedule, name="Around the clock", time_zone=ZONE, tiers=2, pairing=Pairing.TRAIL,
        every=1, unit=Unit.WEEKS, anchor_on=monday, handoff_at=time(9), by=manager, now=now,
    )  # fmt: skip
    for person in people:
        add_seat(rotation=rotation, user=person, by=manager, now=now)
    publish(rotation, by=manager, now=now)
    steps = [Step(Target.PRIMARY, timedelta()), Step(Target.SECONDARY, A_MINUTE), Step(Target.MANAGERS, A_MINUTE)]
    policy = create_policy(team=team, name="A minute each", steps=steps, by=manager, now=now).policy
    service = create_service(
        team=team, name="payouts-api", schedule=schedule, urgency=Urgency.HIGH, policy=policy, by=manager, now=now
    )
    create_integration(service=service, name="Monitoring", key=integration_key(), by=manager, now=now)
