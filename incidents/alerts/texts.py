"""Turning whatever a sender put into a field into text and data that every database can hold. Pure."""

import json
import math
import re
from hashlib import sha256
from typing import Any

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # NUL and lone surrogates: PostgreSQL takes neither
NOT_FOR_A_LINE = re.compile("[\x01-\x1f\x7f-\x9f\u2028\u2029]+")
DEEPEST = 20  # levels of custom details that are kept; the event keeps its body in full


def decoded(body: bytes) -> tuple[str, bool]:
    """Read bytes as JSON's encodings allow; the second value tells whether every byte made sense.

    A raw NUL becomes its JSON escape, which means the same and can be stored.
    """
    encoding = json.detect_encoding(body)
    text = body.decode(encoding, "replace")
    spoiled = "\ufffd" in text and text.encode(encoding, "replace") != body
    return text.replace("\x00", "\\u0000"), not spoiled


def storable(text: str) -> str:
    """The same text, with a replacement character for what PostgreSQL cannot hold."""
    return text if text.isprintable() else UNSTORABLE.sub("\ufffd", text)


def text_of(value: Any) -> str:
    """The text of any JSON value: a string as it is, nothing as nothing, the rest as JSON."""
    if value is None:
        return ""
    return storable(value if isinstance(value, str) else json.dumps(tidy(value), ensure_ascii=False))


def line_of(value: Any) -> str:
    """The text on one line: it becomes the subject of messages, in which a line break would be an attack."""
    text = text_of(value)
    return (text if text.isprintable() else NOT_FOR_A_LINE.sub(" ", text)).strip()


def cut(text: str, length: int) -> str:
    """At most `length` characters, the last of them an ellipsis when something is missing."""
    return text if len(text) <= length else text[: length - 1] + "…"


def shortened(key: str, length: int) -> str:
    """A key of at most `length` characters that is still the same for the same key, and for no other."""
    digest = sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    return key if len(key) <= length else f"{key[: length - 65]}…{digest}"


def tidy(value: Any, depth: int = 0) -> Any:
    """JSON data that both databases accept: clean strings, finite numbers, a bounded depth."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, (dict, list)) and depth >= DEEPEST:
        return "…"
    if isinstance(value, dict):
        return {storable(key): tidy(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [tidy(item, depth + 1) for item in value]
    return value
