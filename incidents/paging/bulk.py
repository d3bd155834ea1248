"""One UPDATE for many incidents."""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Field

from incidents.paging.models import Incident


def update_incidents(incidents: Sequence[Incident], fields: Sequence[str]) -> None:
    """Write these fields of these rows in one statement, on PostgreSQL and on SQLite (PACKAGES, hint 4).

    `bulk_update` writes one CASE for each field and row, which costs more than all the rest of a sweep.
    """
    if not incidents:
        return
    table, columns = Incident._meta.db_table, [_column(name) for name in ("id", *fields)]
    casts = [f"::{field.cast_db_type(connection)}" if connection.vendor == "postgresql" else "" for field in columns]
    settings = ", ".join(f'"{columns[n].column}" = v.column{n + 1}{casts[n]}' for n in range(1, len(columns)))
    row = f"({', '.join(['%s'] * len(columns))})"
    # Only names of columns and placeholders are written into the statement.
    sql = (
        f'UPDATE "{table}" SET {settings} FROM (VALUES {", ".join([row] * len(incidents))}) AS v'  # noqa: S608
        f' WHERE "{table}"."id" = v.column1{casts[0]}'
    )
    values = [
        field.get_db_prep_save(getattr(incident, field.attname), connection)
        for incident in incidents
        for field in columns
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def _column(name: str) -> Field[Any, Any]:
    field = Incident._meta.get_field(name)
    assert isinstance(field, Field)
    return field
