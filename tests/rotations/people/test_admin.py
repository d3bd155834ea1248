"""The back office: people are edited there with an audit line, history is read there, and lists stay quick."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from incidents import models as incidents
from incidents.escalation.terms import Cause
from rotations import models as rotations
from rotations.people.admin import AddedByServiceAdmin, RecordAdmin, ShortPaginator
from rotations.people.models import AuditEntry, Membership, Role, Team, User
from rotations.people.records import Record
from rotations.people.services import create_api_token
from tests import factories
from tests.factories import SOME_MONDAY, IncidentFactory, MembershipFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db

OURS = [model for app in ("rotations", "incidents") for model in apps.get_app_config(app).get_models()]
EDITED = {User, Team, Membership}


def message():
    return rotations.Message.objects.create(
        recipient=UserFactory(), kind="notice", subject="Hello", path="/", created_at=SOME_MONDAY
    )


def alert():
    integration = factories.IntegrationFactory()
    return incidents.Alert.objects.create(
        integration=integration,
        key=str(uuid4()),
        incident=IncidentFactory(service=integration.service),
        summary="Down",
        severity=3,
        opened_at=SOME_MONDAY,
        last_event_at=SOME_MONDAY,
    )


def page():
    told = message()
    return incidents.Page.objects.create(
        incident=IncidentFactory(),
        user=told.recipient,
        cause=Cause.FIRST,
        planned_at=SOME_MONDAY,
        paged_at=SOME_MONDAY,
        message=told,
    )


def event():
    integration = factories.IntegrationFactory()
    return incidents.Event.objects.create(
        integration=integration, service=integration.service, key="k", body="{}", received_at=SOME_MONDAY
    )


def timeline_entry():
    paged = page()
    return incidents.TimelineEntry.objects.create(
        incident=paged.incident, page=paged, by=paged.user, at=SOME_MONDAY, kind="paged"
    )


# One row of each model, with everything that it can point at.
MAKE = {
    rotations.ApiToken: lambda: create_api_token(user=(who := UserFactory()), name="t", by=who, now=SOME_MONDAY),
    rotations.AuditEntry: lambda: AuditEntry.objects.create(
        at=SOME_MONDAY, by=UserFactory(), team=TeamFactory(), action="team.added", subject="Payments"
    ),
    rotations.ContactPoint: factories.ContactPointFactory,
    rotations.Delivery: lambda: rotations.Delivery.objects.create(
        message=message(), contact_point=factories.ContactPointFactory(), channel="email", due_at=SOME_MONDAY
    ),
    rotations.Membership: MembershipFactory,
    rotations.Message: message,
    rotations.NotificationRule: lambda: rotations.NotificationRule.objects.create(
        user=(point := factories.ContactPointFactory()).user, tier="primary", contact_point=point, after=timedelta()
    ),
    rotations.Override: factories.OverrideFactory,
    rotations.Publication: lambda: factories.PublicationFactory(by=UserFactory()),
    rotations.Rotation: factories.RotationFactory,
    rotations.Schedule: factories.ScheduleFactory,
    rotations.Seat: factories.SeatFactory,
    rotations.Shift: factories.ShiftFactory,
    rotations.Team: TeamFactory,
    rotations.TimeOff: lambda: rotations.TimeOff.objects.create(
        user=UserFactory(), starts_at=SOME_MONDAY, ends_at=SOME_MONDAY + timedelta(days=1)
    ),
    rotations.User: UserFactory,
    incidents.Alert: alert,
    incidents.EscalationPolicy: factories.PolicyFactory,
    incidents.Event: event,
    incidents.Incident: lambda: IncidentFactory(lead=UserFactory()),
    incidents.Integration: factories.IntegrationFactory,
    incidents.Page: page,
    incidents.PolicyStep: lambda: factories.PolicyVersionFactory().steps.first(),  # noqa: PLW0108  # made when it is called
    incidents.PolicyVersion: lambda: factories.PolicyVersionFactory(by=UserFactory()),
    incidents.RefusedEvent: lambda: incidents.RefusedEvent.objects.create(
        integration=factories.IntegrationFactory(), at=SOME_MONDAY, status=400, errors=[], body="x"
    ),
    incidents.Service: factories.ServiceFactory,
    incidents.SeverityRule: lambda: incidents.SeverityRule.objects.create(
        integration=factories.IntegrationFactory(), word="bad", severity=2
    ),
    incidents.Sweep: lambda: incidents.Sweep.objects.create(
        name=uuid4().hex[:20], ran_at=SOME_MONDAY, lateness=timedelta()
    ),
    incidents.TimelineEntry: timeline_entry,
    incidents.TriggerRule: lambda: factories.PolicyVersionFactory().triggers.first(),  # noqa: PLW0108  # the same
}


@pytest.fixture
def client(client):
    client.force_login(UserFactory(name="Ada Root", is_superuser=True, is_staff=True))
    return client


def address(model, page: str, *args) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def the_row(model):
    return model.objects.order_by("pk").last()


def test_every_model_of_ours_is_in_the_admin_and_every_record_is_read_only_there():
    assert set(OURS) <= set(admin.site._registry), "Add an admin class for each, and a row to MAKE."
    for model in OURS:
        if issubclass(model, Record) and model not in EDITED:
            assert isinstance(admin.site._registry[model], RecordAdmin), model


@pytest.mark.parametrize("model", OURS)
def test_every_list_and_every_row_is_shown_and_fifty_rows_take_as_many_queries_as_one(model, client):
    MAKE[model]()
    assert client.get(address(model, "change", the_row(model).pk)).status_code == 200
    assert client.get(address(model, "history", the_row(model).pk)).status_code == 200
    with CaptureQueriesContext(connection) as one:
        assert client.get(address(model, "changelist"), {"q": "x"}).status_code == 200
        client.get(address(model, "changelist"))
    for _ in range(49):
        MAKE[model]()
    with CaptureQueriesContext(connection) as fifty:
        client.get(address(model, "changelist"), {"q": "x"})
        client.get(address(model, "changelist"))
    assert len(fifty) == len(one)


def is_added_by_its_service(model) -> bool:
    return isinstance(admin.site._registry[model], AddedByServiceAdmin)


@pytest.mark.parametrize("model", [model for model in OURS if model not in EDITED])
def test_history_is_neither_added_nor_changed_nor_deleted_there(model, client):
    MAKE[model]()
    row = the_row(model)
    assert client.post(address(model, "add"), {}).status_code == (200 if is_added_by_its_service(model) else 403)
    assert the_row(model) == row
    assert client.post(address(model, "change", row.pk), {}).status_code == 403
    assert client.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    client.post(address(model, "changelist"), chosen)
    assert model.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize("model", [User, Team])
def test_people_and_teams_are_never_deleted(model, client):
    row = MAKE[model]()
    assert client.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    assert model.objects.filter(pk=row.pk).exists()


def audit() -> list[tuple[str, str, dict]]:
    return list(AuditEntry.objects.order_by("pk").values_list("action", "subject", "detail"))


def test_a_person_is_added_with_or_without_a_password_and_the_audit_log_says_so(client):
    person = {
        "email": "mara@example.com",
        "name": "Mara Lindt",
        "time_zone": "Europe/Berlin",
        "usable_password": "false",
    }
    assert client.post(address(User, "add"), person).status_code == 302
    mara = User.objects.get(email="mara@example.com")
    assert not mara.has_usable_password()
    jonas = person | {"email": "jonas@example.com", "name": "Jonas Weber", "usable_password": "true"}
    passwords = {"password1": "correct horse battery", "password2": "correct horse battery"}
    assert client.post(address(User, "add"), jonas | passwords).status_code == 302
    assert User.objects.get(email="jonas@example.com").check_password("correct horse battery")
    assert [line[:2] for line in audit()] == [("person.added", "Mara Lindt"), ("person.added", "Jonas Weber")]
    assert AuditEntry.objects.first().by.name == "Ada Root"


def test_an_address_that_somebody_has_is_refused_with_a_sentence(client):
    UserFactory(email="mara@example.com")
    person = {"email": "MARA@example.com", "name": "Mara", "time_zone": "UTC", "usable_password": "false"}
    assert b"Somebody has this address" in client.post(address(User, "add"), person).content
    assert audit() == []


def test_deactivating_somebody_is_an_edit_with_a_line_that_says_what_changed(client):
    mara = UserFactory(name="Mara Lindt")
    form = {"name": mara.name, "email": mara.email, "time_zone": mara.time_zone, "theme": "auto"}
    assert client.post(address(User, "change", mara.pk), form).status_code == 302
    mara.refresh_from_db()
    assert not mara.is_active
    assert audit() == [("person.changed", "Mara Lindt", {"changed": ["is_active"], "where": "admin"})]


def test_an_address_that_somebody_had_before_resets_their_password_no_more(client, mailoutbox, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.EMAIL_URL = "smtp://mail.example.com"
    mara = UserFactory(name="Mara Lindt", email="old@example.com")
    reset = reverse("account_reset_password")
    client.post(reset, {"email": "old@example.com"})  # from now on allauth has a row of its own for the address
    form = {"name": mara.name, "email": "new@example.com", "time_zone": "UTC", "theme": "auto", "is_active": "on"}
    assert client.post(address(User, "change", mara.pk), form).status_code == 302
    client.post(reset, {"email": "old@example.com"})
    client.post(reset, {"email": "new@example.com"})
    assert [mail.to for mail in mailoutbox] == [["old@example.com"], ["new@example.com"]]


def test_setting_a_password_for_somebody_leaves_a_line_without_it(client):
    mara = UserFactory(name="Mara Lindt")
    new = {"password1": "a new passphrase", "password2": "a new passphrase", "usable_password": "true"}
    assert client.post(f"/admin/rotations/user/{mara.pk}/password/", new).status_code == 302
    mara.refresh_from_db()
    assert mara.check_password("a new passphrase")
    assert audit() == [("person.password_set", "Mara Lindt", {"changed": ["password"], "where": "admin"})]


def test_a_member_is_added_changed_and_removed_with_a_line_in_the_teams_log_each(client):
    team, mara = TeamFactory(), UserFactory(name="Mara Lindt", colour=7)
    form = {"team": team.pk, "user": mara.pk, "role": Role.RESPONDER}
    assert client.post(address(Membership, "add"), form).status_code == 302
    membership = Membership.objects.get()
    mara.refresh_from_db()
    assert mara.colour == 1  # given with the first team, by the service
    assert client.post(address(Membership, "change", membership.pk), form | {"role": Role.MANAGER}).status_code == 302
    assert client.post(address(Membership, "delete", membership.pk), {"post": "yes"}).status_code == 302
    lines = list(AuditEntry.objects.filter(team=team).order_by("pk").values_list("action", flat=True))
    assert lines == ["member.added", "member.changed", "member.removed"]


def test_several_members_are_removed_with_a_line_each(client):
    memberships = [MembershipFactory().pk for _ in range(3)]
    client.post(
        address(Membership, "changelist"),
        {"action": "delete_selected", "_selected_action": memberships, "post": "yes"},
    )
    assert not Membership.objects.exists()
    assert [line[0] for line in audit()] == ["member.removed"] * 3


def test_nobody_is_put_on_a_team_twice(client):
    membership = MembershipFactory()
    form = {"team": membership.team_id, "user": membership.user_id, "role": Role.MANAGER}
    assert client.post(address(Membership, "add"), form).status_code == 200
    assert Membership.objects.count() == 1


def test_a_leaked_token_is_revoked_by_an_administrator(client):
    mara = UserFactory()
    token, _key = create_api_token(user=mara, name="leaked", by=mara, now=SOME_MONDAY)
    client.post(address(rotations.ApiToken, "changelist"), {"action": "revoke", "_selected_action": [token.pk]})
    token.refresh_from_db()
    assert token.revoked_at is not None
    assert audit()[-1][0] == "token.revoked"


@pytest.mark.parametrize(
    ("model", "secret"),
    [
        (rotations.ApiToken, lambda row: row.digest),
        (rotations.ContactPoint, lambda row: row.secret or "never-empty"),
        (incidents.Integration, lambda row: row.key),
        (rotations.User, lambda row: row.password.split("$")[-1]),
    ],
)
def test_secrets_are_shown_to_nobody(model, secret, client):
    MAKE[model]()
    row = the_row(model)
    for path in (address(model, "changelist"), address(model, "change", row.pk)):
        assert secret(row) not in client.get(path).content.decode()


def test_a_big_table_is_never_counted_whole(client):
    for _ in range(3):
        TeamFactory()
    with CaptureQueriesContext(connection) as asked:
        paginator = ShortPaginator(Team.objects.order_by("pk"), 2)
        assert paginator.count == 3
    assert "LIMIT" in asked[0]["sql"]
