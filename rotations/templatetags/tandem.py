"""What every template may print: instants in the reader's zone, durations, people and tiers (LOOKS §4, §7).

The reader's zone is Django's current time zone, set by the middleware for each request.
"""

from datetime import datetime, timedelta
from typing import Protocol

from django import template
from django.http import HttpRequest
from django.template import Context
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from rotations.people import clock as edge
from rotations.people import times
from rotations.schedule.tiers import Tier

register = template.Library()

TIER_WORDS = {Tier.PRIMARY: _("Primary"), Tier.SECONDARY: _("Secondary")}


class Someone(Protocol):
    """A `User`, or a selector's row that carries what a mark needs."""

    @property
    def name(self) -> str: ...

    @property
    def initials(self) -> str: ...

    @property
    def colour(self) -> int: ...


def _time(at: datetime, text: str) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', at.isoformat(timespec="seconds"), text)


@register.filter
def instant(at: datetime | None) -> str:
    """Mon 14 Dec, 09:00 CET."""
    return _time(at, times.instant(at, timezone.get_current_timezone(), now=edge.now())) if at else ""


@register.filter
def full_instant(at: datetime | None) -> str:
    """Wednesday 9 December 2026, 03:07 CET."""
    return _time(at, times.full_instant(at, timezone.get_current_timezone())) if at else ""


@register.filter
def day(at: datetime | None) -> str:
    """Mon 14 Dec, as a heading says it."""
    return _time(at, times.day(at, timezone.get_current_timezone(), now=edge.now())) if at else ""


@register.filter
def clock(at: datetime | None) -> str:
    """03:10:14 CET."""
    return _time(at, times.clock(at, timezone.get_current_timezone())) if at else ""


@register.filter
def bare_clock(at: datetime | None) -> str:
    """03:10:14, where the day and the zone are said once for a whole list."""
    return _time(at, times.bare_clock(at, timezone.get_current_timezone())) if at else ""


@register.filter
def zone_of(at: datetime | None) -> str:
    """CET: what the reader's zone is called at that instant."""
    return times.abbreviation(at, timezone.get_current_timezone()) if at else ""


@register.filter
def duration(length: timedelta | None) -> str:
    """15 h."""
    return "" if length is None else times.duration(length)


@register.filter
def counting(left: timedelta | None) -> str:
    """3:12."""
    return "" if left is None else times.counting(left)


@register.simple_tag
def span(start: datetime, end: datetime) -> SafeString:
    """Mon 14 Dec, 09:00 to Mon 21 Dec, 09:00 CET."""
    begin, until = times.ends(start, end, timezone.get_current_timezone(), now=edge.now())
    return format_html(str(_("{begin} to {until}")), begin=_time(start, begin), until=_time(end, until))


@register.simple_tag
def mark(someone: Someone, tier: str = "", size: str = "") -> SafeString:
    """The person's initials on their colour, filled as the tier is; `size` may be "lg". The name stands beside it."""
    return format_html(
        '<span class="mark{}{} person-{}" aria-hidden="true">{}</span>',
        f" mark-{size}" if size else "",
        f" tier-{tier}" if tier else "",
        someone.colour,
        someone.initials,
    )


@register.simple_tag
def person(someone: Someone, tier: str = "") -> SafeString:
    """Mark and name on one line."""
    return format_html('<span class="person">{}{}</span>', mark(someone, tier), someone.name)


@register.filter
def tier(value: str) -> str:
    """The tier's word with its fill; nothing for people who hold none."""
    if not value:
        return ""
    return format_html('<span class="tier tier-{}">{}</span>', value, TIER_WORDS[Tier(value)])


@register.filter
def tier_word(value: str) -> str:
    """Primary, for a sentence's start; nothing for people who hold none."""
    return str(TIER_WORDS[Tier(value)]) if value else ""


@register.simple_tag
def reader_zone() -> str:
    """Europe/Berlin (CET, UTC+1)."""
    return times.zone_in_words(edge.now(), timezone.get_current_timezone())


@register.simple_tag(takes_context=True)
def nav_link(context: Context, url_name: str, text: str) -> SafeString:
    """A link of the masthead; it is current on its own page and on those whose address begins like it."""
    url = reverse(url_name)
    request: HttpRequest | None = context.get("request")
    path = request.path if request else ""
    below = url != "/" and path.startswith(url.rstrip("/"))
    current = format_html(' aria-current="{}"', "page" if path == url else "true") if path == url or below else ""
    return format_html('<a href="{}"{}>{}</a>', url, current, text)
