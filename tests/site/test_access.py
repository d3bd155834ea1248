"""Who is answered what, at every address there is: a view without a row in the table fails.

The table is compared with the URL map itself, so whoever adds a view says here who may see it, before anybody does.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from incidents.paging import links
from incidents.paging.intake import PATHS
from rotations.contact.models import Message, MessageKind
from rotations.people import clock
from rotations.people.first_administrator import make_token
from rotations.people.services import create_api_token
from tests.factories import (
    SOME_MONDAY,
    ContactPointFactory,
    IncidentFactory,
    IntegrationFactory,
    OverrideFactory,
    PublicationFactory,
    RotationFactory,
    ScheduleFactory,
    ServiceFactory,
    ShiftFactory,
)

A_DAY = timedelta(days=1)
ACTORS = ["anonymous", "stranger", "member", "manager", "superuser"]

# What each actor is answered when they ask for what belongs to the team Payments, or to its member. A POST is empty:
# 422 and 400 mean "you may, but say what"; 302 for the anonymous is the way to the sign-in page.
TABLE = """
                                     anonymous stranger member manager superuser
now                               GET      302      200    200     200       200
now                               POST     302      405    405     405       405
account_login                     GET      200      302    302     302       302
account_login                     POST     200      302    302     302       302
account_logout                    GET      302      200    200     200       200
account_logout                    POST     302      302    302     302       302
account_inactive                  GET      200      200    200     200       200
account_inactive                  POST     405      405    405     405       405
account_change_password           GET      302      200    200     200       200
account_change_password           POST     302      200    200     200       200
account_reset_password            GET      200      200    200     200       200
account_reset_password            POST     200      200    200     200       200
account_reset_password_done       GET      200      200    200     200       200
account_reset_password_done       POST     405      405    405     405       405
account_reset_password_from_key   GET      200      200    200     200       200
account_reset_password_from_key   POST     200      200    200     200       200
account_reset_password_from_key_done GET   200      200    200     200       200
account_reset_password_from_key_done POST  405      405    405     405       405

preferences                       GET      302      200    200     200       200
preferences                       POST     302      200    200     200       200
api-tokens                        GET      302      200    200     200       200
api-tokens                        POST     302      200    200     200       200
api-token-revoke                  GET      302      405    405     405       405
api-token-revoke                  POST     302      404    302     404       404
first-administrator               GET      403      403    403     403       403
first-administrator               POST     403      403    403     403       403
first-steps                       GET      302      200    200     200       200
first-steps                       POST     302      405    405     405       405

inbox                             GET      302      200    200     200       200
inbox                             POST     302      405    405     405       405
inbox-seen                        GET      302      405    405     405       405
inbox-seen                        POST     302      302    302     302       302
message-seen                      GET      302      405    405     405       405
message-seen                      POST     302      404    204     404       404
contact-points                    GET      302      200    200     200       200
contact-points                    POST     302      405    405     405       405
contact-point-add                 GET      302      405    405     405       405
contact-point-add                 POST     302      422    422     422       422
contact-point-archive             GET      302      405    405     405       405
contact-point-archive             POST     302      404    302     404       404
contact-point-test                GET      302      405    405     405       405
contact-point-test                POST     302      404    302     404       404
contact-point-last                GET      302      404    200     404       404
contact-point-last                POST     302      405    405     405       405
notification-rules                GET      302      405    405     405       405
notification-rules                POST     302      302    302     302       302

calendar                          GET      302      302    302     302       302
calendar                          POST     302      405    405     405       405
calendar-choose                   GET      302      200    200     200       200
calendar-choose                   POST     302      405    405     405       405
calendar-month                    GET      302      200    200     200       200
calendar-month                    POST     302      405    405     405       405
schedule                          GET      302      200    200     200       200
schedule                          POST     302      405    405     405       405
why                               GET      302      200    200     200       200
why                               POST     302      405    405     405       405
rotation-publish                  GET      302      405    405     405       405
rotation-publish                  POST     302      403    403     302       302
override-create                   GET      302      403    403     200       200
override-create                   POST     302      403    403     200       200
override-withdraw                 GET      302      405    405     405       405
override-withdraw                 POST     302      403    403     302       302

service-list                      GET      302      200    200     200       200
service-list                      POST     302      405    405     405       405
service                           GET      302      404    200     200       200
service                           POST     302      405    405     405       405
incident-list                     GET      302      200    200     200       200
incident-list                     POST     302      405    405     405       405
incident                          GET      302      404    200     200       200
incident                          POST     302      405    405     405       405
incident-acknowledge              GET      302      405    405     405       405
incident-acknowledge              POST     302      404    302     302       302
incident-escalate                 GET      302      405    405     405       405
incident-escalate                 POST     302      404    422     422       422
incident-resolve                  GET      302      405    405     405       405
incident-resolve                  POST     302      404    302     302       302
incident-severity                 GET      302      405    405     405       405
incident-severity                 POST     302      404    422     422       422
page-link                         GET      200      200    302     200       200
page-link                         POST     302      302    302     302       302
page-link-seen                    GET      405      405    405     405       405
page-link-seen                    POST     204      204    204     204       204

api-on-call                       GET      401      200    200     200       200
api-on-call                       POST     401      405    405     405       405
api-schedules                     GET      401      200    200     200       200
api-schedules                     POST     401      405    405     405       405
api-schedule-on-call              GET      401      200    200     200       200
api-schedule-on-call              POST     401      405    405     405       405
api-schedule-timeline             GET      401      400    400     400       400
api-schedule-timeline             POST     401      405    405     405       405
api-incidents                     GET      401      200    200     200       200
api-incidents                     POST     401      405    405     405       405
api-incident                      GET      401      404    200     200       200
api-incident                      POST     401      405    405     405       405
api-incident-acknowledge          GET      401      405    405     405       405
api-incident-acknowledge          POST     401      404    200     200       200
api-incident-escalate             GET      401      405    405     405       405
api-incident-escalate             POST     401      404    400     400       400
api-incident-resolve              GET      401      405    405     405       405
api-incident-resolve              POST     401      404    200     200       200
api-schema                        GET      401      200    200     200       200
api-schema                        POST     401      405    405     405       405
api-docs                          GET      302      200    200     200       200
api-docs                          POST     302      405    405     405       405
api-nothing                       GET      404      404    404     404       404
api-nothing                       POST     404      404    404     404       404

healthz                           GET      200      200    200     200       200
healthz                           POST     405      405    405     405       405
healthz-paging                    GET      503      503    503     503       503
healthz-paging                    POST     405      405    405     405       405
readyz                            GET      200      200    200     200       200
readyz                            POST     405      405    405     405       405

/v2/enqueue                       GET      405      405    405     405       405
/v2/enqueue                       POST     400      400    400     400       400
/v2/enqueue/                      GET      405      405    405     405       405
/v2/enqueue/                      POST     400      400    400     400       400
"""

ROWS = {
    (name, method): [int(status) for status in expected]
    for name, method, *expected in (line.split() for line in TABLE.splitlines() if line.strip())
    if method in {"GET", "POST"}
}
# To the sign-in page lead all addresses of people; these lead elsewhere, because whoever is anonymous may use them.
LEADS_ELSEWHERE = {"page-link", "account_logout"}


def arguments(world: SimpleNamespace) -> dict[str, dict[str, object]]:
    """What addresses are made of, by the name of their view."""
    point, incident, schedule = ({"pk": world.point.pk}, {"pk": world.incident.pk}, {"slug": world.schedule.slug})
    return {
        "account_reset_password_from_key": {"uidb36": "1", "key": "made-up"},
        "api-incident": incident,
        "api-incident-acknowledge": incident,
        "api-incident-escalate": incident,
        "api-incident-resolve": incident,
        "api-nothing": {"rest": "v1/nothing"},
        "api-schedule-on-call": schedule,
        "api-schedule-timeline": schedule,
        "api-token-revoke": {"pk": world.token.pk},
        "calendar-month": schedule,
        "contact-point-archive": point,
        "contact-point-last": point,
        "contact-point-test": point,
        "first-administrator": {"token": make_token(now=clock.now())},
        "incident": incident,
        "incident-acknowledge": incident,
        "incident-escalate": incident,
        "incident-resolve": incident,
        "incident-severity": incident,
        "message-seen": {"pk": world.message.pk},
        "notification-rules": {"tier": "primary"},
        "override-create": schedule,
        "override-withdraw": {**schedule, "pk": world.override.pk},
        "page-link": {"token": world.link},
        "page-link-seen": {"token": world.link},
        "rotation-publish": {**schedule, "pk": world.rotation.pk},
        "schedule": schedule,
        "service": {"slug": world.service.slug},
        "why": schedule,
    }


@pytest.fixture
def world(actors) -> SimpleNamespace:
    """What the team Payments has, and what its member has."""
    cache.clear()  # nobody has guessed a password yet
    this = clock.now()
    schedule = ScheduleFactory(team=actors.team, slug="payments")
    rotation = RotationFactory(schedule=schedule)
    ShiftFactory(publication=PublicationFactory(rotation=rotation), user=actors.member)
    service = ServiceFactory(team=actors.team, schedule=schedule, slug="payouts")
    IntegrationFactory(service=service)
    ScheduleFactory(team=actors.stranger.memberships.get().team)
    incident = IncidentFactory(service=service)
    message = Message.objects.create(
        recipient=actors.member, kind=MessageKind.NOTICE, subject="Hello", path="inbox/", created_at=SOME_MONDAY
    )
    return SimpleNamespace(
        schedule=schedule,
        rotation=rotation,
        override=OverrideFactory(schedule=schedule, user=actors.manager, starts_at=this, ends_at=this + A_DAY),
        service=service,
        incident=incident,
        message=message,
        point=ContactPointFactory(user=actors.member, channel="webhook", address="https://example.com/hook"),
        token=create_api_token(user=actors.member, name="wallboard", by=actors.member, now=this)[0],
        link=links.path_for(incident.pk, actors.member.pk).split("/")[2],
    )


def views_of_the_site() -> Iterator[str]:
    """The name of every view; the admin's have a rule of their own."""
    for path, name in walk(get_resolver()):
        if not path.startswith("admin/"):
            assert name, f"/{path} has no name: give it one, and a row in the table of {__file__}"
            yield name


def walk(resolver: URLResolver, before: str = "", space: str = "") -> Iterator[tuple[str, str]]:
    """Every path of the URL map with the whole name of its view."""
    for entry in resolver.url_patterns:
        path = before + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield path, f"{space}{entry.name or ''}"
        else:
            yield from walk(entry, path, f"{space}{entry.namespace}:" if entry.namespace else space)


def test_every_view_and_every_intake_path_has_its_rows():
    wanted = {(name, method) for name in [*views_of_the_site(), *PATHS] for method in ("GET", "POST")}
    missing = sorted(wanted - ROWS.keys())
    assert not missing, f"Nobody has said who may see {missing}. Add a row to TABLE for each, and to `arguments`."
    assert not (left_over := sorted(ROWS.keys() - wanted)), f"These rows speak of no view: {left_over}"


def signed_in(actor: str, actors: SimpleNamespace) -> Client:
    client = Client()
    if actor != "anonymous":
        client.force_login(getattr(actors, actor))
    return client


def ask(client: Client, method: str, path: str):
    if method == "GET":
        return client.get(path)
    body_type = "application/json" if path.startswith(("/api/", "/v2/")) else "application/x-www-form-urlencoded"
    return client.post(path, "", content_type=body_type)


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted({name for name, _method in ROWS}))
def test_every_actor_is_answered_what_the_table_says(name, world, actors):
    path = name if name.startswith("/") else reverse(name, kwargs=arguments(world).get(name))
    for method in ("GET", "POST"):
        found = []
        for actor in ACTORS:
            with transaction.atomic():
                answer = ask(signed_in(actor, actors), method, path)
                transaction.set_rollback(True)
            found.append(answer.status_code)
            check_page(answer)
            if actor == "anonymous" and answer.status_code == 302 and name not in LEADS_ELSEWHERE:
                assert answer.headers["Location"].startswith("/accounts/sign-in/")
        assert found == ROWS[name, method], f"{method} {path}: {dict(zip(ACTORS, found, strict=True))}"


def check_page(answer) -> None:
    """Every page has one headline, and every answer of the site a policy without inline script or style."""
    if not answer.wsgi_request.path.startswith("/v2/"):
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
    if answer.headers.get("Content-Type", "").startswith("text/html") and b"<html" in answer.content:
        headlines = re.findall(rb"<h1[\s>]", answer.content)
        assert len(headlines) == 1, f"{answer.wsgi_request.path} has {len(headlines)} headlines"
        assert not re.search(rb"<script(?![^>]*\bsrc=)|<style|\son[a-z]+=|\sstyle=", answer.content)


@pytest.mark.django_db
@pytest.mark.parametrize("actor", ACTORS)
def test_what_does_not_exist_is_a_page_with_a_headline(actor, actors):
    answer = signed_in(actor, actors).get("/no/such/page/")
    assert answer.status_code == 404
    check_page(answer)


ADMIN_PAGES = [name for path, name in walk(get_resolver()) if path.startswith("admin/") and name != "admin:"]
ADMIN_ARGUMENTS = {"app_label": "rotations", "content_type_id": 1, "object_id": 1, "id": 1, "url": "x"}
OPEN_TO_ALL = {"admin:login", "admin:logout"}


@pytest.mark.django_db
@pytest.mark.parametrize("actor", ["anonymous", "stranger", "member", "manager"])
def test_the_admin_turns_everybody_away_but_administrators(actor, actors):
    client = signed_in(actor, actors)
    for name in ADMIN_PAGES:
        if name in OPEN_TO_ALL:
            continue
        for method in ("GET", "POST"):
            answer = ask(client, method, admin_path(name))
            assert answer.status_code == 302, f"{method} {name}"
            assert answer.headers["Location"].startswith(("/admin/login/", "/accounts/sign-in/")), f"{method} {name}"
    door = client.get("/admin/login/")
    assert door.status_code == (302 if actor == "anonymous" else 403)


@pytest.mark.django_db
def test_an_administrator_reads_every_list_of_the_admin(actors):
    client = signed_in("superuser", actors)
    for name in [name for name in ADMIN_PAGES if name.endswith(("_changelist", ":index"))]:
        answer = client.get(admin_path(name))
        assert answer.status_code == 200, name
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert not re.search(
            rb"<script(?![^>]*\b(src|type=\"application/json\")).*?>|<style|\son[a-z]+=", answer.content
        ), name


def admin_path(name: str) -> str:
    (possibility,) = (each for each in get_resolver().namespace_dict["admin"][1].reverse_dict.getlist(name[6:]))
    return reverse(name, kwargs={wanted: ADMIN_ARGUMENTS[wanted] for wanted in possibility[0][0][1]})


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    [
        "/schedules/payments/why/?at=0001-01-01T00:00:00",
        "/schedules/payments/why/?at=9999-12-31T23:59:59",
        "/schedules/payments/why/?at=0001-01-01T00:00:00%2B14:00",
        "/schedules/payments/why/?at=%00",
        "/schedules/payments/why/?tier=tertiary",
        "/schedules/payments/override/?from=0001-01-01T00:00:00&to=9999-12-31T00:00:00Z",
        "/schedules/payments/override/?tier=%00",
        "/calendar/?schedule=a%20b",
        "/calendar/?schedule=//elsewhere.example",
        "/calendar/?schedule=%00",
        "/calendars/?q=%00",
        "/calendar/payments/?month=0001-01",
        "/calendar/payments/?month=9999-12",
        "/calendar/payments/?month=%00",
        "/incidents/?state=%00&page=-5",
        "/incidents/?page=999999999999999999999",
        "/incidents/" + "9" * 40 + "/",
        "/inbox/?page=x",
        "/services/%00/",
        "/page/%00/",
        "/page/a:b:c/",
        "/first-administrator/%ff/",
    ],
)
def test_an_address_that_somebody_made_up_is_never_a_500(path, world, actors):
    answer = Client().get(path)
    assert answer.status_code < 500
    answer = signed_in("manager", actors).get(path)
    assert answer.status_code in {200, 302, 403, 404}
    assert "elsewhere" not in answer.headers.get("Location", "").replace("/calendar//", "")
