"""How instants, spans and durations are written for people (LOOKS §7): in a reader's zone, on a 24-hour clock.

Pure: the zone and `now` (which decides whether a year is worth saying) are given. Templates reach these through the
`tandem` tags, messages call them with the recipient's zone.
"""

from datetime import datetime, timedelta, tzinfo

from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

NBSP = "\u00a0"  # a number and its unit stay on one line
MINUS = "\u2212"
HOUR = timedelta(hours=1)
WHOLE_DAYS_FROM = timedelta(hours=72)  # until here people count hours: "48 h"


def day(at: datetime, zone: tzinfo, *, now: datetime) -> str:
    """Mon 14 Dec; with the year if it is not the reader's current one: Mon 4 Jan 2027."""
    local = at.astimezone(zone)
    this_year = local.year == now.astimezone(zone).year
    return date_format(local, _("D j M") if this_year else _("D j M Y"))


def moment(at: datetime, zone: tzinfo, *, now: datetime) -> str:
    """Mon 14 Dec, 09:00. Only where the zone stands beside it."""
    return f"{day(at, zone, now=now)}, {date_format(at.astimezone(zone), 'H:i')}"


def instant(at: datetime, zone: tzinfo, *, now: datetime) -> str:
    """Mon 14 Dec, 09:00 CET."""
    return f"{moment(at, zone, now=now)} {abbreviation(at, zone)}"


def full_instant(at: datetime, zone: tzinfo) -> str:
    """Wednesday 9 December 2026, 03:07 CET: once on a page, where it says what "now" is."""
    return f"{date_format(at.astimezone(zone), _('l j F Y, H:i'))} {abbreviation(at, zone)}"


def clock(at: datetime, zone: tzinfo) -> str:
    """03:10:14 CET: seconds, for incidents."""
    return f"{bare_clock(at, zone)} {abbreviation(at, zone)}"


def bare_clock(at: datetime, zone: tzinfo) -> str:
    """03:10:14. Only where the day and the zone stand beside it."""
    return date_format(at.astimezone(zone), "H:i:s")


def ends(start: datetime, end: datetime, zone: tzinfo, *, now: datetime) -> tuple[str, str]:
    """The two texts of a span. The zone is named once, at the end; at both ends when the clock changed in between.

    An end on the day of the start needs no second date: Mon 14 Dec, 09:00 to 17:00 CET.
    """
    first, last = abbreviation(start, zone), abbreviation(end, zone)
    one_day = start.astimezone(zone).date() == end.astimezone(zone).date()
    until = date_format(end.astimezone(zone), "H:i") if one_day else moment(end, zone, now=now)
    begin = moment(start, zone, now=now)
    return begin if first == last else f"{begin} {first}", f"{until} {last}"


def span(start: datetime, end: datetime, zone: tzinfo, *, now: datetime) -> str:
    """Mon 14 Dec, 09:00 to Mon 21 Dec, 09:00 CET."""
    begin, until = ends(start, end, zone, now=now)
    return _("%(begin)s to %(until)s") % {"begin": begin, "until": until}


def abbreviation(at: datetime, zone: tzinfo) -> str:
    """CET; UTC+4 where the zone has no letters of its own."""
    name = at.astimezone(zone).tzname() or ""
    return name if name.isalpha() else offset(at, zone)


def offset(at: datetime, zone: tzinfo) -> str:
    """UTC+1, UTC with a minus and 3:30, or UTC alone."""
    minutes = round((at.astimezone(zone).utcoffset() or timedelta()).total_seconds() / 60)
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else MINUS}{hours}" + (f":{rest:02}" if rest else "")


def zone_in_words(at: datetime, zone: tzinfo) -> str:
    """Europe/Berlin (CET, UTC+1): what the foot of every page says."""
    name, short, hours = str(zone), abbreviation(at, zone), offset(at, zone)
    details = ", ".join(dict.fromkeys(word for word in (short, hours) if word != name))
    return f"{name} ({details})" if details else name


def duration(length: timedelta) -> str:
    """40 s, 2 min, 15 h, 3 h 30 min, 7 days: the two largest units that say something, rounded down."""
    if length < timedelta(minutes=1):
        return f"{max(int(length.total_seconds()), 0)}{NBSP}s"
    if length < HOUR:
        return f"{length // timedelta(minutes=1)}{NBSP}min"
    if length <= WHOLE_DAYS_FROM:
        hours, rest = divmod(length, HOUR)
        minutes = rest // timedelta(minutes=1)
        return f"{hours}{NBSP}h" + (f" {minutes}{NBSP}min" if minutes else "")
    days, hours = length.days, timedelta(seconds=length.seconds) // HOUR
    words = ngettext("%(days)d\u00a0day", "%(days)d\u00a0days", days) % {"days": days}
    return words + (f" {hours}{NBSP}h" if hours else "")


def counting(left: timedelta) -> str:
    """3:12, as a countdown shows it; 1:02:05 from an hour on, 0:00 when it is over."""
    seconds = max(int(left.total_seconds()), 0)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
