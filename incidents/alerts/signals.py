"""What an event says, whatever format it came in: one module for each format makes `Signal`s.

Nothing here knows a database: the door and the inbox both read events with it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from incidents.escalation.terms import Severity


class Action(StrEnum):
    """What the sender asks for."""

    TRIGGER = "trigger"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"


class Flag(StrEnum):
    """What had to be guessed so that the event could be paged all the same (N23)."""

    UNREADABLE_PARTS = "unreadable_parts"
    ACTION_CASE = "action_case"
    KEY_TYPE = "key_type"
    KEY_LENGTH = "key_length"
    NO_SUMMARY = "no_summary"
    SUMMARY_TYPE = "summary_type"
    SUMMARY_LENGTH = "summary_length"
    NO_SOURCE = "no_source"
    NO_SEVERITY = "no_severity"
    SEVERITY_CASE = "severity_case"
    UNKNOWN_SEVERITY = "unknown_severity"


WORDS: Mapping[str, Promise] = {
    Flag.UNREADABLE_PARTS: _("Some characters could not be read"),
    Flag.ACTION_CASE: _("'event_action' was read without regard to its case"),
    Flag.KEY_TYPE: _("'dedup_key' was not a string: its text was taken"),
    Flag.KEY_LENGTH: _("'dedup_key' was longer than 255 characters: it was shortened"),
    Flag.NO_SUMMARY: _("'payload.summary' was missing: a title was made up"),
    Flag.SUMMARY_TYPE: _("'payload.summary' was not a string: its text was taken"),
    Flag.SUMMARY_LENGTH: _("'payload.summary' was longer than 1024 characters: it was cut"),
    Flag.NO_SOURCE: _("'payload.source' was missing"),
    Flag.NO_SEVERITY: _("'payload.severity' was missing: taken as error"),
    Flag.SEVERITY_CASE: _("'payload.severity' was read without regard to its case"),
    Flag.UNKNOWN_SEVERITY: _("'payload.severity' was not one of critical, error, warning, info: taken as error"),
}


def words_of(flags: Iterable[str]) -> list[str]:
    """Say in sentences what was guessed."""
    return [str(WORDS[flag]) for flag in flags if flag in WORDS]


@dataclass(frozen=True, slots=True)
class Signal:
    """One event, read. Strings hold neither NUL nor lone surrogates, and fit their columns."""

    action: Action
    key: str  # at most 255 characters; empty: the sender gave none, and the door makes one up
    summary: str = ""  # one line of at most 1024 characters
    source: str = ""
    severity: str = ""  # the sender's word, in lower case; empty: none
    detail: Mapping[str, Any] = field(default_factory=dict)  # component, group, class, links, images, custom details
    firing: int | None = None  # how many conditions a grouped sender says are firing
    at: datetime | None = None  # the sender's own instant, UTC
    flags: tuple[Flag, ...] = ()
    routing_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A body that is turned away, and the answer word for word as its format documents it."""

    status: int
    answer: Mapping[str, Any]
    routing_key: str = field(default="", repr=False)

    @property
    def errors(self) -> list[str]:
        return list(self.answer.get("errors", []))


MEANING: Mapping[str, Severity] = {
    "critical": Severity.SEV2,
    "error": Severity.SEV3,
    "warning": Severity.SEV4,
    "info": Severity.SEV5,
}


def severity_of(signal: Signal, rules: Mapping[str, int]) -> Severity:
    """Map the sender's word; `rules` is the integration's own table, from word in lower case to severity.

    Only a table makes SEV1. Grafana sends critical unless told otherwise, with component `Grafana` and class
    `default`: that is nobody's judgement and must not wake executives, so it counts as absent (DESIGN §5).
    """
    if signal.severity in rules:
        return Severity(rules[signal.severity])
    nobody_said_so = signal.detail.get("component") == "Grafana" and signal.detail.get("class") == "default"
    if signal.severity == "critical" and nobody_said_so:
        return Severity.SEV3
    return MEANING.get(signal.severity, Severity.SEV3)


def flags_that_hold(signal: Signal, rules: Mapping[str, int]) -> list[str]:
    """The signal's flags, without a doubt about its severity that the integration's own table settles."""
    settled = {Flag.UNKNOWN_SEVERITY, Flag.NO_SEVERITY} if signal.severity in rules else set()
    return [flag.value for flag in signal.flags if flag not in settled]
