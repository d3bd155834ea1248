"""From a batch of events to what became of each alert. Pure: open alerts go in, conditions come out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from incidents.alerts.signals import Action, Signal
from incidents.escalation.terms import Severity

Key = tuple[int, str]  # integration, key: what an alert is known by while it is open

NOTHING_OPEN: Mapping[Action, Promise] = {
    Action.ACKNOWLEDGE: _("Nothing was open under this key that could be acknowledged."),
    Action.RESOLVE: _("Nothing was open under this key that could be resolved."),
}


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An open alert as the batch finds it."""

    id: int
    integration_id: int
    key: str
    incident_id: int
    summary: str
    severity: Severity
    event_count: int
    firing: int


@dataclass(frozen=True, slots=True)
class Reading:
    """An event with what it says. `at` is when it was received."""

    event_id: int
    integration_id: int
    service_id: int
    key: str
    at: datetime
    signal: Signal
    severity: Severity
    flags: tuple[str, ...]


@dataclass(slots=True)
class Condition:
    """One alert over the time of a batch: found open or opened in it, perhaps resolved in it."""

    found: OpenAlert | None
    opening: Reading | None
    severity: Severity
    firing: int = 0
    triggers: list[Reading] = field(default_factory=list)
    acknowledged_at: datetime | None = None
    resolved_at: datetime | None = None

    @property
    def summary(self) -> str:
        """What the alert is called: as it was when it opened, whatever its repeats say."""
        if self.found is not None:
            return self.found.summary
        assert self.opening is not None
        return title_of(self.opening.signal)

    @property
    def repeats(self) -> list[Reading]:
        """The triggers that found it open."""
        return self.triggers if self.found else self.triggers[1:]

    @property
    def event_count(self) -> int:
        """All triggers under this alert so far."""
        return len(self.triggers) + (self.found.event_count if self.found else 0)

    @property
    def is_worse(self) -> bool:
        """Whether its sender says that it is worse than when the batch found it."""
        return self.found is not None and self.severity < self.found.severity

    @property
    def has_grown(self) -> bool:
        """Whether more is firing under its key than when the batch found it."""
        return self.found is not None and self.firing > self.found.firing

    def trigger(self, reading: Reading) -> None:
        """Take a trigger: severities only rise; the number that is firing follows the sender."""
        self.triggers.append(reading)
        self.severity = min(self.severity, reading.severity)
        self.firing = self.firing if reading.signal.firing is None else reading.signal.firing


@dataclass(slots=True)
class Batch:
    """Events folded in the order in which they came."""

    conditions: list[Condition] = field(default_factory=list)
    problems: dict[int, str] = field(default_factory=dict)
    _open: dict[Key, Condition] = field(default_factory=dict)

    def take(self, reading: Reading) -> None:
        key = (reading.integration_id, reading.key)
        if reading.signal.action is Action.TRIGGER:
            self._opened(key, reading).trigger(reading)
        elif key not in self._open:
            self.problems[reading.event_id] = str(NOTHING_OPEN[reading.signal.action])
        elif reading.signal.action is Action.ACKNOWLEDGE:
            self._open[key].acknowledged_at = reading.at
        else:
            self._open.pop(key).resolved_at = reading.at

    def find(self, alert: OpenAlert) -> None:
        """Begin with an alert that is open."""
        condition = Condition(alert, None, alert.severity, alert.firing)
        self._open[alert.integration_id, alert.key] = condition
        self.conditions.append(condition)

    def _opened(self, key: Key, reading: Reading) -> Condition:
        if key not in self._open:
            self._open[key] = Condition(None, reading, reading.severity)
            self.conditions.append(self._open[key])
        return self._open[key]


def fold(alerts: Iterable[OpenAlert], readings: Iterable[Reading]) -> Batch:
    """What becomes of the open alerts and of new ones when these events are taken in order."""
    batch = Batch()
    for alert in alerts:
        batch.find(alert)
    for reading in readings:
        batch.take(reading)
    return batch


def title_of(signal: Signal) -> str:
    """The event's summary; made up, with whatever it does tell, when there is none."""
    if signal.summary:
        return signal.summary
    if signal.source:
        return str(_("An event without a summary from %(source)s") % {"source": signal.source})
    return str(_("An event without a summary"))
