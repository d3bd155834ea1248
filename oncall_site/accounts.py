"""How allauth is to behave here, and its forms in our look: labels instead of placeholders."""

from typing import Any

from allauth.account import forms as allauth
from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _


class InvitedOnly(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Nobody signs up by themselves: people are added by a manager or an administrator."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("No account has this e-mail address and this password. Try both once more."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class Labelled:
    """A form whose fields say what they are above them: a placeholder is gone once one types."""

    labels: dict[str, Any] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields  # type: ignore[attr-defined]  # of the form beside which this stands
        for name, field in fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label = self.labels.get(name, field.label)


class SignInForm(Labelled, allauth.LoginForm):  # type: ignore[misc]
    labels = {"login": _("E-mail address")}


class ResetForm(Labelled, allauth.ResetPasswordForm):  # type: ignore[misc]
    labels = {"email": _("E-mail address")}

    def clean_email(self) -> str:
        """A link that nobody sends would be waited for in vain."""
        if not settings.EMAIL_URL:
            raise ValidationError(_("Tandem sends no e-mail here. Ask an administrator to set a new password for you."))
        return str(super().clean_email())


class NewPasswordForm(Labelled, allauth.ResetPasswordKeyForm):  # type: ignore[misc]
    labels = {"password1": _("New password"), "password2": _("New password, once more")}


class ChangePasswordForm(Labelled, allauth.ChangePasswordForm):  # type: ignore[misc]
    labels = {
        "oldpassword": _("Present password"),
        "password1": _("New password"),
        "password2": _("New password, once more"),
    }
