"""Forms on the incident page: they parse and validate, nothing more."""

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Submit
from django import forms
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from incidents.alerts.models import SEVERITIES
from incidents.paging.models import MANUAL_REASONS, Incident, State
from rotations.people.models import User

OPEN = "open"


class EscalateForm(forms.Form):
    """Page the secondary before the timeout: one of four reasons, none of them an excuse (R47)."""

    reason = forms.ChoiceField(label=_("Why do you need help?"), choices=MANUAL_REASONS, widget=forms.RadioSelect)

    def __init__(self, incident: Incident, secondary: User | None, data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        whom = secondary.name if secondary else _("the managers")
        self.fields["reason"].label = _("Why do you need %(whom)s?") % {"whom": whom}
        self.helper = FormHelper()
        self.helper.form_action = reverse("incident-escalate", args=[incident.pk])
        self.helper.add_input(
            Submit("escalate", _("Page %(whom)s") % {"whom": whom}, css_class="btn-outline-secondary")
        )


class ResolveForm(forms.Form):
    """End an incident, and say whether the second person was needed: reports learn from it."""

    resolution = forms.CharField(
        label=_("What fixed it?"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 2})
    )
    second_needed = forms.TypedChoiceField(
        label=_("Was the second person needed?"),
        required=False,
        choices=[("yes", _("Yes")), ("no", _("No")), ("", _("I do not know"))],
        coerce={"yes": True, "no": False}.get,
        empty_value=None,
        widget=forms.RadioSelect,
    )

    def __init__(self, incident: Incident, data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        self.helper = FormHelper()
        self.helper.form_action = reverse("incident-resolve", args=[incident.pk])
        is_next_step = incident.state == State.ACKNOWLEDGED
        style = "btn-primary" if is_next_step else "btn-outline-secondary"
        self.helper.add_input(Submit("resolve", _("Resolve %s") % incident.code, css_class=style))


class SeverityForm(forms.Form):
    """How bad it really is; the rules for that severity apply from then on."""

    severity = forms.TypedChoiceField(label=_("Severity"), choices=SEVERITIES, coerce=int)

    def __init__(self, incident: Incident, data: object = None) -> None:
        super().__init__(data, initial={"severity": incident.severity})  # type: ignore[arg-type]
        self.helper = FormHelper()
        self.helper.form_action = reverse("incident-severity", args=[incident.pk])
        self.helper.add_input(Submit("change", _("Change the severity"), css_class="btn-outline-secondary"))


class IncidentFilter(forms.Form):
    """Which incidents the list shows; kept in the address."""

    state = forms.ChoiceField(
        label=_("Show"),
        required=False,
        choices=[(OPEN, _("Open")), *State.choices, ("all", _("All"))],
    )

    def chosen(self) -> str:
        """The state to filter by; open incidents where nothing sensible was asked for; empty for all."""
        state = self.cleaned_data["state"] if self.is_valid() else OPEN
        return "" if state == "all" else state or OPEN
