"""Forms about reaching oneself: they parse and validate, nothing more."""

from collections.abc import Sequence
from datetime import timedelta

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Submit
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from rotations.contact.addresses import clean_address
from rotations.contact.models import Channel, ContactPoint
from rotations.contact.selectors import ContactLine
from rotations.schedule.tiers import Tier

NEVER = ""
SAVE = {Tier.PRIMARY: _("Save for primary"), Tier.SECONDARY: _("Save for secondary")}
MINUTES = [0, 1, 2, 3, 5, 10, 15, 30]


class ContactPointForm(forms.ModelForm[ContactPoint]):
    """A new way to oneself."""

    channel = forms.ChoiceField(
        label=_("How"),
        choices=[
            (Channel.EMAIL, Channel.EMAIL.label),
            (Channel.APPRISE, Channel.APPRISE.label),
            (Channel.WEBHOOK, Channel.WEBHOOK.label),
        ],
    )

    class Meta:
        model = ContactPoint
        fields = ["channel", "address", "label"]
        help_texts = {
            "address": _("Such as mara@example.com, https://example.com/pages, ntfy://my-topic or tgram://token/chat."),
            "label": _("As you know it, such as: my phone. You may leave it empty."),
        }

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["address"].required = True
        self.helper = FormHelper()
        self.helper.form_action = reverse("contact-point-add")
        self.helper.add_input(Submit("add", _("Add this contact point"), css_class="btn-outline-secondary"))

    def clean(self) -> None:
        """An address is judged as one of its channel."""
        channel, address = self.cleaned_data.get("channel"), self.cleaned_data.get("address")
        if channel and address:
            try:
                self.cleaned_data["address"] = clean_address(Channel(channel), address)
            except ValidationError as error:
                self.add_error(None, error)


class RulesForm(forms.Form):
    """When each contact point is used in one tier."""

    def __init__(self, tier: Tier, lines: Sequence[ContactLine], data: object = None) -> None:
        super().__init__(data, prefix=tier.value)  # type: ignore[arg-type]
        self.points = {f"point-{line.point.pk}": line.point for line in lines if line.point.channel != Channel.INBOX}
        for line in lines:
            if line.point.channel != Channel.INBOX:
                self.fields[f"point-{line.point.pk}"] = _delay_field(line, tier)
        self.helper = FormHelper()
        self.helper.form_action = reverse("notification-rules", args=[tier.value])
        self.helper.add_input(Submit("save", SAVE[tier], css_class="btn-outline-secondary"))

    def delays(self) -> dict[ContactPoint, timedelta | None]:
        """What was chosen for each contact point."""
        return {point: self.cleaned_data[name] for name, point in self.points.items()}


def _delay_field(line: ContactLine, tier: Tier) -> forms.TypedChoiceField:
    """The usual waits, and the one that is in force."""
    after = line.after[tier.value]
    in_force = set() if after is None else {int(after.total_seconds()) // 60}
    waits = [(str(minutes), _wait_in_words(minutes)) for minutes in sorted({*MINUTES, *in_force})]
    return forms.TypedChoiceField(
        label=_name_of(line.point),
        choices=[*waits, (NEVER, _("Not used"))],
        coerce=lambda minutes: timedelta(minutes=int(minutes)),
        empty_value=None,
        required=False,
        initial=NEVER if after is None else str(int(after.total_seconds()) // 60),
    )


def _name_of(point: ContactPoint) -> str:
    """A wait for something that never comes has to say so."""
    if point.channel == Channel.EMAIL and not settings.EMAIL_URL:
        return gettext("%(point)s (switched off)") % {"point": point}
    return str(point)


def _wait_in_words(minutes: int) -> str:
    if minutes == 0:
        return str(_("At once"))
    return ngettext("After %(minutes)d minute", "After %(minutes)d minutes", minutes) % {"minutes": minutes}
