"""The words of escalation: who is told, why, and how bad it is (DESIGN §2)."""

from enum import IntEnum, StrEnum


class Severity(IntEnum):
    """How bad an incident is: 1 is the worst."""

    SEV1 = 1
    SEV2 = 2
    SEV3 = 3
    SEV4 = 4
    SEV5 = 5


class Urgency(StrEnum):
    """How long a service's pages may wait: it chooses the preset of 5, 10 or 15 minutes (R43)."""

    HIGH = "high"
    STANDARD = "standard"
    LOW = "low"


class Target(StrEnum):
    """Whom a step or a trigger pages."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    MANAGERS = "managers"
    PERSON = "person"


class Cause(StrEnum):
    """Why a page was sent. No page is without one."""

    FIRST = "first"
    TIMEOUT = "timeout"
    MANUAL = "manual"
    SEVERITY = "severity"
    NOBODY_ON_CALL = "nobody_on_call"
    UNDELIVERABLE = "undeliverable"
    REPEAT = "repeat"


class ManualReason(StrEnum):
    """The article's four reasons to page the secondary before the timeout (R47). Asking early is right."""

    BEYOND_ONE = "beyond_one"
    SPECIALIST = "specialist"
    SEVERAL = "several"
    DEEP = "deep"


class State(StrEnum):
    """Where an incident stands."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Via(StrEnum):
    """How an acknowledgement came in."""

    WEB = "web"
    LINK = "link"
    API = "api"
    SENDER = "sender"  # the monitoring system says that somebody has it in hand; nobody leads
