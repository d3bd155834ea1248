"""What a bar of the calendar stands for, and the words on it (LOOKS §4)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from rotations.people import times
from rotations.people.models import User
from rotations.schedule.spans import Span
from rotations.schedule.tiers import Tier
from rotations.schedule.timeline import Hold

# Narrower than this many hours, a bar says less (LOOKS §4).
ROOM_FOR_A_NAME = 14
ROOM_FOR_WHOM = 20
ROOM_FOR_INITIALS = 4


class State(StrEnum):
    HELD = "held"
    GAP = "gap"
    UNPUBLISHED = "unpublished"


@dataclass(frozen=True, slots=True)
class Piece:
    """A tier over [start, end): held by a person, by nobody, or not published yet.

    `cut_before` and `cut_after` tell that it reaches beyond the time that was looked at.
    """

    tier: Tier
    start: datetime
    end: datetime
    state: State
    person: User | None = None
    covers: User | None = None
    by_override: bool = False
    cut_before: bool = False
    cut_after: bool = False

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    @property
    def why(self) -> str:
        """What the page "why" is asked: this tier at the piece's first instant."""
        return urlencode({"tier": self.tier.value, "at": f"{self.start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"})


def pieces_of(
    holds: Iterable[Hold], people: Mapping[int, User], *, published: Span | None, window: Span
) -> dict[Tier, list[Piece]]:
    """The timeline's holds as pieces by tier, in order. Nobody on call is a gap only in time that was published."""
    pieces: dict[Tier, list[Piece]] = {}
    for hold in holds:
        for piece in _pieces_of_hold(hold, people, published):
            row = pieces.setdefault(hold.tier, [])
            before = row[-1] if row else None
            if before and before.state is piece.state is not State.HELD:
                row[-1] = replace(before, end=piece.end)
            else:
                row.append(piece)
    return {tier: [_cut(piece, window) for piece in row] for tier, row in pieces.items()}


def _pieces_of_hold(hold: Hold, people: Mapping[int, User], published: Span | None) -> Iterator[Piece]:
    if hold.person is not None:
        yield Piece(
            tier=hold.tier,
            start=hold.start,
            end=hold.end,
            state=State.HELD,
            person=people[hold.person],
            covers=people[hold.covers] if hold.covers else None,
            by_override=hold.override is not None,
        )
        return
    span = Span(hold.start, hold.end)
    gap = span if hold.shift is not None else published and span.intersection(published)
    if not gap:
        yield Piece(hold.tier, hold.start, hold.end, State.UNPUBLISHED)
        return
    bounds = [
        (hold.start, gap.start, State.UNPUBLISHED),
        (gap.start, gap.end, State.GAP),
        (gap.end, hold.end, State.UNPUBLISHED),
    ]
    yield from (Piece(hold.tier, start, end, state) for start, end, state in bounds if start < end)


def _cut(piece: Piece, window: Span) -> Piece:
    return replace(piece, cut_before=piece.start <= window.start, cut_after=piece.end >= window.end)


def text_on_bar(piece: Piece, hours: int) -> str:
    """What a bar of so many hours has room for; the rest is in its label."""
    if piece.state is State.UNPUBLISHED:
        return _("Not published") if hours >= ROOM_FOR_WHOM else ""
    if hours < ROOM_FOR_INITIALS:
        return ""
    if piece.person is None:
        return nobody_is(piece.tier) if hours >= ROOM_FOR_A_NAME else _("Gap")
    if hours < ROOM_FOR_A_NAME:
        return piece.person.initials
    if hours < ROOM_FOR_WHOM or piece.covers is None:
        return piece.person.first_name
    return _("%(person)s for %(covered)s") % {"person": piece.person.first_name, "covered": piece.covers.first_name}


def nobody_is(tier: Tier) -> str:
    """Gap: nobody is secondary."""
    return {Tier.PRIMARY: _("Gap: nobody is primary"), Tier.SECONDARY: _("Gap: nobody is secondary")}[tier]


def heading(piece: Piece) -> str:
    """Primary: Priya Raman for Jonas. What a bar over the whole width of a list says."""
    if piece.person is None:
        return nobody_is(piece.tier) if piece.state is State.GAP else _("Not published")
    name = piece.person.name
    if piece.covers:
        name = _("%(person)s for %(covered)s") % {"person": name, "covered": piece.covers.first_name}
    return {Tier.PRIMARY: _("Primary: %s"), Tier.SECONDARY: _("Secondary: %s")}[piece.tier] % name


def sentence(piece: Piece, zone: tzinfo, *, now: datetime) -> str:
    """Priya Raman, primary, covering for Jonas Weber, Sat 12 Dec, 09:00 to Sun 13 Dec, 09:00 CET."""
    words = [nobody_is(piece.tier)] if piece.person is None else [piece.person.name, _tier_in_a_sentence(piece.tier)]
    if piece.covers:
        words.append(_("covering for %s") % piece.covers.name)
    begin, until = times.ends(piece.start, piece.end, zone, now=now)
    begin = _("before %s") % begin if piece.cut_before else begin
    until = _("after %s") % until if piece.cut_after else until
    return ", ".join([*words, _("%(begin)s to %(until)s") % {"begin": begin, "until": until}])


def label(piece: Piece, text: str, zone: tzinfo, *, now: datetime) -> str:
    """The bar's accessible name: the whole sentence, after the visible text if it does not begin with that."""
    whole = sentence(piece, zone, now=now)
    return whole if whole.startswith(text) else f"{text}: {whole}"


def _tier_in_a_sentence(tier: Tier) -> str:
    return {Tier.PRIMARY: _("primary"), Tier.SECONDARY: _("secondary")}[tier]


def css(piece: Piece) -> str:
    """The classes that give a bar its colour and fill."""
    if piece.person is None:
        return "is-gap"
    ring = " is-override" if piece.by_override else ""
    return f"tier-{piece.tier} person-{piece.person.colour}{ring}"
