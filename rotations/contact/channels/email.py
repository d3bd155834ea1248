"""E-mail through Django's backend, as text and as HTML, with the mail server's own answer."""

import smtplib
from email.utils import formatdate, parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend
from django.template.loader import render_to_string
from urllib3.util import parse_url

from rotations.contact.channels.deadline import cut_off
from rotations.contact.channels.envelope import Accepted, Envelope, Outcome, PermanentFailure, TemporaryFailure

SMTP = "django.core.mail.backends.smtp.EmailBackend"


def send(envelope: Envelope) -> Outcome:
    """Hand one mail to the mail server. Its 4xx is temporary, its 5xx for good."""
    connection = _connection()
    try:
        with cut_off(after=settings.DELIVERY_LEASE):  # each answer may take its time, all together no longer
            _mail(envelope, connection).send()
    except smtplib.SMTPRecipientsRefused as error:
        code, words = next(iter(error.recipients.values()))
        return _refused(code, words)
    except smtplib.SMTPAuthenticationError as error:  # ours to repair, and then the mail goes out
        return TemporaryFailure(_answer(error.smtp_code, error.smtp_error))
    except smtplib.SMTPResponseException as error:
        return _refused(error.smtp_code, error.smtp_error)
    except OSError as error:  # smtplib's other errors are OSErrors too
        return TemporaryFailure(f"{type(error).__name__}: {error}")
    except ValueError as error:  # no mail can be written to this address
        return PermanentFailure(str(error))
    return Accepted(getattr(connection, "answer", "") or "Handed over")


class AnsweringBackend(EmailBackend):
    """Django's SMTP backend, keeping what the server said when it took the mail over ("250 2.0.0 Ok: queued as …")."""

    answer = ""

    @property
    def connection_class(self) -> Any:
        return TalkingSMTPOverTLS if self.use_ssl else TalkingSMTP

    def _send(self, email_message: Any) -> Any:
        sent = super()._send(email_message)  # type: ignore[misc]
        self.answer = getattr(self.connection, "last_answer", "")
        return sent


class TalkingMixin:
    """Remembers the answer to DATA, which smtplib drops."""

    last_answer = ""

    def data(self, msg: Any) -> tuple[int, bytes]:
        code, words = super().data(msg)  # type: ignore[misc]
        self.last_answer = _answer(code, words)
        return code, words


class TalkingSMTP(TalkingMixin, smtplib.SMTP):
    """In plain words, or with STARTTLS."""


class TalkingSMTPOverTLS(TalkingMixin, smtplib.SMTP_SSL):
    """TLS from the first byte."""


def _connection() -> BaseEmailBackend:
    return AnsweringBackend() if settings.EMAIL_BACKEND == SMTP else get_connection()


def _mail(envelope: Envelope, connection: BaseEmailBackend) -> EmailMultiAlternatives:
    """The mail. Its Message-ID is the delivery's: a duplicate after a crash is seen as one by mail programs."""
    host = parse_url(settings.SITE_URL).host or "localhost"
    context = {"envelope": envelope, "host": host}
    mail = EmailMultiAlternatives(
        subject=" ".join(envelope.subject.split()),
        body=render_to_string("rotations/contact/email/message.txt", context),
        to=[envelope.address],
        connection=connection,
        headers={
            "Message-ID": f"<tandem.{envelope.delivery_id}@{host}>",
            "Date": formatdate(envelope.sent_at.timestamp(), localtime=False),
            "List-Id": f"Tandem <tandem.{host}>",
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
        },
    )
    mail.attach_alternative(render_to_string("rotations/contact/email/message.html", context), "text/html")
    if "@" not in parseaddr(envelope.address)[1]:
        raise ValueError(f"{envelope.address} is no e-mail address")
    return mail


def _refused(code: int, words: bytes | str) -> Outcome:
    answer = _answer(code, words)
    return PermanentFailure(answer) if 500 <= code < 600 else TemporaryFailure(answer)


def _answer(code: int, words: bytes | str) -> str:
    return f"{code} {words.decode(errors='replace') if isinstance(words, bytes) else words}"
