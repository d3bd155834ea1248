"""What templates may print about incidents: tags for severity and state, and whom the next step pages (LOOKS §4)."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from incidents.escalation.terms import Target
from incidents.paging.models import Incident, State
from incidents.paging.selectors import NextAction
from rotations.schedule.tiers import Tier

register = template.Library()

# Colour only for what asks for something.
SEVERITY_CSS = {1: "tag tag-solid", 2: "tag tag-alarm"}
STATE_CSS = {State.TRIGGERED.value: "tag tag-alarm"}

NOBODY_NAMED = {
    Target.PRIMARY: _("The primary"),
    Target.SECONDARY: _("The secondary"),
    Target.MANAGERS: _("The managers of the team"),
    Target.PERSON: _("The next person"),
}


@register.filter
def severity_tag(severity: int) -> SafeString:
    """SEV3."""
    return format_html('<span class="{}">SEV{}</span>', SEVERITY_CSS.get(severity, "tag"), severity)


@register.filter
def state_tag(incident: Incident) -> SafeString:
    """Not acknowledged, Acknowledged, Resolved."""
    return format_html('<span class="{}">{}</span>', STATE_CSS.get(incident.state, "tag"), incident.get_state_display())


@register.filter
def whom(action: NextAction) -> str:
    """Mara Lindt (secondary): who is paged next, at the start of a sentence."""
    names = ", ".join(person.name for person in action.people)
    if not names:
        return str(NOBODY_NAMED[action.target])
    if action.tier is None:
        return names
    return f"{names} ({TIER_IN_A_SENTENCE[action.tier]})"


TIER_IN_A_SENTENCE = {Tier.PRIMARY: _("primary"), Tier.SECONDARY: _("secondary")}
