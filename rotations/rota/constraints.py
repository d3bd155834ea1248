"""Exclusion constraints: what PostgreSQL alone can promise about intervals."""

from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F, Func, Q

POSTGRESQL = "postgresql"


class Span(Func):
    """The half-open interval [starts_at, ends_at) of a row, as PostgreSQL's range."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()

    def __init__(self) -> None:
        super().__init__(F("starts_at"), F("ends_at"), RangeBoundary())

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return "rotations.rota.constraints.Span", [], {}


class NoOverlap(ExclusionConstraint):
    """No two rows with the same `fields` overlap in time. Nothing outside PostgreSQL.

    SQLite accepts what this forbids, so `services` check for themselves under the schedule's lock.
    """

    def __init__(self, *, name: str, fields: list[str], condition: Q) -> None:
        self.fields_compared = fields
        super().__init__(
            name=name,
            expressions=[*[(field, RangeOperators.EQUAL) for field in fields], (Span(), RangeOperators.OVERLAPS)],
            condition=condition,
        )

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        path = f"{type(self).__module__}.{type(self).__name__}"
        return path, (), {"name": self.name, "fields": self.fields_compared, "condition": self.condition}

    def constraint_sql(self, model: Any, schema_editor: BaseDatabaseSchemaEditor | None) -> Any:
        return super().constraint_sql(model, schema_editor) if self._held_by(schema_editor) else None

    def create_sql(self, model: Any, schema_editor: BaseDatabaseSchemaEditor | None) -> Any:
        return super().create_sql(model, schema_editor) if self._held_by(schema_editor) else None

    def remove_sql(self, model: Any, schema_editor: BaseDatabaseSchemaEditor | None) -> Any:
        return super().remove_sql(model, schema_editor) if self._held_by(schema_editor) else None

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """The database decides, not a query before it."""

    @staticmethod
    def _held_by(schema_editor: BaseDatabaseSchemaEditor | None) -> bool:
        return schema_editor is not None and schema_editor.connection.vendor == POSTGRESQL
