"""What bodies are read. A module of its own: the framework loads it while it loads itself."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import JSONParser

BODY_LIMIT = 64 * 1024  # bytes; the largest body an endpoint has a use for is a resolution text


class BodyTooLarge(APIException):
    """More than any endpoint has a use for."""

    status_code = 413
    default_detail = _("The body is larger than 64 KB.")
    default_code = "body_too_large"


class Json(JSONParser):
    """JSON of a reasonable size and depth: a hostile body is a 400 or a 413, never a 500."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        try:
            return super().parse(_Limited(stream), media_type, parser_context)  # type: ignore[arg-type]
        except RecursionError as too_deep:
            raise ParseError(_("The body is nested too deeply.")) from too_deep


class _Limited:
    """A stream that refuses to be longer than `BODY_LIMIT`."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.left = BODY_LIMIT

    def read(self, size: int = -1) -> bytes:
        chunk: bytes = self.stream.read(self.left + 1 if size < 0 else min(size, self.left + 1))
        self.left -= len(chunk)
        if self.left < 0:
            raise BodyTooLarge
        return chunk
