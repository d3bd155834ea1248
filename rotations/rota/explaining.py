"""Why somebody holds a tier, in sentences: the stored reason, the override, who decided and when (N5).

Words only: `selectors.explain` reads the rows.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.utils import timezone
from django.utils.translation import gettext as _

from rotations.people import times
from rotations.people.models import User
from rotations.rota.models import Override, Schedule, Shift
from rotations.schedule.planner import Obstacle, Reason, Rule, Rules
from rotations.schedule.tiers import Tier


@dataclass(frozen=True, slots=True)
class Explanation:
    """Who held a tier of a schedule at an instant (nobody: None), and how that came about."""

    schedule: Schedule
    tier: Tier
    at: datetime
    person: User | None
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """The rows that decide it. `people` are those whom the shift's reason names."""

    schedule: Schedule
    tier: Tier
    at: datetime
    shift: Shift | None
    override: Override | None
    published_until: datetime | None
    people: Mapping[int, User]


def explanation(evidence: Evidence) -> Explanation:
    """Put the evidence into words, in the reader's zone."""
    narrator = _Narrator(evidence)
    return Explanation(evidence.schedule, evidence.tier, evidence.at, narrator.holder, tuple(narrator.sentences()))


class _Narrator:
    """Says one fact a sentence, the deciding one first."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.zone: tzinfo = timezone.get_current_timezone()
        row = evidence.override or evidence.shift
        self.holder: User | None = row.user if row else None

    def sentences(self) -> Iterator[str]:
        shift, override = self.evidence.shift, self.evidence.override
        if override:
            yield from self._of_override(override)
        if shift and shift.user:
            yield from self._of_shift(shift, under=override)
        elif shift:
            yield from self._of_published_gap(shift, under=override)
        elif not override:
            yield from self._of_nothing()

    def _of_override(self, override: Override) -> Iterator[str]:
        yield _("%(name)s holds %(tier)s by an override, %(span)s.") % self._words(override)
        yield _("%(name)s approved it on %(at)s.") % {
            "name": override.approved_by,
            "at": self._instant(override.approved_at),
        }
        if override.reason:
            yield _("The reason given: %(reason)s") % {"reason": override.reason}
        if override.replaces_id:
            yield _("It is what is left of a longer override, after a later one or after it was withdrawn.")

    def _of_shift(self, shift: Shift, *, under: Override | None) -> Iterator[str]:
        words = self._words(shift)
        if under:
            yield _("By the rotation %(rotation)s %(name)s would hold %(tier)s, %(span)s.") % words
        else:
            yield _("%(name)s holds %(tier)s by the rotation %(rotation)s, %(span)s.") % words
        reason = Reason.from_json(shift.reason)
        yield from self._of_rule(shift, reason)
        yield from self._of_skips(reason)
        yield self._of_publication(shift)

    def _of_rule(self, shift: Shift, reason: Reason) -> Iterator[str]:
        yield {
            Rule.TURN: _("It is their turn: whoever held %(tier)s longest ago, or never, comes first."),
            Rule.SHAPE: _("Whoever was primary last backs up the new primary."),
            Rule.OPENING: _(
                "In a rotation's first shift, whoever stands before the primary in the roster backs them up."
            ),
            Rule.FILLER: _(
                "Whoever was primary last could not serve; of the others, who held %(tier)s longest ago comes first."
            ),
            Rule.UNCOVERED: _("Nobody in the roster could serve."),
        }[reason.rule] % {"tier": self._tier()}
        if reason.place:
            yield _("Their place in the roster: %(place)d of %(size)d.") % {
                "place": reason.place,
                "size": reason.roster_size,
            }
        if reason.rule is not Rule.UNCOVERED and reason.roster_size:
            yield self._of_last_turn(shift, reason)

    def _of_last_turn(self, shift: Shift, reason: Reason) -> str:
        if reason.last_slot is None:
            return _("They had not held %(tier)s in this rotation before.") % {"tier": self._tier()}
        cadence = Rules.from_json(shift.publication.settings["rules"]).cadence
        began = cadence.slot_span(reason.last_slot).start
        return _("Their last shift as %(tier)s began on %(at)s.") % {"tier": self._tier(), "at": self._instant(began)}

    def _of_skips(self, reason: Reason) -> Iterator[str]:
        why = {
            Obstacle.OFF: _("%(name)s was passed over: time off."),
            Obstacle.BUSY: _("%(name)s was passed over: on duty elsewhere at that time."),
            Obstacle.OTHER_TIER: _("%(name)s was passed over: one person never holds both tiers."),
            Obstacle.NOT_SEATED: _("%(name)s was passed over: not in the roster for the whole shift."),
        }
        for skip in reason.skipped:
            yield why[skip.obstacle] % {"name": self.evidence.people.get(skip.person, _("Somebody"))}

    def _of_publication(self, shift: Shift) -> str:
        publication = shift.publication
        words = {"name": publication.by, "at": self._instant(publication.at)}
        if publication.by:
            return _("%(name)s published it on %(at)s.") % words
        return _("It was published on %(at)s, when the horizon was extended.") % words

    def _of_published_gap(self, shift: Shift, *, under: Override | None) -> Iterator[str]:
        words = self._words(shift)
        if under:
            yield _("By the rotation %(rotation)s nobody would be %(tier)s, %(span)s.") % words
        else:
            yield _("Nobody is %(tier)s, %(span)s: nobody in the roster of %(rotation)s could serve.") % words
        yield from self._of_skips(Reason.from_json(shift.reason))
        yield self._of_publication(shift)

    def _of_nothing(self) -> Iterator[str]:
        until = self.evidence.published_until
        words = {"tier": self._tier(), "at": self._instant(self.evidence.at)}
        yield _("Nobody is %(tier)s on %(at)s: no shift is published for that time.") % words
        if until is None:
            yield _("Nothing is published for this schedule yet. A manager publishes it on its page.")
        elif until <= self.evidence.at:
            yield _("Shifts are published until %(until)s.") % {"until": self._instant(until)}

    def _words(self, row: Shift | Override) -> dict[str, object]:
        span = times.span(row.starts_at, row.ends_at, self.zone, now=self.evidence.at)
        rotation = row.rotation if isinstance(row, Shift) else ""
        return {"name": row.user, "tier": self._tier(), "span": span, "rotation": rotation}

    def _tier(self) -> str:
        return _("primary") if self.evidence.tier is Tier.PRIMARY else _("secondary")

    def _instant(self, at: datetime) -> str:
        return times.instant(at, self.zone, now=self.evidence.at)
