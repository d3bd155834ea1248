"""The only writers of services, integrations, severity rules and the log of refused events."""

import secrets
import string
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _

from incidents.alerts.models import Integration, RefusedEvent, Service, SeverityRule
from incidents.alerts.signals import Refusal
from incidents.alerts.texts import cut
from incidents.escalation.terms import Severity, Urgency
from incidents.policies.models import EscalationPolicy
from incidents.policies.services import preset_policy
from rotations.contact.hints import SEND_DUE
from rotations.contact.models import MessageKind
from rotations.contact.services import Draft, write_messages
from rotations.people.models import Membership, Team, User
from rotations.people.permissions import may_manage
from rotations.people.services import record
from rotations.rota.models import Schedule

KEY_LETTERS = string.ascii_letters + string.digits
TOLD_AT_MOST_EVERY = timedelta(hours=1)
KEPT_OF_A_REFUSED_BODY = 4096
MOST_OF_STRANGERS = 1000
STRANGERS_WINDOW = timedelta(hours=1)


@transaction.atomic
def create_service(
    *,
    team: Team,
    name: str,
    schedule: Schedule,
    urgency: Urgency = Urgency.STANDARD,
    policy: EscalationPolicy | None = None,
    by: User | None,
    now: datetime,
) -> Service:
    """Add a thing that breaks. Without a policy its team's preset of 5, 10 or 15 minutes is taken, by urgency (R43).

    Raises `ValidationError` for a name that the team has already, `PermissionDenied` unless `by` manages the team.
    """
    _ask_a_manager(by, team.pk)
    policy = policy or preset_policy(team=team, urgency=urgency, by=by, now=now)
    service = Service(team=team, name=name.strip(), schedule=schedule, policy=policy, urgency=urgency)
    service.slug = _free_address(service.name)
    service.full_clean()
    service.save()
    record("service.added", service, team=team, detail={"urgency": urgency}, by=by, now=now)
    return service


@transaction.atomic
def create_integration(
    *,
    service: Service,
    name: str,
    key: str | None = None,
    is_strict: bool = False,
    by: User | None,
    now: datetime,
) -> Integration:
    """Add a way in for events, with a random key of 32 letters and digits. Only the demo brings a key of its own.

    Raises `PermissionDenied` unless `by` manages the service's team.
    """
    _ask_a_manager(by, service.team_id)
    integration = Integration(service=service, name=name.strip(), key=key or _random_key(), is_strict=is_strict)
    integration.full_clean()
    integration.save()
    record("integration.added", integration, team=service.team, detail={"strict": is_strict}, by=by, now=now)
    return integration


@transaction.atomic
def set_severity_rule(
    *, integration: Integration, word: str, severity: Severity, by: User | None, now: datetime
) -> SeverityRule:
    """Say what a word of this sender means, from the next event on; its case never matters.

    Raises `PermissionDenied` unless `by` manages the team of the integration's service.
    """
    team = integration.service.team
    _ask_a_manager(by, team.pk)
    word = word.strip().lower()
    rule, _created = SeverityRule.objects.update_or_create(
        integration=integration, word=word, defaults={"severity": severity}
    )
    record("severity_rule.set", integration, team=team, detail={"word": word, "severity": severity}, by=by, now=now)
    return rule


@transaction.atomic
def refuse(*, refusal: Refusal, body: str, now: datetime) -> RefusedEvent | None:
    """Put a refused body on record, and tell the managers once an hour when the key was somebody's (N23).

    Bodies with no key of ours are anybody's on the internet: beyond a thousand an hour only the log has them, so that
    nobody fills the disk. Then it returns None.
    """
    key = refusal.routing_key
    integration = Integration.objects.select_related("service").filter(key=key).first() if len(key) == 32 else None
    if integration is None and _strangers_fill_the_log(now=now):
        return None
    refused = RefusedEvent.objects.create(
        integration=integration,
        at=now,
        status=refusal.status,
        errors=refusal.errors,
        body=body[:KEPT_OF_A_REFUSED_BODY],
    )
    if integration and _is_time_to_tell(integration, now=now):
        _tell_of_refusal(integration, refusal, now=now)
    return refused


def tell_managers(*, service_id: int, subject: str, body: str, now: datetime) -> None:
    """Send a notice about a service to those who manage its team, in the caller's transaction."""
    service = Service.objects.get(pk=service_id)
    managers = Membership.objects.managers().filter(team_id=service.team_id).values_list("user_id", flat=True)
    path = reverse("service", args=[service.slug])
    drafts = [Draft(user_id, MessageKind.NOTICE, cut(subject, 250), body, path, None) for user_id in managers]
    write_messages(drafts, now=now)
    transaction.on_commit(SEND_DUE.give)


def _strangers_fill_the_log(*, now: datetime) -> bool:
    recent = RefusedEvent.objects.filter(integration=None, at__gt=now - STRANGERS_WINDOW)
    return recent[:MOST_OF_STRANGERS].count() == MOST_OF_STRANGERS


def _is_time_to_tell(integration: Integration, *, now: datetime) -> bool:
    """Claim the hour: of many refusals at once exactly one is told."""
    not_told = Q(refusal_told_at__isnull=True) | Q(refusal_told_at__lte=now - TOLD_AT_MOST_EVERY)
    return bool(Integration.objects.filter(not_told, pk=integration.pk).update(refusal_told_at=now))


def _tell_of_refusal(integration: Integration, refusal: Refusal, *, now: datetime) -> None:
    subject = _("An event for %(service)s was refused") % {"service": integration.service}
    body = _(
        "The integration “%(integration)s” sent an event that Tandem could not take: %(errors)s. "
        "Nobody was paged for it. The service's page shows the last refused events."
    ) % {"integration": integration.name, "errors": "; ".join(refusal.errors)}
    tell_managers(service_id=integration.service_id, subject=subject, body=body, now=now)


def _ask_a_manager(by: User | None, team_id: int) -> None:
    """Nobody (`by` empty) is the machine itself: the demo and the first set-up."""
    if by is not None and not may_manage(by, team_id):
        raise PermissionDenied(_("Only a manager of the team may change its services."))


def _random_key() -> str:
    return "".join(secrets.choice(KEY_LETTERS) for _place in range(32))


def _free_address(name: str) -> str:
    """The service's place in addresses, made from its name; with a few random letters when another team has it."""
    wanted = slugify(name)[:70] or secrets.token_hex(4)
    return f"{wanted}-{secrets.token_hex(3)}" if Service.objects.filter(slug=wanted).exists() else wanted
