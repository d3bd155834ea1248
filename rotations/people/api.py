"""What every endpoint shares: how instants and people are written, pages are turned, and errors answered.

No endpoint ever tells contact data. Instants are ISO 8601 in UTC ("2026-12-14T08:00:00Z"), whoever asks.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import serializers
from rest_framework.exceptions import APIException, NotFound, ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import exception_handler

from rotations.people.models import Team, User

OFFSET_LOST_ITS_PLUS = re.compile(r"(?<=T)(.*) (?=\d\d:?\d\d$)")  # "+01:00" in a query string arrives as " 01:00"


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers itself
    """How the OpenAPI description tells of tokens."""

    target_class = "rotations.people.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A token of yours, from account/tokens/"}


class Conflict(APIException):
    """Somebody was faster, or it is too late: the request was right and cannot be done any more."""

    status_code = 409
    default_code = "conflict"


class ByAge(CursorPagination):
    """Pages of 50, oldest first; `next` is the address of the next page. Rows that arrive meanwhile shift nothing."""

    ordering = "pk"

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Positions are row numbers: anything else was made up, and would reach the database as it is."""
        cursor = super().decode_cursor(request)
        if cursor and cursor.position is not None and not re.fullmatch(r"[0-9]{1,18}", str(cursor.position)):
            raise NotFound(self.invalid_cursor_message)
        return cursor


class NewestFirst(ByAge):
    """Pages of 50, newest first."""

    ordering = "-pk"


class Instant(serializers.DateTimeField):
    """An instant: always with its offset when it comes in, always in UTC when it goes out."""

    EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
    LATEST = datetime(2200, 1, 1, tzinfo=UTC)  # room on both sides for calculating with it
    default_error_messages = {
        "out_of_range": _("“{input}” is not between 1970 and 2200."),
        "invalid": _("“{input}” is no instant. Write it like 2026-12-14T08:00:00Z."),
        "no_zone": _("“{input}” names no time zone. Write it like 2026-12-14T08:00:00Z or 2026-12-14T09:00:00+01:00."),
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(default_timezone=UTC, **kwargs)

    def to_internal_value(self, value: Any) -> datetime:
        try:
            instant = parse_datetime(OFFSET_LOST_ITS_PLUS.sub(r"\1+", str(value)))
            in_utc = instant.astimezone(UTC) if instant and instant.tzinfo else None
        except (ValueError, OverflowError):  # the 30th of February; the year 1 east of Greenwich
            instant = in_utc = None
        if in_utc is None:
            self.fail("no_zone" if instant else "invalid", input=str(value)[:60])
        if not self.EARLIEST <= in_utc <= self.LATEST:
            self.fail("out_of_range", input=str(value)[:60])
        return in_utc


class PersonSerializer(serializers.ModelSerializer[User]):
    """A person without contact data."""

    class Meta:
        model = User
        fields = ["id", "name", "initials"]
        read_only_fields = fields


class TeamSerializer(serializers.ModelSerializer[Team]):
    class Meta:
        model = Team
        fields = ["slug", "name"]
        read_only_fields = fields


class ErrorSerializer(serializers.Serializer[Mapping[str, Any]]):
    """What went wrong, in a sentence. A 400 may name the field instead: `{"at": ["…"]}`."""

    detail = serializers.CharField()


def answer_error(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer every error alike: `{"detail": sentence}` or `{"field": [sentence]}`. Services speak Django's errors."""
    if isinstance(error, DjangoValidationError):
        by_field = error.message_dict if hasattr(error, "error_dict") else {"__all__": error.messages}
        error = ValidationError(by_field)
    response = exception_handler(error, context)
    if response is not None and response.status_code == 400:
        response.data = _uniform(response.data)
    return response


def _uniform(data: Any) -> dict[str, Any]:
    """Errors by field; what is no field's becomes the `detail`."""
    if not isinstance(data, dict):
        data = {"__all__": data}
    general = {"__all__", "non_field_errors", "detail"} & data.keys()
    sentences = [data[name] if isinstance(data[name], str) else " ".join(data[name]) for name in sorted(general)]
    fields = {name: data[name] for name in data if name not in general}
    return fields | ({"detail": " ".join(sentences)} if general else {})
