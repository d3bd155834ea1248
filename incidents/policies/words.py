"""Policies in words."""

from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from incidents.escalation.terms import Severity, Target
from rotations.people.models import User

TARGETS = {
    Target.PRIMARY: gettext_lazy("the primary"),
    Target.SECONDARY: gettext_lazy("the secondary"),
    Target.MANAGERS: gettext_lazy("the managers of the team"),
    Target.PERSON: gettext_lazy("a named person"),
}


def length(wait: timedelta) -> str:
    """A wait in words: "5 minutes", "90 seconds", "2 hours"."""
    seconds = round(wait.total_seconds())
    if seconds % 3600 == 0:
        return ngettext("%d hour", "%d hours", seconds // 3600) % (seconds // 3600)
    if seconds % 60 == 0:
        return ngettext("%d minute", "%d minutes", seconds // 60) % (seconds // 60)
    return ngettext("%d second", "%d seconds", seconds) % seconds


def whom(target: Target, *, person: User | None = None) -> str:
    """A target in the middle of a sentence: "the secondary"."""
    return person.name if person is not None and target is Target.PERSON else str(TARGETS[target])


def step_sentence(target: Target, after: timedelta, *, person: User | None = None) -> str:
    """One step: "If nobody acknowledges within 5 minutes, page the secondary"."""
    if not after:
        return _("Page %(whom)s at once") % {"whom": whom(target, person=person)}
    return _("If nobody acknowledges within %(wait)s, page %(whom)s") % {
        "wait": length(after),
        "whom": whom(target, person=person),
    }


def trigger_sentence(severity: Severity, target: Target, *, person: User | None = None) -> str:
    """One row of the trigger table: "SEV2 or worse: page the secondary at once, too"."""
    row = {"severity": severity.name, "whom": whom(target, person=person)}
    if severity is Severity.SEV1:
        return _("%(severity)s: page %(whom)s at once, too") % row
    return _("%(severity)s or worse: page %(whom)s at once, too") % row
