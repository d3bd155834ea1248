"""Chat, SMS, push: whatever `apprise` speaks, at an address that the person wrote (ntfy://…, tgram://…).

Loaded by the deliver worker alone, on the first message that goes this way.
"""

import logging
from contextvars import ContextVar

import apprise
from django.conf import settings

from rotations.contact.channels import resolver
from rotations.contact.channels.deadline import cut_off
from rotations.contact.channels.envelope import Accepted, Envelope, Outcome, PermanentFailure, TemporaryFailure
from rotations.contact.models import MessageKind

# Addresses come from users: no templates from our disk, no keys written to it, no redirects.
ASSET = apprise.AppriseAsset(
    app_id="Tandem",
    app_desc="Tandem",
    allow_templates=False,
    http_redirects=False,
    pem_autogen=False,
    pgp_autogen=False,
    secure_logging=True,
)
SAID_BY_PROVIDER = "Response Details"  # how apprise begins the line in which it logs a provider's answer

_lines: ContextVar[list[str] | None] = ContextVar("lines", default=None)


def send(envelope: Envelope) -> Outcome:
    """Hand one message over. Apprise says yes or no; why it was no is in its log, which becomes the answer."""
    service = apprise.Apprise.instantiate(envelope.address, asset=ASSET)
    if service is None:
        return PermanentFailure("apprise does not understand this address")
    if not service.enabled:
        return PermanentFailure(f"apprise lacks what {service.service_name} needs on this machine")
    service.redirects = False
    service.socket_connect_timeout = settings.CHANNEL_CONNECT_TIMEOUT.total_seconds()
    service.socket_read_timeout = settings.CHANNEL_TIMEOUT.total_seconds()
    lines: list[str] = []
    token = _lines.set(lines)
    try:
        with resolver.only_public_targets() as refused, cut_off(after=settings.CHANNEL_TIMEOUT):
            is_sent = _notify(service, envelope)
    finally:
        _lines.reset(token)
    return _outcome(bool(is_sent), refused, "\n".join(lines))


def _notify(service: apprise.plugins.NotifyBase, envelope: Envelope) -> bool:
    kind = apprise.NotifyType.WARNING if envelope.kind == MessageKind.PAGE else apprise.NotifyType.INFO
    return bool(
        service.notify(
            title=envelope.subject,
            body=f"{envelope.body}\n{envelope.url}".strip(),
            notify_type=kind,
            body_format=apprise.NotifyFormat.TEXT,
        )
    )


def _outcome(is_sent: bool, refused: list[str], said: str) -> Outcome:
    if is_sent:
        return Accepted(said or "Accepted")
    if refused:
        return PermanentFailure(refused[0])
    return TemporaryFailure(said or "apprise says no, and not why")


class Listener(logging.Handler):
    """Keeps what apprise logs while this thread sends. It goes no further: its lines may carry secrets."""

    def emit(self, record: logging.LogRecord) -> None:
        lines, said = _lines.get(), record.getMessage()
        if lines is not None and (record.levelno >= logging.INFO or said.startswith(SAID_BY_PROVIDER)):
            lines.append(said)


_log = logging.getLogger("apprise")
_log.setLevel(logging.DEBUG)
_log.propagate = False
_log.addHandler(Listener())
