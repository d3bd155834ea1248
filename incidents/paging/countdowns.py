"""The countdown to the next page, as a page prints it: right at the moment it was asked for, with or without script."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents.paging.showing import NextAction


@dataclass(frozen=True, slots=True)
class Countdown:
    """How long is left, and the wait so far in whole seconds, for a bar."""

    left: timedelta
    gone_seconds: int
    whole_seconds: int


def countdown(action: NextAction | None, now: datetime) -> Countdown | None:
    """What is left of the wait for the next action; nothing where none is planned."""
    if action is None:
        return None
    whole = max(int((action.at - action.since).total_seconds()), 1)
    left = max(action.at - now, timedelta())
    return Countdown(left, min(max(whole - int(left.total_seconds()), 0), whole), whole)
