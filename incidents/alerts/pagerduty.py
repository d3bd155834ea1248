"""PagerDuty's Events API v2, read leniently and answered exactly. Pure: bytes in, `Signal` or `Refusal` out.

A lost page costs more than a wrong one, so what can be guessed is guessed and flagged. `strict_refusal` says
what PagerDuty itself would have answered.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from incidents.alerts.signals import MEANING, Action, Flag, Refusal, Signal, words_of
from incidents.alerts.texts import cut, decoded, line_of, shortened, storable, text_of, tidy

MOST_BYTES = 524_288
LONGEST_KEY = 255
LONGEST_SUMMARY = 1024
KEY_IN_ANY_BODY = re.compile(rb'"routing_key"\s*:\s*"([0-9A-Za-z]{32})"')

# What PagerDuty answers where Tandem guesses. What only Tandem tells apart is covered by the nearest of its strings.
EXACT: Mapping[Flag, str] = {
    Flag.UNREADABLE_PARTS: "JSON parse error",
    Flag.ACTION_CASE: "'event_action' is invalid (must be one of the following: 'trigger', 'acknowledge' or 'resolve')",
    Flag.KEY_TYPE: "'dedup_key' is invalid (must be a string)",
    Flag.KEY_LENGTH: "'dedup_key' is too long (maximum is 255 characters)",
    Flag.NO_SUMMARY: "'payload.summary' is missing or blank",
    Flag.SUMMARY_TYPE: "'payload.summary' is invalid (must be a string)",
    Flag.SUMMARY_LENGTH: "'payload.summary' is too long (maximum is 1024 characters)",
    Flag.NO_SOURCE: "'payload.source' is missing or blank",
    Flag.NO_SEVERITY: "'payload.severity' is missing or blank",
    Flag.SEVERITY_CASE: (
        "'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')"
    ),
    Flag.UNKNOWN_SEVERITY: (
        "'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')"
    ),
}


def accepted(key: str, flags: Sequence[Flag]) -> dict[str, Any]:
    """The answer of 202. `warnings` says what was guessed; PagerDuty's clients ignore it."""
    answer: dict[str, Any] = {"status": "success", "message": "Event processed", "dedup_key": key}
    return {**answer, "warnings": words_of(flags)} if flags else answer


def invalid(errors: Sequence[str], routing_key: str = "", *, status: int = 400) -> Refusal:
    """An event that PagerDuty would call invalid."""
    answer = {"status": "invalid event", "message": "Event object is invalid", "errors": list(errors)}
    return Refusal(status, answer, routing_key)


def unknown_key(routing_key: str) -> Refusal:
    """The answer to a well-formed key that nobody has. It is the same for a key that was put away."""
    return invalid(["Invalid routing key"], routing_key)


def too_large(beginning: bytes) -> Refusal:
    """The answer to a body over the limit, of which only the beginning was read."""
    return invalid([f"The event is larger than {MOST_BYTES} bytes"], key_in(beginning), status=413)


def unrecognized(body: bytes) -> Refusal:
    """The answer to what is not a JSON object."""
    answer = {
        "status": "Unrecognized object",
        "message": "Event object format is unrecognized",
        "errors": ["JSON parse error"],
    }
    return Refusal(400, answer, key_in(body))


def key_in(body: bytes) -> str:
    """A well-formed key somewhere in a body that cannot be read, so that its owners hear of it; else empty."""
    found = KEY_IN_ANY_BODY.search(body)
    return found[1].decode() if found else ""


def parse(body: bytes) -> Signal | Refusal:
    """Read one event. Never raises; refuses only what cannot be an event at all (DESIGN §5, "Coming in")."""
    event, is_clean = _load(body)
    if not isinstance(event, dict):
        return unrecognized(body)
    routing_key = text_of(event.get("routing_key")).strip()
    action, action_flags = _action(event.get("event_action"))
    key, key_flags = _dedup_key(event.get("dedup_key"))
    errors = [*_complaints_about(routing_key), *([] if action else ["'event_action' is missing or blank"])]
    if action in {Action.ACKNOWLEDGE, Action.RESOLVE} and not key:
        errors.append("'dedup_key' is missing or blank")
    if errors or action is None:
        return invalid(errors, routing_key)
    spoiled = [] if is_clean else [Flag.UNREADABLE_PARTS]
    return _signal(event, action, key, routing_key, [*spoiled, *action_flags, *key_flags])


def strict_refusal(signal: Signal) -> Refusal | None:
    """What PagerDuty would have answered to an event that was guessed at; None for a faultless one."""
    errors = list(dict.fromkeys(EXACT[flag] for flag in signal.flags))
    return invalid(errors, signal.routing_key) if errors else None


def _load(body: bytes) -> tuple[Any, bool]:
    """The JSON value, and whether it was faultless: stray bytes and raw control characters are forgiven."""
    text, is_clean = decoded(body)
    for forgiving in (False, True):
        try:
            return json.loads(text, strict=not forgiving), is_clean and not forgiving
        except (ValueError, RecursionError):
            continue
    return None, False


def _complaints_about(routing_key: str) -> list[str]:
    """Faults of form only: none of them says whether a key exists."""
    if not routing_key:
        return ["'routing_key' is missing or blank"]
    errors = []
    if len(routing_key) != 32:
        errors.append("Length of 'routing_key' is incorrect (should be 32 characters)")
    if not (routing_key.isascii() and routing_key.isalnum()):
        errors.append("'routing_key' cannot contain non-alphanumeric characters.")
    return errors


def _action(value: Any) -> tuple[Action | None, list[Flag]]:
    word = text_of(value)
    known = word.strip().lower()
    if known not in set(Action):
        return None, []
    return Action(known), [] if word == known else [Flag.ACTION_CASE]


def _dedup_key(value: Any) -> tuple[str, list[Flag]]:
    key = text_of(value)
    flags = [] if value is None or isinstance(value, str) else [Flag.KEY_TYPE]
    return shortened(key, LONGEST_KEY), flags + ([Flag.KEY_LENGTH] if len(key) > LONGEST_KEY else [])


def _signal(event: Mapping[str, Any], action: Action, key: str, routing_key: str, flags: list[Flag]) -> Signal:
    payload = event.get("payload")
    if isinstance(payload, str):  # some senders put the sentence where the object belongs
        payload = {"summary": payload}
    fields: Mapping[str, Any] = payload if isinstance(payload, dict) else {}
    summary, summary_flags = _summary(fields.get("summary"))
    source = line_of(fields.get("source"))
    severity, severity_flags = _severity(fields.get("severity"))
    doubts = [*summary_flags, *([] if source else [Flag.NO_SOURCE]), *severity_flags]
    return Signal(
        action=action,
        key=key,
        summary=summary,
        source=cut(source, 255),
        severity=severity,
        detail=_detail(event, fields),
        firing=_firing(fields.get("custom_details")),
        at=_instant(fields.get("timestamp")),
        # An acknowledge or a resolve needs no payload, and few senders give one.
        flags=tuple(flags + doubts if action is Action.TRIGGER else flags),
        routing_key=routing_key,
    )


def _summary(value: Any) -> tuple[str, list[Flag]]:
    line = line_of(value)
    if not line or value in ({}, []):
        return "", [Flag.NO_SUMMARY]
    flags = [] if isinstance(value, str) else [Flag.SUMMARY_TYPE]
    return cut(line, LONGEST_SUMMARY), flags + ([Flag.SUMMARY_LENGTH] if len(line) > LONGEST_SUMMARY else [])


def _severity(value: Any) -> tuple[str, list[Flag]]:
    """The word in lower case, at most as long as a row of the mapping table."""
    given = text_of(value)
    word = given.strip().lower()
    if not word:
        return "", [Flag.NO_SEVERITY]
    if word not in MEANING:
        return cut(word, 40), [Flag.UNKNOWN_SEVERITY]
    return word, [] if given == word else [Flag.SEVERITY_CASE]


def _detail(event: Mapping[str, Any], payload: Mapping[str, Any]) -> dict[str, Any]:
    """All else that people may want to see; what is not there is left out."""
    found = {
        "component": line_of(payload.get("component")),
        "group": line_of(payload.get("group")),
        "class": line_of(payload.get("class")),
        "client": line_of(event.get("client")),
        "client_url": _web_address(event.get("client_url")),
        "links": _addresses(event.get("links"), "href", ("text",)),
        "images": _addresses(event.get("images"), "src", ("href", "alt")),
        "custom_details": tidy(payload.get("custom_details")),
    }
    return {name: value for name, value in found.items() if value not in ("", None, [], {})}


def _addresses(value: Any, required: str, others: Sequence[str]) -> list[dict[str, str]]:
    """Links or images of which the required address is one of the web; the rest stays in the event's body."""
    given = [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
    kept = []
    for item in given:
        address = _web_address(item.get(required))
        rest = {name: line_of(item.get(name)) for name in others if item.get(name)}
        if "href" in rest:
            rest["href"] = _web_address(rest["href"])
        if address:
            kept.append({required: address, **rest})
    return kept


def _web_address(value: Any) -> str:
    """The address if it leads to the web; a `javascript:` link must never become one."""
    address = line_of(value)
    return address if address.lower().startswith(("https://", "http://")) else ""


def _firing(details: Any) -> int | None:
    """How many conditions Alertmanager says are firing under this one key; it sends the number as a string."""
    number = details.get("num_firing") if isinstance(details, dict) else None
    digits = storable(str(number)).strip() if isinstance(number, (str, int)) else ""
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else None


def _instant(value: Any) -> datetime | None:
    """An ISO 8601 instant in UTC, its offset with or without a colon; without any offset it is taken as UTC."""
    try:
        instant = datetime.fromisoformat(text_of(value).strip())
        return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
