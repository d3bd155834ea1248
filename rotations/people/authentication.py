"""How programs sign in. A module of its own: the framework loads it while it loads itself."""

from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from rotations.people.models import ApiToken, User
from rotations.people.services import digest_of


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer tdm_…` (or `Token tdm_…`): a person's own token; see `services.create_api_token`."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """Who the token stands for. One answer for unknown, revoked, and a person who has left."""
        scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() not in {"bearer", "token"}:
            return None
        usable = ApiToken.objects.filter(revoked_at__isnull=True, user__is_active=True)
        kept = usable.select_related("user").filter(digest=digest_of(token.strip())).first()
        if kept is None:
            raise AuthenticationFailed(_("This token is not known here, or it was revoked."))
        return kept.user, kept

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Tandem"'
