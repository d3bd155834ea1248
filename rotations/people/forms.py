"""Forms about people: they parse and validate, nothing more."""

from zoneinfo import available_timezones

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Submit
from django import forms
from django.utils.translation import gettext_lazy as _

from rotations.people.models import User


class PreferencesForm(forms.ModelForm[User]):
    """How times and colours are shown to a person."""

    class Meta:
        model = User
        fields = ["time_zone", "theme"]
        help_texts = {"time_zone": _("Every time that you read in Tandem, and in messages to you, is in this zone.")}

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        zones = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))
        self.fields["time_zone"] = forms.ChoiceField(
            label=_("Your time zone"),
            choices=[("UTC", "UTC"), *((zone, zone.replace("_", " ")) for zone in zones)],
            help_text=self.fields["time_zone"].help_text,
        )
        self.fields["theme"].label = _("Colours")
        self.helper = FormHelper()
        self.helper.add_input(Submit("save", _("Save time zone and colours")))
