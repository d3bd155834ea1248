"""How allauth is to behave here."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class InvitedOnly(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Nobody signs up by themselves: people are added by a manager or an administrator."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
