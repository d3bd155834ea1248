"""Rows for tests, one factory a model. What a test does not name is made up and valid."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache

import factory
from django.contrib.auth.hashers import make_password
from factory.django import DjangoModelFactory

from incidents import models as incidents
from incidents.escalation.terms import Target
from rotations import models as rotations
from rotations.people.models import Role
from rotations.schedule.tiers import Tier

SOME_MONDAY = datetime(2026, 12, 7, 8, 0, tzinfo=UTC)  # 09:00 in Berlin


@cache
def hash_of_the_password() -> str:
    """Hashed once a process: half a second for every person would be most of the suite's time."""
    return make_password("correct horse battery")


class UserFactory(DjangoModelFactory):
    class Meta:
        model = rotations.User
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Person {n}")
    email = factory.Sequence(lambda n: f"person{n}@example.com")
    time_zone = "Europe/Berlin"
    colour = factory.Sequence(lambda n: n % 12 + 1)
    password = factory.LazyFunction(hash_of_the_password)


class TeamFactory(DjangoModelFactory):
    class Meta:
        model = rotations.Team

    name = factory.Sequence(lambda n: f"Team {n}")
    slug = factory.Sequence(lambda n: f"team-{n}")


class MembershipFactory(DjangoModelFactory):
    class Meta:
        model = rotations.Membership

    team = factory.SubFactory(TeamFactory)
    user = factory.SubFactory(UserFactory)
    role = Role.RESPONDER


class ContactPointFactory(DjangoModelFactory):
    class Meta:
        model = rotations.ContactPoint

    user = factory.SubFactory(UserFactory)
    channel = "email"
    address = ""
    verified_at = SOME_MONDAY


class ScheduleFactory(DjangoModelFactory):
    class Meta:
        model = rotations.Schedule

    team = factory.SubFactory(TeamFactory)
    name = factory.Sequence(lambda n: f"Schedule {n}")
    slug = factory.Sequence(lambda n: f"schedule-{n}")


class RotationFactory(DjangoModelFactory):
    class Meta:
        model = rotations.Rotation

    schedule = factory.SubFactory(ScheduleFactory)
    name = factory.Sequence(lambda n: f"Rotation {n}")
    time_zone = "Europe/Berlin"
    anchor_on = date(2026, 12, 7)
    handoff_at = time(9)


class SeatFactory(DjangoModelFactory):
    class Meta:
        model = rotations.Seat

    rotation = factory.SubFactory(RotationFactory)
    user = factory.SubFactory(UserFactory)
    position = factory.Sequence(lambda n: n)
    starts_at = SOME_MONDAY


class PublicationFactory(DjangoModelFactory):
    class Meta:
        model = rotations.Publication

    rotation = factory.SubFactory(RotationFactory)
    at = SOME_MONDAY
    effective_from = SOME_MONDAY
    until = SOME_MONDAY + timedelta(weeks=12)
    settings = factory.Dict({})
    certificate = factory.Dict({})


class ShiftFactory(DjangoModelFactory):
    class Meta:
        model = rotations.Shift

    publication = factory.SubFactory(PublicationFactory)
    rotation = factory.SelfAttribute("publication.rotation")
    tier = Tier.PRIMARY
    slot = 0
    user = factory.SubFactory(UserFactory)
    starts_at = SOME_MONDAY
    ends_at = SOME_MONDAY + timedelta(weeks=1)
    reason = factory.Dict({"rule": "turn"})


class OverrideFactory(DjangoModelFactory):
    class Meta:
        model = rotations.Override

    schedule = factory.SubFactory(ScheduleFactory)
    tier = Tier.PRIMARY
    user = factory.SubFactory(UserFactory)
    starts_at = SOME_MONDAY + timedelta(days=1)
    ends_at = SOME_MONDAY + timedelta(days=2)
    approved_by = factory.SubFactory(UserFactory)
    approved_at = SOME_MONDAY


class TimeOffFactory(DjangoModelFactory):
    class Meta:
        model = rotations.TimeOff

    user = factory.SubFactory(UserFactory)
    starts_at = SOME_MONDAY
    ends_at = SOME_MONDAY + timedelta(days=1)


class PolicyFactory(DjangoModelFactory):
    class Meta:
        model = incidents.EscalationPolicy

    team = factory.SubFactory(TeamFactory)
    name = factory.Sequence(lambda n: f"Policy {n}")


class PolicyVersionFactory(DjangoModelFactory):
    """Primary at once, secondary after 5 minutes, managers after 5 more; SEV1 and SEV2 page both tiers at once."""

    class Meta:
        model = incidents.PolicyVersion
        skip_postgeneration_save = True

    policy = factory.SubFactory(PolicyFactory)
    number = 1
    at = SOME_MONDAY

    @factory.post_generation
    def steps(self, create: bool, extracted: list[tuple[Target, timedelta]] | None, **_: object) -> None:
        five = timedelta(minutes=5)
        default = [(Target.PRIMARY, timedelta()), (Target.SECONDARY, five), (Target.MANAGERS, five)]
        for position, (target, after) in enumerate(default if extracted is None else extracted):
            incidents.PolicyStep.objects.create(version=self, position=position, target=target, after=after)

    @factory.post_generation
    def triggers(self, create: bool, extracted: list[tuple[int, Target]] | None, **_: object) -> None:
        for severity, target in [(2, Target.SECONDARY)] if extracted is None else extracted:
            incidents.TriggerRule.objects.create(version=self, severity=severity, target=target)


class ServiceFactory(DjangoModelFactory):
    """A service whose team, schedule and policy (with one version) belong together."""

    class Meta:
        model = incidents.Service
        skip_postgeneration_save = True

    team = factory.SubFactory(TeamFactory)
    name = factory.Sequence(lambda n: f"service-{n}")
    slug = factory.Sequence(lambda n: f"service-{n}")
    schedule = factory.SubFactory(ScheduleFactory, team=factory.SelfAttribute("..team"))
    policy = factory.SubFactory(PolicyFactory, team=factory.SelfAttribute("..team"))
    version = factory.RelatedFactory(PolicyVersionFactory, policy=factory.SelfAttribute("..policy"))


class IntegrationFactory(DjangoModelFactory):
    class Meta:
        model = incidents.Integration

    service = factory.SubFactory(ServiceFactory)
    name = "Monitoring"
    key = factory.Sequence(lambda n: f"{n:032x}")


class IncidentFactory(DjangoModelFactory):
    class Meta:
        model = incidents.Incident

    service = factory.SubFactory(ServiceFactory)
    policy = factory.LazyAttribute(lambda incident: incident.service.policy.versions.latest())
    title = factory.Sequence(lambda n: f"Something broke, no. {n}")
    severity = 3
    opened_at = SOME_MONDAY
    step_planned_at = SOME_MONDAY
    next_action_at = SOME_MONDAY


class MessageFactory(DjangoModelFactory):
    class Meta:
        model = rotations.Message

    recipient = factory.SubFactory(UserFactory)
    kind = "page"
    subject = factory.Sequence(lambda n: f"Something broke, no. {n}")
    path = "/"
    created_at = SOME_MONDAY


class PageFactory(DjangoModelFactory):
    """One person told about one incident, with the message that told them."""

    class Meta:
        model = incidents.Page

    incident = factory.SubFactory(IncidentFactory)
    user = factory.SubFactory(UserFactory)
    tier = Tier.PRIMARY.value
    step = 0
    cause = "first"
    planned_at = factory.SelfAttribute("incident.opened_at")
    paged_at = factory.SelfAttribute("incident.opened_at")
    message = factory.SubFactory(MessageFactory, recipient=factory.SelfAttribute("..user"))


class AlertFactory(DjangoModelFactory):
    class Meta:
        model = incidents.Alert

    integration = factory.SubFactory(IntegrationFactory)
    incident = factory.SubFactory(IncidentFactory)
    key = factory.Sequence(lambda n: f"key-{n}")
    summary = factory.Sequence(lambda n: f"Condition no. {n}")
    severity = 3
    opened_at = SOME_MONDAY
    last_event_at = SOME_MONDAY
