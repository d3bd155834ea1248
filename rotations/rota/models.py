"""Schedules, their rotations and rosters; published shifts and approved overrides: the record of who was on call.

Rows of `Shift` and `Override` are in force while `withdrawn_at` is empty. Only `services` writes them, under the
lock of their schedule.
"""

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from rotations.people.models import Team, User
from rotations.people.records import ArchivableQuerySet, Record, RecordQuerySet, Row_co
from rotations.people.validators import validate_time_zone
from rotations.rota.constraints import NoOverlap
from rotations.schedule.handoffs import Cadence, Unit
from rotations.schedule.planner import Pairing
from rotations.schedule.tiers import Tier

IN_FORCE = Q(withdrawn_at__isnull=True)
ENDS_AFTER_IT_STARTS = Q(ends_at__gt=F("starts_at"))

# Both bound what a reader must look at: a row that holds at an instant ends at most so long after it.
# Four weeks and the hour of a clock change; a year and its leap day.
LONGEST_SHIFT = timedelta(weeks=4, hours=1)
LONGEST_OVERRIDE = timedelta(days=366)


class Schedule(Record):
    """What a service points at: it answers "who holds this tier at this instant?"."""

    team = models.ForeignKey(Team, models.PROTECT, related_name="schedules")
    name = models.CharField(_("name"), max_length=80)
    slug = models.SlugField(_("address"), max_length=80, unique=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    objects = ArchivableQuerySet.as_manager()

    class Meta:
        verbose_name = _("schedule")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["team", "name"], name="schedule_name_once_in_a_team")]

    def __str__(self) -> str:
        return self.name


class Rotation(Record):
    """A roster that takes turns. Its settings are a draft until they are published."""

    schedule = models.ForeignKey(Schedule, models.PROTECT, related_name="rotations")
    name = models.CharField(_("name"), max_length=80)
    time_zone = models.CharField(_("time zone"), max_length=64, validators=[validate_time_zone])
    tiers = models.PositiveSmallIntegerField(
        _("tiers"), default=2, choices=[(1, _("Primary only")), (2, _("Primary and secondary"))]
    )
    pairing = models.CharField(_("pairing"), max_length=6, choices=Pairing.choices(), default=Pairing.TRAIL)
    every = models.PositiveSmallIntegerField(_("hand off every"), default=1)
    unit = models.CharField(_("unit"), max_length=5, choices=Unit.choices(), default=Unit.WEEKS)
    anchor_on = models.DateField(_("first handoff"), help_text=_("The day from which turns are counted"))
    handoff_at = models.TimeField(_("handoff"), help_text=_("On the wall clock of the rotation's time zone"))
    archived_at = models.DateTimeField(null=True, blank=True)
    horizon_warned_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("When managers were last told that its horizon runs short")
    )

    objects = ArchivableQuerySet.as_manager()

    class Meta:
        verbose_name = _("rotation")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["schedule", "name"], name="rotation_name_once_in_a_schedule"),
            models.CheckConstraint(condition=Q(tiers__in=[1, 2]), name="rotation_has_one_or_two_tiers"),
            models.CheckConstraint(condition=Q(every__gt=0), name="rotation_hands_off"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def cadence(self) -> Cadence:
        """When this rotation hands off."""
        return Cadence(
            every=self.every,
            unit=Unit(self.unit),
            anchor_on=self.anchor_on,
            handoff_at=self.handoff_at,
            time_zone=self.time_zone,
        )


class Seat(Record):
    """One person's place in a roster, from `starts_at` until `ends_at` (open: empty)."""

    rotation = models.ForeignKey(Rotation, models.PROTECT, related_name="seats")
    user = models.ForeignKey(User, models.PROTECT, related_name="seats")
    position = models.PositiveSmallIntegerField(_("position"))
    is_senior = models.BooleanField(_("senior"), default=False)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)

    objects = RecordQuerySet["Seat"].as_manager()

    class Meta:
        verbose_name = _("seat")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["rotation", "user"], condition=Q(ends_at__isnull=True), name="seat_once_in_a_rotation"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | ENDS_AFTER_IT_STARTS, name="seat_ends_after_it_starts"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.rotation}"


class Publication(Record):
    """One act of publishing: the settings it took, the proof it gave. The daily extension is one too (`by` empty)."""

    rotation = models.ForeignKey(Rotation, models.PROTECT, related_name="publications")
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    effective_from = models.DateTimeField()
    until = models.DateTimeField(help_text=_("The horizon: shifts exist up to here"))
    settings = models.JSONField(help_text=_("Rules and seats as the planner took them"))
    certificate = models.JSONField(help_text=_("What makes the plan checkable"))

    objects = RecordQuerySet["Publication"].as_manager()

    class Meta:
        verbose_name = _("publication")
        get_latest_by = "pk"
        constraints = [
            models.CheckConstraint(condition=Q(until__gte=F("effective_from")), name="publication_looks_ahead")
        ]

    def __str__(self) -> str:
        return f"{self.rotation} published {self.at:%d %b %Y}"


class SpanQuerySet(RecordQuerySet[Row_co]):
    """Rows that hold a tier over [starts_at, ends_at)."""

    def in_force(self) -> Self:
        """Those that were not withdrawn."""
        return self.filter(IN_FORCE)

    def covering(self, at: datetime) -> Self:
        """Those that hold at an instant."""
        return self.filter(starts_at__lte=at, ends_at__gt=at)

    def touching(self, start: datetime, end: datetime) -> Self:
        """Those that overlap [start, end)."""
        return self.filter(starts_at__lt=end, ends_at__gt=start)


class Shift(Record):
    """A published assignment of one tier, and why. Without a person it is a gap that was seen and said."""

    rotation = models.ForeignKey(Rotation, models.PROTECT, related_name="shifts")
    publication = models.ForeignKey(Publication, models.PROTECT, related_name="shifts")
    tier = models.CharField(_("tier"), max_length=9, choices=Tier.choices())
    slot = models.IntegerField(help_text=_("Which turn, counted from the rotation's anchor"))
    user = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="shifts")
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("to"))
    reason = models.JSONField(_("reason"), help_text=_("How the planner came to it, as data"))
    withdrawn_at = models.DateTimeField(null=True, blank=True, help_text=_("A later publication took its place"))

    objects = SpanQuerySet["Shift"].as_manager()

    class Meta:
        verbose_name = _("shift")
        ordering = ["starts_at"]
        indexes = [
            models.Index(fields=["rotation", "tier", "starts_at"], name="shift_by_tier"),
            models.Index(fields=["ends_at", "starts_at"], name="shift_at_an_instant"),
            models.Index(fields=["user", "ends_at"], name="shift_by_person"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["rotation", "tier", "starts_at"], condition=IN_FORCE, name="shift_once_in_a_slot"
            ),
            models.CheckConstraint(condition=ENDS_AFTER_IT_STARTS, name="shift_ends_after_it_starts"),
            models.CheckConstraint(condition=Q(tier__in=list(Tier)), name="shift_tier_is_known"),
            NoOverlap(name="shift_one_person_in_a_tier", fields=["rotation", "tier"], condition=IN_FORCE),
            NoOverlap(
                name="shift_one_tier_for_a_person",
                fields=["rotation", "user"],
                condition=IN_FORCE & Q(user__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user or 'nobody'}, {self.tier}, {self.starts_at:%d %b %Y %H:%M}"


class Override(Record):
    """An approved fact: one tier of one schedule is held by another person for [starts_at, ends_at).

    A later override of the same time withdraws the earlier one and writes what is left of it anew, `replaces` pointing
    back; so those in force never overlap, and every row that ever held is kept.
    """

    schedule = models.ForeignKey(Schedule, models.PROTECT, related_name="overrides")
    tier = models.CharField(_("tier"), max_length=9, choices=Tier.choices())
    user = models.ForeignKey(User, models.PROTECT, related_name="overrides", verbose_name=_("who takes over"))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("to"))
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    approved_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    approved_at = models.DateTimeField()
    replaces = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="remainders")
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = SpanQuerySet["Override"].as_manager()

    class Meta:
        verbose_name = _("override")
        ordering = ["starts_at"]
        indexes = [
            models.Index(fields=["schedule", "ends_at"], name="override_by_schedule"),
            models.Index(fields=["ends_at", "starts_at"], name="override_at_an_instant"),
        ]
        constraints = [
            models.CheckConstraint(condition=ENDS_AFTER_IT_STARTS, name="override_ends_after_it_starts"),
            models.CheckConstraint(condition=Q(tier__in=list(Tier)), name="override_tier_is_known"),
            NoOverlap(name="override_one_person_in_a_tier", fields=["schedule", "tier"], condition=IN_FORCE),
            NoOverlap(name="override_one_tier_for_a_person", fields=["schedule", "user"], condition=IN_FORCE),
        ]

    def __str__(self) -> str:
        return f"{self.user} takes {self.tier} of {self.schedule}"
