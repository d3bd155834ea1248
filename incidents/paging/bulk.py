"""One UPDATE for many incidents."""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Field

from incidents.paging.models import Incident

TABLE = Incident._meta.db_table


def update_incidents(incidents: Sequence[Incident], fields: Sequence[str]) -> None:
    """Write these fields of these rows in one statement (PACKAGES, hint 4).

    `bulk_update` writes one CASE for each field and row, which costs more than all the rest of a sweep.
    """
    if not incidents:
        return
    columns = [_column(name) for name in ("id", *fields)]
    rows = [[_value(incident, field) for field in columns] for incident in incidents]
    write = _in_arrays if connection.vendor == "postgresql" else _row_by_row
    write([str(field.column) for field in columns], [str(field.cast_db_type(connection)) for field in columns], rows)


def _in_arrays(names: list[str], types: list[str], rows: list[list[Any]]) -> None:
    """PostgreSQL: one array for each column, laid side by side."""
    settings = ", ".join(f'"{name}" = v."{name}"' for name in names[1:])
    arrays = ", ".join(f"%s::{type_}[]" for type_ in types)
    quoted = ", ".join(f'"{name}"' for name in names)
    # Only names of columns and types are written into the statement.
    sql = (
        f'UPDATE "{TABLE}" SET {settings} FROM unnest({arrays}) AS v ({quoted})'  # noqa: S608
        f' WHERE "{TABLE}"."{names[0]}" = v."{names[0]}"'
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [list(column) for column in zip(*rows, strict=True)])


def _row_by_row(names: list[str], _types: list[str], rows: list[list[Any]]) -> None:
    """SQLite: the statement is prepared once and run for each row, inside this process."""
    settings = ", ".join(f'"{name}" = %s' for name in names[1:])
    with connection.cursor() as cursor:
        cursor.executemany(
            f'UPDATE "{TABLE}" SET {settings} WHERE "{names[0]}" = %s',  # noqa: S608  # names of columns
            [[*values, pk] for pk, *values in rows],
        )


def _value(incident: Incident, field: Field[Any, Any]) -> Any:
    return field.get_db_prep_save(getattr(incident, field.attname), connection)


def _column(name: str) -> Field[Any, Any]:
    field = Incident._meta.get_field(name)
    assert isinstance(field, Field)
    return field
