"""What a field about people may hold."""

from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


def validate_time_zone(name: str) -> None:
    """Accept names of the IANA database only."""
    if name not in available_timezones():
        raise ValidationError(
            _("“%(name)s” is no time zone. Choose one such as Europe/Berlin or America/New_York."),
            code="time_zone",
            params={"name": name},
        )
