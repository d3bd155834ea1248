"""The form by which a manager enters an override: it parses, and puts each refusal where it belongs."""

from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Submit
from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rotations.people.models import User
from rotations.rota.models import Schedule
from rotations.rota.selectors import takers
from rotations.schedule.tiers import Tier

# Where `services.approve_override` refuses: the field that the person should change.
FIELDS = {
    "both_tiers": "user",
    "no_such_tier": "tier",
    "holds_already": "user",
    "not_in_team": "user",
    "in_the_past": "starts_at",
    "ends_before_it_starts": "ends_at",
    "too_long": "ends_at",
}


class WallClockField(forms.DateTimeField):
    """A day and a time as the browser's own picker writes them, in the reader's zone."""

    def __init__(self, **options: Any) -> None:
        formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
        picker = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=formats[0])
        super().__init__(widget=picker, input_formats=formats, **options)


class OverrideForm(forms.Form):
    """Who takes over which tier of a schedule, from when to when, and why."""

    tier = forms.TypedChoiceField(label=_("Tier"), choices=Tier.choices(), coerce=Tier)
    user = forms.ModelChoiceField(
        label=_("Who takes over"),
        queryset=User.objects.none(),
        empty_label=_("Choose a person"),
        error_messages={"invalid_choice": _("Only responders and managers of the team can be on call. Choose one.")},
    )
    starts_at = WallClockField(label=_("From"))
    ends_at = WallClockField(label=_("To"))
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)

    def __init__(self, *args: Any, schedule: Schedule, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = self.fields["user"]
        assert isinstance(people, forms.ModelChoiceField)
        people.queryset = takers(schedule)
        zone = _("On the clock of %(zone)s, your time zone.") % {"zone": timezone.get_current_timezone_name()}
        self.fields["starts_at"].help_text = self.fields["ends_at"].help_text = zone
        self.fields["reason"].help_text = _("Everybody who asks why can read it.")
        self.helper = FormHelper()
        self.helper.add_input(Submit("approve", _("Approve this override")))

    def refuse(self, refusal: ValidationError) -> None:
        """Show what the service refused at the field that can mend it."""
        self.add_error(FIELDS.get(refusal.code or ""), refusal)
