"""Who stands behind each target at one instant: asked when something fires, so what changed during the wait counts."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from incidents.escalation.policy import Policy
from incidents.escalation.terms import Target
from incidents.escalation.turn import Find, Found, NoSuchTier
from incidents.paging.models import Incident
from rotations.people.models import Membership, User
from rotations.rota.models import Rotation
from rotations.rota.selectors import Holder, on_call_at
from rotations.schedule.tiers import Tier

TIERS = {Target.PRIMARY: Tier.PRIMARY, Target.SECONDARY: Tier.SECONDARY}


@dataclass(frozen=True, slots=True)
class Whom:
    """The people of one batch of incidents. Somebody who left holds nothing any more."""

    on_call: Mapping[int, Mapping[Tier, Holder]]
    managers: Mapping[int, tuple[int, ...]]
    single_tier: Collection[int]
    people: Mapping[int, User]

    def find_for(self, incident: Incident) -> Find:
        """Who stands behind a target for this incident. Its `service` must be loaded."""

        def find(target: Target, person_id: int | None) -> Found:
            if target is Target.MANAGERS:
                return self.managers.get(incident.service.team_id, ())
            if target is Target.PERSON:
                return self._active(person_id)
            return self._holding(incident.service.schedule_id, TIERS[target])

        return find

    def behind(self, incident: Incident, target: Target, person_id: int | None = None) -> tuple[User, ...]:
        """The people whom a target means now; none where there is nobody, by design or not."""
        found = self.find_for(incident)(target, person_id)
        return () if isinstance(found, NoSuchTier) else tuple(self.people[pk] for pk in found)

    def _holding(self, schedule_id: int, tier: Tier) -> Found:
        holder = self.on_call.get(schedule_id, {}).get(tier)
        if holder is None and tier is Tier.SECONDARY and schedule_id in self.single_tier:
            return NoSuchTier.SINGLE
        return self._active(holder.user_id if holder else None)

    def _active(self, user_id: int | None) -> tuple[int, ...]:
        return (user_id,) if user_id is not None and user_id in self.people else ()


def whom_at(now: datetime, incidents: Collection[Incident], policies: Iterable[Policy]) -> Whom:
    """Everybody who could be paged for these incidents now, and who leads them. Four queries for any number."""
    schedule_ids = {incident.service.schedule_id for incident in incidents}
    team_ids = {incident.service.team_id for incident in incidents}
    on_call = on_call_at(now, schedule_ids=schedule_ids)
    managers: dict[int, tuple[int, ...]] = {}
    rows = Membership.objects.managers().filter(team__in=team_ids).order_by("pk")
    for team_id, user_id in rows.values_list("team_id", "user_id"):
        managers[team_id] = (*managers.get(team_id, ()), user_id)
    ids = {holder.user_id for tiers in on_call.values() for holder in tiers.values()}
    ids.update(user_id for team in managers.values() for user_id in team)
    ids.update(incident.lead_id for incident in incidents if incident.lead_id)
    for policy in policies:
        ids.update(step.person_id for step in policy.steps if step.person_id)
        ids.update(trigger.person_id for trigger in policy.triggers if trigger.person_id)
    people = {user.pk: user for user in User.objects.filter(pk__in=ids, is_active=True)}
    return Whom(on_call, managers, _single_tier(schedule_ids), people)


def _single_tier(schedule_ids: Collection[int]) -> set[int]:
    """Schedules none of whose rotations has a secondary."""
    most: dict[int, int] = {}
    rotations = Rotation.objects.active().filter(schedule__in=schedule_ids)
    for schedule_id, tiers in rotations.values_list("schedule_id", "tiers"):
        most[schedule_id] = max(tiers, most.get(schedule_id, 0))
    return {schedule_id for schedule_id, tiers in most.items() if tiers == 1}
