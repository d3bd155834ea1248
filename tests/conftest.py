"""Fixtures for every test: three actors, real servers, and skips that say what is missing."""

import os
import shutil
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.db import connection

from rotations.people.models import Role
from tests import servers
from tests.factories import MembershipFactory, TeamFactory, UserFactory

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
EVERYTHING_MUST_RUN = os.environ.get("TANDEM_NOTHING_SKIPPED") == "1"  # set by .ci/run


def pytest_configure() -> None:
    """Passwords of tests are hashed fast: a good hash takes 0.3 s a person on purpose."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where nothing may be skipped, a skip is a failure, whatever its reason."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if EVERYTHING_MUST_RUN and reporter and reporter.stats.get("skipped") and session.exitstatus == 0:
        reporter.write_line("skipped tests are failures here (TANDEM_NOTHING_SKIPPED=1)", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, with the reason, what needs a service that is not here; `.ci/run` turns these skips into failures."""
    missing = {
        "redis": None if shutil.which("redis-server") else "Redis is not installed (apt install redis-server)",
        "browser": None if CHROMIUM else "Chromium is not installed (apt install chromium)",
    }
    for item in items:
        for marker, reason in missing.items():
            if reason and item.get_closest_marker(marker):
                if EVERYTHING_MUST_RUN:
                    raise pytest.UsageError(reason)
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(autouse=True)
def _only_on_postgresql(request: pytest.FixtureRequest) -> None:
    """`@pytest.mark.postgres`: what only PostgreSQL can promise. `make test` runs the suite on both databases."""
    if request.node.get_closest_marker("postgres") and connection.vendor != "postgresql":
        pytest.skip("runs in the PostgreSQL pass only")


@pytest.fixture
def now() -> datetime:
    """A Wednesday in December at 10:00 in Berlin: the instant at which a test happens."""
    return datetime(2026, 12, 9, 9, 0, tzinfo=UTC)


@pytest.fixture
def actors(db: None) -> SimpleNamespace:
    """The three of every permission test, and the two extremes: manager, member, observer, stranger, superuser."""
    team = TeamFactory(name="Payments")
    return SimpleNamespace(
        team=team,
        manager=MembershipFactory(team=team, role=Role.MANAGER, user__name="Mara Lindt").user,
        member=MembershipFactory(team=team, role=Role.RESPONDER, user__name="Jonas Weber").user,
        observer=MembershipFactory(team=team, role=Role.OBSERVER, user__name="Olga Brandt").user,
        stranger=MembershipFactory(user__name="Sam Stranger").user,
        superuser=UserFactory(name="Ada Root", is_superuser=True, is_staff=True),
    )


@pytest.fixture
def redis_url() -> Iterator[str]:
    with servers.redis() as url:
        yield url


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """A PostgreSQL of one's own, for tests that start processes with databases of their own."""
    if servers.postgresql_programs() is None:
        pytest.skip("PostgreSQL is not installed (apt install postgresql)")
    with servers.postgresql() as url:
        yield url


@pytest.fixture(scope="module", params=["embedded", pytest.param("PostgreSQL and Redis", marks=pytest.mark.redis)])
def stack(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """The environment of one pair of database and broker; embedded is SQLite with the broker that we bring."""
    if request.param == "embedded":
        yield {}
        return
    url = servers.new_database(request.getfixturevalue("cluster"), f"tandem_{uuid.uuid4().hex[:8]}")
    with servers.redis() as redis_url:
        yield {"DATABASE_URL": url, "REDIS_URL": redis_url}
