"""The timeline in words: one sentence for each entry, and in small print why."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from incidents.alerts.signals import words_of
from incidents.escalation.terms import Cause, Severity, Target, Via
from incidents.paging.models import CAUSES, MANUAL_REASONS, EntryKind, Page, TimelineEntry
from incidents.policies.words import whom
from rotations.schedule.tiers import Tier

TIER_WORDS = {Tier.PRIMARY.value: gettext_lazy("primary"), Tier.SECONDARY.value: gettext_lazy("secondary")}


def sentence(entry: TimelineEntry) -> str:
    """What happened. `entry.by` and `entry.page.user` should be loaded."""
    return SENTENCES[EntryKind(entry.kind)](entry)


def why(entry: TimelineEntry) -> str:
    """Why it happened, where there is more to say; else empty."""
    reason = REASONS.get(EntryKind(entry.kind))
    return reason(entry) if reason else ""


def tier_word(tier: str) -> str:
    """A tier in the middle of a sentence; empty for none."""
    return str(TIER_WORDS.get(tier, ""))


def cause_words(cause: str) -> str:
    """Why somebody was paged, in the middle of a sentence."""
    return _("severity of the incident") if cause == Cause.SEVERITY else str(dict(CAUSES)[cause]).lower()


def _opened(entry: TimelineEntry) -> str:
    values = {"by": entry.detail.get("integration"), "severity": _severity(entry.detail.get("severity"))}
    if values["by"]:
        return _("Incident opened by %(by)s as %(severity)s") % values
    return _("Incident opened as %(severity)s") % values


def _opened_why(entry: TimelineEntry) -> str:
    parts = [entry.detail.get("source", ""), *words_of(entry.detail.get("flags", ()))]
    return ", ".join(part for part in parts if part)


def _repeated(entry: TimelineEntry) -> str:
    return _("Alert repeated: %s") % str(entry.detail.get("summary", ""))


def _repeated_why(entry: TimelineEntry) -> str:
    times, all_of_them = entry.detail.get("times", 1), entry.detail.get("event_count", 1)
    words = ngettext("%(times)d event; %(all)d with this key", "%(times)d events; %(all)d with this key", times)
    return str(words % {"times": times, "all": all_of_them})


def _paged(entry: TimelineEntry) -> str:
    page = _page(entry)
    values = {"name": page.user.name, "tier": tier_word(page.tier), "by": _who(entry)}
    if page.cause == Cause.MANUAL:
        return (
            _("Paged %(name)s as %(tier)s: %(by)s asked for it")
            if page.tier
            else _("Paged %(name)s: %(by)s asked for it")
        ) % values
    return (_("Paged %(name)s as %(tier)s") if page.tier else _("Paged %(name)s")) % values


def _paged_why(entry: TimelineEntry) -> str:
    page = _page(entry)
    cause = cause_words(page.cause)
    if page.manual_reason:
        return _("%(reason)s. Asking early is right") % {"reason": dict(MANUAL_REASONS)[page.manual_reason]}
    if page.step is None:
        return _("Cause: %(cause)s") % {"cause": cause}
    return _("Cause: %(cause)s. Step %(step)d") % {"cause": cause, "step": page.step + 1}


def _nobody(entry: TimelineEntry) -> str:
    target = Target(entry.detail["target"])
    values = {"tier": tier_word(target), "schedule": entry.detail.get("schedule", "")}
    if target is Target.MANAGERS:
        return _("Nobody was paged: the team has no manager")
    if target is Target.PERSON:
        return _("Nobody was paged: the person named in the policy has left")
    return _("Nobody was paged: nobody is %(tier)s of %(schedule)s") % values


def _passed_over(entry: TimelineEntry) -> str:
    values = {"whom": whom(Target(entry.detail["target"])), "schedule": entry.detail.get("schedule", "")}
    return _("Passed over %(whom)s: %(schedule)s has one tier") % values


def _undeliverable(entry: TimelineEntry) -> str:
    return _("The page to %s reaches nobody: every channel fails") % _page(entry).user.name


def _acknowledged(entry: TimelineEntry) -> str:
    tier = tier_word(entry.detail.get("tier", ""))
    if entry.by is None:
        return _("Acknowledged by the sender")
    if tier:
        return _("%(name)s (%(tier)s) acknowledged and leads") % {"name": entry.by.name, "tier": tier}
    return _("%s acknowledged and leads") % entry.by.name


def _acknowledged_why(entry: TimelineEntry) -> str:
    if entry.by is None:
        return ""
    return {
        Via.WEB.value: _("On the incident's page"),
        Via.LINK.value: _("By the link in a message"),
        Via.API.value: _("Through the API"),
    }.get(str(entry.detail.get("via")), "")


def _severity_changed(entry: TimelineEntry) -> str:
    values = {"by": _who(entry), "old": _severity(entry.detail["from"]), "new": _severity(entry.detail["to"])}
    if entry.by is None:
        return _("Severity raised from %(old)s to %(new)s by the sender") % values
    return _("%(by)s changed the severity from %(old)s to %(new)s") % values


def _alert_resolved(entry: TimelineEntry) -> str:
    return _("Alert resolved: %s") % str(entry.detail.get("summary", ""))


def _resolved(entry: TimelineEntry) -> str:
    if entry.by is None:
        return _("Resolved with its last alert")
    tier = tier_word(entry.detail.get("tier", ""))
    if tier:
        return _("%(name)s (%(tier)s) resolved the incident") % {"name": entry.by.name, "tier": tier}
    return _("%s resolved the incident") % entry.by.name


def _resolved_why(entry: TimelineEntry) -> str:
    second_needed = entry.detail.get("second_needed")
    if second_needed is None:
        return ""
    return _("The second person was needed") if second_needed else _("The second person was not needed")


def _exhausted(entry: TimelineEntry) -> str:
    return _("Nobody answered: the alarm is raised")


def _exhausted_why(entry: TimelineEntry) -> str:
    return _("Everybody whom the policy names was paged, or nobody could be")


def _who(entry: TimelineEntry) -> str:
    return entry.by.name if entry.by else _("Somebody")


def _page(entry: TimelineEntry) -> Page:
    assert entry.page is not None
    return entry.page


def _severity(value: Any) -> str:
    return Severity(value).name if value else ""


SENTENCES: dict[EntryKind, Callable[[TimelineEntry], str]] = {
    EntryKind.OPENED: _opened,
    EntryKind.REPEATED: _repeated,
    EntryKind.PAGED: _paged,
    EntryKind.NOBODY: _nobody,
    EntryKind.PASSED_OVER: _passed_over,
    EntryKind.UNDELIVERABLE: _undeliverable,
    EntryKind.ACKNOWLEDGED: _acknowledged,
    EntryKind.SEVERITY: _severity_changed,
    EntryKind.ALERT_RESOLVED: _alert_resolved,
    EntryKind.RESOLVED: _resolved,
    EntryKind.EXHAUSTED: _exhausted,
}
REASONS: dict[EntryKind, Callable[[TimelineEntry], str]] = {
    EntryKind.OPENED: _opened_why,
    EntryKind.REPEATED: _repeated_why,
    EntryKind.PAGED: _paged_why,
    EntryKind.ACKNOWLEDGED: _acknowledged_why,
    EntryKind.RESOLVED: _resolved_why,
    EntryKind.EXHAUSTED: _exhausted_why,
}
