"""The clock, read at the edges only: views, endpoints, tasks and commands ask here and hand `now` down."""

from datetime import UTC, datetime

from django.db import connection
from django.utils import timezone


def now() -> datetime:
    """This machine's instant, in UTC."""
    return timezone.now()  # noqa: TID251  # the one place


def database_now() -> datetime:
    """The database's instant, in UTC: what every sweeper agrees on, whatever its machine's clock says."""
    sql = "SELECT clock_timestamp()" if connection.vendor == "postgresql" else "SELECT strftime('%Y-%m-%d %H:%M:%f')"
    with connection.cursor() as cursor:
        cursor.execute(sql)
        instant: datetime | str = cursor.fetchone()[0]
    if isinstance(instant, str):  # SQLite's text is UTC
        return datetime.fromisoformat(instant).replace(tzinfo=UTC)
    return instant.astimezone(UTC)
