"""Reading the body of an event from the server, never more of it than an event may have."""

from collections.abc import Mapping
from typing import Any

from incidents.alerts.pagerduty import MOST_BYTES

PIECE = 65_536
DRAINED = 8 * MOST_BYTES  # a client hears its 413 only when it could send its body first


def read_body(environ: Mapping[str, Any]) -> bytes:
    """The body, or one byte more than the limit when there is more.

    Without a length the server must mark the end itself, as it does for chunked bodies; Django would read nothing.
    A sender that breaks off leaves what came.
    """
    is_terminated = bool(environ.get("wsgi.input_terminated"))
    declared = environ.get("CONTENT_LENGTH") or ""
    length = int(declared) if declared.isdigit() else None
    if length is None and not is_terminated:
        return b""
    most = MOST_BYTES + 1 if length is None else min(length, MOST_BYTES + 1)
    stream = environ["wsgi.input"]
    body = _read(stream, most)
    if len(body) > MOST_BYTES:
        _read(stream, DRAINED if length is None else min(length - len(body), DRAINED), keep=False)
    return body


def _read(stream: Any, most: int, *, keep: bool = True) -> bytes:
    """Up to `most` bytes, fewer at the end of the stream or when the sender is gone."""
    pieces, read = [], 0
    try:
        while read < most and (piece := stream.read(min(PIECE, most - read))):
            read += len(piece)
            pieces += [piece] if keep else []
    except OSError:
        pass
    return b"".join(pieces)
