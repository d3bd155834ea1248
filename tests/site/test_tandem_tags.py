"""What every template prints about times, people and tiers."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone

from rotations.people.models import User

AT = datetime(2026, 12, 14, 8, 0, 5, tzinfo=UTC)
MARA = User(name="Mara <Lindt>", colour=2)


def printed(source: str, **context) -> str:
    with timezone.override(ZoneInfo("Europe/Berlin")):
        return Template("{% load tandem %}" + source).render(Context(context))


def test_an_instant_is_a_time_element_in_the_readers_zone():
    assert printed("{{ at|instant }}", at=AT).startswith('<time datetime="2026-12-14T08:00:05+00:00">Mon 14 Dec')
    assert printed("{{ at|bare_clock }} {{ at|zone_of }}", at=AT).endswith(">09:00:05</time> CET")
    assert printed("{{ at|clock }}", at=AT) == '<time datetime="2026-12-14T08:00:05+00:00">09:00:05 CET</time>'


def test_a_span_is_two_time_elements():
    text = printed("{% span a b %}", a=AT, b=AT + timedelta(weeks=1))
    assert text.count("<time ") == 2
    assert text.endswith("09:00 CET</time>")


@pytest.mark.parametrize(
    "filter_", ["instant", "clock", "bare_clock", "zone_of", "day", "full_instant", "duration", "counting", "tier"]
)
def test_nothing_is_printed_where_there_is_nothing(filter_):
    assert printed("{{ nothing|" + filter_ + " }}", nothing=None) == ""


def test_a_mark_shows_initials_on_the_persons_colour_filled_as_the_tier_is():
    assert printed('{% mark mara "secondary" "lg" %}', mara=MARA) == (
        '<span class="mark mark-lg tier-secondary person-2" aria-hidden="true">M&lt;</span>'
    )


def test_a_person_is_a_mark_and_a_name_and_no_name_becomes_markup():
    assert printed("{% person mara %}", mara=MARA).endswith("</span>Mara &lt;Lindt&gt;</span>")


def test_a_tier_is_its_word():
    assert printed('{{ "primary"|tier }}') == '<span class="tier tier-primary">Primary</span>'
    assert printed('{{ "secondary"|tier_word }}') == "Secondary"


@pytest.mark.parametrize(
    ("path", "current"),
    [("/incidents/", ' aria-current="page"'), ("/incidents/7/", ' aria-current="true"'), ("/inbox/", ""), ("/", "")],
)
def test_the_masthead_says_where_one_is(path, current):
    link = printed('{% nav_link "incident-list" "Incidents" %}', request=RequestFactory().get(path))
    assert link == f'<a href="/incidents/"{current}>Incidents</a>'
