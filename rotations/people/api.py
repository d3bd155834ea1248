"""How programs sign in: `Authorization: Bearer <token>`."""

from rest_framework.authentication import BaseAuthentication


class TokenAuthentication(BaseAuthentication):
    """A person's own token; see `services.create_api_token`."""
