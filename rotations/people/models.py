"""People, their teams and their absences; tokens for programs; the audit log.

Writers are in `services`, rules of who may do what in `permissions`.
"""

from typing import Any, ClassVar, Self

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from rotations.people.records import ArchivableQuerySet, Record, RecordQuerySet
from rotations.people.validators import validate_time_zone

PERSON_COLOURS = 12


class Theme(models.TextChoices):
    AUTO = "auto", _("As my system")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class UserManager(BaseUserManager["User"]):
    """Finds people by e-mail address, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make an administrator; what `manage.py createsuperuser` calls."""
        user = self.model(email=self.normalize_email(email), is_staff=True, is_superuser=True, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


def initials_of(name: str) -> str:
    """Two or three letters for a name: ML for Mara Lindt."""
    words = name.split()
    return "".join(word[0] for word in (words[:2] + words[-1:] if len(words) > 2 else words)).upper() or "?"


class User(AbstractBaseUser, PermissionsMixin):
    """A person. Deactivated when they leave, never deleted: the past names them."""

    email = models.EmailField(_("e-mail address"), max_length=254)
    name = models.CharField(_("name"), max_length=120, help_text=_("As colleagues know you: Mara Lindt"))
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="UTC", validators=[validate_time_zone], help_text=_("Europe/Berlin")
    )
    theme = models.CharField(_("theme"), max_length=5, choices=Theme, default=Theme.AUTO)
    colour = models.PositiveSmallIntegerField(
        _("colour"), default=1, help_text=_("1 to 12, given once when they join their first team (LOOKS §3)")
    )
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("may open the admin"), default=False)
    is_demo = models.BooleanField(default=False, editable=False)
    joined_at = models.DateTimeField(_("joined"), auto_now_add=True)

    objects = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.UniqueConstraint(
                Lower("email"), name="person_email_once", violation_error_message=_("Somebody has this address.")
            ),
            models.CheckConstraint(
                condition=models.Q(colour__range=(1, PERSON_COLOURS)), name="person_colour_is_one_of_twelve"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.first_name

    @property
    def first_name(self) -> str:
        """The first word of the name, for a bar that has little room."""
        return self.name.split(" ", 1)[0]

    @property
    def initials(self) -> str:
        """Two or three letters that stand beside the person's colour."""
        return initials_of(self.name)


class Team(Record):
    """People who share schedules and services."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    slug = models.SlugField(_("address"), max_length=80, unique=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    is_demo = models.BooleanField(default=False, editable=False)

    objects = ArchivableQuerySet.as_manager()

    class Meta:
        verbose_name = _("team")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    MANAGER = "manager", _("Manager")
    RESPONDER = "responder", _("Responder")
    OBSERVER = "observer", _("Observer")


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Who belongs where."""

    def managers(self) -> Self:
        """Active people who answer for a team: the step after the secondary."""
        return self.filter(role=Role.MANAGER, user__is_active=True)


class Membership(models.Model):
    """A person's role on a team."""

    team = models.ForeignKey(Team, models.PROTECT, related_name="memberships")
    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.RESPONDER)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("membership")
        constraints = [
            models.UniqueConstraint(fields=["team", "user"], name="membership_once"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.get_role_display()} of {self.team}"


class TimeOff(Record):
    """A person's absence, [starts_at, ends_at)."""

    user = models.ForeignKey(User, models.PROTECT, related_name="time_off")
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("to"))
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = RecordQuerySet["TimeOff"].as_manager()

    class Meta:
        verbose_name = _("time off")
        verbose_name_plural = _("time off")
        indexes = [models.Index(fields=["user", "ends_at"], name="time_off_by_person")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="time_off_ends_after_it_starts"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} off {self.starts_at:%d %b %Y} to {self.ends_at:%d %b %Y}"


class ApiToken(Record):
    """A program's key to the API, acting as the person who made it. Only its hash is kept."""

    user = models.ForeignKey(User, models.PROTECT, related_name="api_tokens")
    name = models.CharField(_("name"), max_length=80)
    digest = models.CharField(max_length=64, unique=True, editable=False, help_text=_("SHA-256 of the token"))
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = RecordQuerySet["ApiToken"].as_manager()

    class Meta:
        verbose_name = _("API token")

    def __str__(self) -> str:
        return f"{self.name} ({self.user})"


class AuditEntry(Record):
    """Who changed what, written by the service that changed it, in the same transaction."""

    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by"))
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="audit_entries")
    action = models.CharField(_("action"), max_length=60, help_text=_("A verb in the past: schedule.published"))
    subject = models.CharField(_("subject"), max_length=120, help_text=_("What was changed, as it was called then"))
    detail = models.JSONField(_("detail"), default=dict, blank=True)

    objects = RecordQuerySet["AuditEntry"].as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        indexes = [models.Index(fields=["team", "-at"], name="audit_by_team")]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"
