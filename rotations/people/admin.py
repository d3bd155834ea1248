"""The administrator's back office: people, teams and memberships are edited here; history is read here.

Whatever has a service is not edited here: a change would have neither its checks nor its audit line.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from rotations.people import services
from rotations.people.clock import now
from rotations.people.models import ApiToken, AuditEntry, Membership, Role, Team, TimeOff, User

AnyModel = TypeVar("AnyModel", bound=Model)

admin.site.site_header = admin.site.site_title = "Tandem"
# The admin's own door counts no wrong guesses: whoever is not signed in goes through the one that does.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.unregister(Group)  # what people may do is their role on a team, nothing else


class ShortPaginator(Paginator[Any]):
    """Pages of a table that is never counted whole: as many rows as anybody browses, the rest is searched."""

    MOST = 100_000

    @cached_property
    def count(self) -> int:
        """How many rows there are, up to `MOST`."""
        rows = self.object_list
        return rows.order_by()[: self.MOST].count() if isinstance(rows, QuerySet) else len(rows)


class RecordAdmin(admin.ModelAdmin[AnyModel]):
    """History: it is read, searched and never changed. Subclasses say what to show."""

    show_full_result_count = False
    paginator = ShortPaginator
    list_per_page = 50
    ordering = ["-pk"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AnyModel | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AnyModel | None = None) -> bool:
        return False


class AddedByServiceAdmin(RecordAdmin[AnyModel]):
    """A record that an administrator may add, by its service: with its checks and its audit line. Not changed here."""

    add_fields: list[str] = []

    def add(self, wanted: dict[str, Any], *, by: User, now: datetime) -> AnyModel:
        """Call the service with what the form holds."""
        raise NotImplementedError

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _administrator(request).is_superuser

    def get_fields(self, request: HttpRequest, obj: AnyModel | None = None) -> Any:
        return self.add_fields if obj is None else super().get_fields(request, obj)

    def save_model(self, request: HttpRequest, obj: AnyModel, form: Any, change: bool) -> None:
        obj.pk = self.add(form.cleaned_data, by=_administrator(request), now=now()).pk

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> Any:
        """The form; with the service's own sentence where it refuses what the form let pass."""
        try:
            return super().add_view(request, form_url, extra_context)
        except ValidationError as refused:
            self.message_user(request, " ".join(refused.messages), messages.ERROR)
            return redirect(request.get_full_path())


class AddPersonForm(AdminUserCreationForm[User]):
    """A new person. Without a password they set their own by a reset link."""

    class Meta:
        model = User
        fields = ["email", "name", "time_zone"]
        field_classes: dict[str, Any] = {}


@admin.register(User)
class PersonAdmin(UserAdmin[User]):
    """People are deactivated when they leave, never deleted."""

    add_form = AddPersonForm
    list_display = ["name", "email", "time_zone", "is_active", "is_superuser"]
    list_filter = ["is_active", "is_superuser"]
    search_fields = ["name", "email"]
    ordering = ["name"]
    show_full_result_count = False
    filter_horizontal = []
    readonly_fields = ["colour", "joined_at", "last_login"]
    fieldsets = [
        (None, {"fields": ["name", "email", "password", "time_zone", "theme"]}),
        (_("What they may do"), {"fields": ["is_active", "is_superuser", "is_staff"]}),
        (_("As it is"), {"fields": ["colour", "joined_at", "last_login"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["email", "name", "time_zone", "usable_password", "password1", "password2"]}),
    ]

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if "email" in form.changed_data:  # whoever reads the old mailbox must not reset the password any more
            EmailAddress.objects.filter(user=obj).delete()
        action = "person.changed" if change else "person.added"
        _audit(request, action, obj, changed=form.changed_data)

    def log_change(self, request: HttpRequest, obj: User, message: Any) -> Any:
        """A new password is set past `save_model`: its line is written here."""
        if request.resolver_match and request.resolver_match.url_name == PASSWORD_PAGE:
            _audit(request, "person.password_set", obj, changed=["password"])
        return super().log_change(request, obj, message)


PASSWORD_PAGE = "auth_user_password_change"  # noqa: S105  # the name of a page


@admin.register(Team)
class TeamAdmin(admin.ModelAdmin[Team]):
    """Teams are archived, never deleted."""

    list_display = ["name", "slug", "archived_at"]
    search_fields = ["name"]
    prepopulated_fields = {"slug": ["name"]}
    fields = ["name", "slug", "archived_at"]
    show_full_result_count = False

    def has_delete_permission(self, request: HttpRequest, obj: Team | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Team, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        _audit(request, "team.changed" if change else "team.added", obj, team=obj, changed=form.changed_data)


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin[Membership]):
    """Who belongs where. Leaving a team is not history's end: shifts and pages keep their names."""

    list_display = ["user", "team", "role"]
    list_filter = ["role"]
    list_select_related = ["user", "team"]
    search_fields = ["user__name", "user__email", "team__name"]
    autocomplete_fields = ["user", "team"]
    ordering = ["team__name", "user__name"]
    show_full_result_count = False

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            _audit(request, "member.changed", obj.user, team=obj.team, changed=form.changed_data)
        else:
            by = _administrator(request)
            obj.pk = services.add_member(team=obj.team, user=obj.user, role=Role(obj.role), by=by, now=now()).pk

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        super().delete_model(request, obj)
        _audit(request, "member.removed", obj.user, team=obj.team, changed=[obj.role])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        for membership in queryset.select_related("user", "team"):
            self.delete_model(request, membership)


@admin.register(TimeOff)
class TimeOffAdmin(RecordAdmin[TimeOff]):
    list_display = ["user", "starts_at", "ends_at", "withdrawn_at"]
    list_select_related = ["user"]
    search_fields = ["user__name"]


@admin.register(ApiToken)
class ApiTokenAdmin(RecordAdmin[ApiToken]):
    """Only fingerprints are kept. An administrator revokes a leaked one with the action."""

    list_display = ["name", "user", "created_at", "revoked_at"]
    list_select_related = ["user"]
    search_fields = ["name", "user__name", "user__email"]
    fields = ["name", "user", "created_at", "revoked_at"]
    actions = ["revoke"]

    @admin.action(description=_("Revoke the selected tokens"))
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        for token in queryset.select_related("user"):
            services.revoke_api_token(token=token, by=_administrator(request), now=now())


@admin.register(AuditEntry)
class AuditEntryAdmin(RecordAdmin[AuditEntry]):
    list_display = ["at", "by", "action", "subject", "team"]
    list_select_related = ["by", "team"]
    search_fields = ["subject", "action"]


def _administrator(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # the admin lets nobody else in
    return request.user


def _audit(
    request: HttpRequest, action: str, subject: object, *, changed: Sequence[str], team: Team | None = None
) -> None:
    """Write the line for a change made here; the admin's own log is not the team's."""
    detail = {"changed": list(changed), "where": "admin"}
    services.record(action, subject, team=team, detail=detail, by=_administrator(request), now=now())
