"""A service whose schedule has a pair on call, and managers behind it."""

from dataclasses import dataclass
from datetime import timedelta

from incidents.alerts.models import Service
from incidents.escalation.terms import Severity, State
from incidents.paging.models import Incident, Page
from incidents.paging.services import Opening, open_incidents, sweep
from rotations.people.models import Role, Team, User
from rotations.rota.models import Shift
from rotations.schedule.tiers import Tier
from tests.factories import MembershipFactory, PublicationFactory, ServiceFactory, ShiftFactory


@dataclass
class Duty:
    """Jonas is primary, Mara is secondary, Ines manages; a policy of five minutes a step."""

    service: Service
    jonas: User
    mara: User
    ines: User

    @property
    def team(self) -> Team:
        return self.service.team

    def open(self, now, *, severity=Severity.SEV3, title="Payout webhooks failing", opened_at=None) -> Incident:
        return open_incidents([Opening(self.service.pk, title, severity, opened_at or now)], now=now)[0]

    def nobody_is(self, tier: Tier) -> None:
        Shift.objects.filter(rotation__schedule=self.service.schedule, tier=tier).update(user=None)

    def single_tier(self) -> None:
        self.service.schedule.rotations.update(tiers=1)
        Shift.objects.filter(rotation__schedule=self.service.schedule, tier=Tier.SECONDARY).update(withdrawn_at=self.at)

    @property
    def at(self):
        return self.service.schedule.rotations.get().publications.get().at


def pages_of(incident: Incident) -> list[tuple[str, str, str]]:
    """Who was paged, in which tier, why: in order."""
    rows = Page.objects.filter(incident=incident).order_by("pk")
    return list(rows.values_list("user__name", "tier", "cause"))


def play_until(incident: Incident, end) -> None:
    """Sweep at every due instant of an incident up to `end`."""
    incident.refresh_from_db()
    while incident.next_action_at and incident.next_action_at <= end and incident.state == State.TRIGGERED:
        sweep(now=incident.next_action_at + timedelta(seconds=1))
        incident.refresh_from_db()


def make_duty(**service) -> Duty:
    service = ServiceFactory(**service)
    people = {
        name: MembershipFactory(team=service.team, role=role, user__name=full).user
        for name, full, role in [
            ("jonas", "Jonas Weber", Role.RESPONDER),
            ("mara", "Mara Lindt", Role.RESPONDER),
            ("ines", "Ines Koch", Role.MANAGER),
        ]
    }
    publication = PublicationFactory(rotation__schedule=service.schedule)
    ShiftFactory(publication=publication, tier=Tier.PRIMARY, user=people["jonas"])
    ShiftFactory(publication=publication, tier=Tier.SECONDARY, user=people["mara"])
    return Duty(service=service, **people)
