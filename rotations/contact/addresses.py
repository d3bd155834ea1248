"""What an address of each channel looks like, as far as can be seen without the network; the sender checks the rest."""

import re
from collections.abc import Callable
from ipaddress import ip_address

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from rotations.contact.channels import guard
from rotations.contact.models import Channel

SCHEME = re.compile(r"^([a-z][a-z0-9+.-]*)://\S+$", re.IGNORECASE)
# What apprise would do on our own machine, or would open without asking the resolver that we guard.
ON_OUR_MACHINE = {"blink1", "dbus", "fcm", "gio", "glib", "gnome", "kde", "macosx", "qt", "syslog", "vapid", "windows"}
UNGUARDED = {"irc", "ircs", "mqtt", "mqtts", "nostr", "rsyslog", "smpp", "smpps", "xmpp", "xmpps"}
NOT_FOR_PEOPLE = ON_OUR_MACHINE | UNGUARDED


def clean_address(channel: Channel, address: str) -> str:
    """Return the address as it is kept; raise `ValidationError` on the field `address`, saying what to enter."""
    try:
        return CLEANERS[channel](address.strip())
    except ValidationError as error:
        raise ValidationError({"address": error}) from error


def _email(address: str) -> str:
    try:
        validate_email(address)
    except ValidationError as error:
        raise ValidationError(_("Enter an e-mail address such as mara@example.com."), code="email") from error
    return address


def _webhook(address: str) -> str:
    try:
        url = parse_url(address)
    except LocationParseError:
        url = Url()
    if url.scheme not in {"http", "https"} or not url.host:
        raise ValidationError(_("Enter a whole web address such as https://example.com/pages."), code="webhook")
    if url.auth:
        raise ValidationError(
            _("Leave out the name and password: the signature proves that a message is from here."), code="credentials"
        )
    if _is_inside(url.host.strip("[]")):
        raise ValidationError(
            _("%(host)s is inside this network. Whoever runs Tandem can allow it (INTERNAL_HOSTS_ALLOWED)."),
            code="internal",
            params={"host": url.host},
        )
    return address


def _apprise(address: str) -> str:
    found = SCHEME.match(address)
    scheme = found[1].lower() if found else ""
    if not scheme:
        raise ValidationError(_("Enter an Apprise address such as ntfy://my-topic."), code="apprise")
    if scheme in {"http", "https"}:
        raise ValidationError(_("For a web address choose the channel Webhook."), code="apprise_http")
    if scheme in NOT_FOR_PEOPLE:
        raise ValidationError(
            _("%(scheme)s:// cannot be used here. Choose a service that reaches you where you are."),
            code="apprise_scheme",
            params={"scheme": scheme},
        )
    return address


def _built_in(address: str) -> str:
    raise ValidationError(_("Everybody has an inbox already."), code="inbox")


def _is_inside(host: str) -> bool:
    """Whether a literal address may not be reached; a name is looked up when a message goes there."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return not guard.may_be_reached(host)


CLEANERS: dict[Channel, Callable[[str], str]] = {
    Channel.INBOX: _built_in,
    Channel.EMAIL: _email,
    Channel.WEBHOOK: _webhook,
    Channel.APPRISE: _apprise,
}
