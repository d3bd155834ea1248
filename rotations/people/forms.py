"""Forms about people: they parse and validate, nothing more."""

from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Submit
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from rotations.people.models import ApiToken, User

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def time_zone_field(*, present: str = "UTC", help_text: "StrOrPromise" = "") -> forms.ChoiceField:
    """A choice of the zones that people live in, by region; and the present one, which may be one of the others."""
    zones = {zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/")}
    choices = [("UTC", "UTC"), *((zone, zone.replace("_", " ")) for zone in sorted((zones | {present}) - {"UTC"}))]
    return forms.ChoiceField(label=_("Your time zone"), choices=choices, help_text=help_text)


class PreferencesForm(forms.ModelForm[User]):
    """How times and colours are shown to a person."""

    class Meta:
        model = User
        fields = ["time_zone", "theme"]
        help_texts = {"time_zone": _("Every time that you read in Tandem, and in messages to you, is in this zone.")}

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["time_zone"] = time_zone_field(
            present=self.instance.time_zone, help_text=self.fields["time_zone"].help_text
        )
        self.fields["theme"].label = _("Colours")
        self.helper = FormHelper()
        self.helper.add_input(Submit("save", _("Save time zone and colours")))


class ApiTokenForm(forms.ModelForm[ApiToken]):
    """A new key for a program."""

    class Meta:
        model = ApiToken
        fields = ["name"]
        help_texts = {"name": _("What will use it, so that you know which one to revoke: wallboard, deploy script.")}

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.helper = FormHelper()
        self.helper.add_input(Submit("create", _("Create a token")))


class FirstAdministratorForm(forms.Form):
    """Who administers this installation from now on."""

    name = forms.CharField(label=_("Your name"), max_length=120, help_text=_("As colleagues know you: Mara Lindt"))
    email = forms.EmailField(
        label=_("Your e-mail address"), max_length=254, widget=forms.EmailInput({"autocomplete": "username"})
    )
    time_zone = time_zone_field()
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        help_text=_("At least 10 characters, and not a common one."),
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.helper = FormHelper()
        self.helper.add_input(Submit("begin", _("Start with Tandem")))

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if User.objects.filter(email__iexact=email).exists():
            raise ValidationError(_("Somebody has this address."), code="taken")
        return email

    def clean(self) -> dict[str, Any]:
        """A password is judged with the name and address beside it."""
        cleaned: dict[str, Any] = self.cleaned_data
        who = User(name=cleaned.get("name", ""), email=cleaned.get("email", ""))
        try:
            validate_password(cleaned.get("password", ""), who)
        except ValidationError as weak:
            self.add_error("password", weak)
        return cleaned
