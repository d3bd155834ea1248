"""Records: rows that are history. They are archived, withdrawn or superseded, never deleted."""

from typing import Self, TypeVar

from django.db import models
from django.utils.translation import gettext as _

Row_co = TypeVar("Row_co", bound=models.Model, covariant=True)


class HistoryIsKeptError(Exception):
    """Somebody tried to delete a record."""


class RecordQuerySet(models.QuerySet[Row_co]):
    """A queryset that refuses to delete."""

    def delete(self) -> tuple[int, dict[str, int]]:
        raise HistoryIsKeptError(_("%s is history and is never deleted.") % self.model._meta.verbose_name)

    def erase_demo(self) -> int:
        """Delete without asking. Only `manage.py demo --remove` may: demo data is nobody's history."""
        return self._raw_delete(self.db)

    erase_demo.queryset_only = True  # type: ignore[attr-defined]


class Record(models.Model):
    """A row of history. The databases hold it too: every foreign key to a record is PROTECT.

    Each record names its manager, made from a `RecordQuerySet` (a test asserts it).
    """

    class Meta:
        abstract = True

    def delete(self, using: str | None = None, keep_parents: bool = False) -> tuple[int, dict[str, int]]:
        raise HistoryIsKeptError(_("%s is history and is never deleted.") % self._meta.verbose_name)


class ArchivableQuerySet(RecordQuerySet[Row_co]):
    """Records that can be put away."""

    def active(self) -> Self:
        """Those that are in use."""
        return self.filter(archived_at__isnull=True)
