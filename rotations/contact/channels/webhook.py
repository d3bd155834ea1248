"""A signed POST to an address of the person's own.

The receiver checks `X-Tandem-Signature: t=<seconds>,v1=<hex>`: HMAC-SHA256, keyed with the contact point's secret, over
"<seconds>." followed by the body as received. docs say so to users; a change here breaks every receiver.
"""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPException

from django.conf import settings
from urllib3 import BaseHTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.util import Url, parse_url
from urllib3.util.ssl_match_hostname import CertificateError

from rotations.contact.channels import guard
from rotations.contact.channels.deadline import cut_off
from rotations.contact.channels.envelope import Accepted, Envelope, Outcome, PermanentFailure, TemporaryFailure

ANSWER_BYTES = 1000
WORTH_RETRYING = {408, 425, 429}
NO_CONNECTION = (HTTPError, CertificateError, OSError)


def send(envelope: Envelope) -> Outcome:
    """Post one message. 2xx is accepted; 408, 425, 429 and 5xx are temporary; redirects and the rest are for good."""
    url, body = parse_url(envelope.address), _body(envelope)
    headers = {
        "Host": url.netloc or "",
        "Content-Type": "application/json",
        "User-Agent": "Tandem",
        "X-Tandem-Delivery": str(envelope.delivery_id),
        "X-Tandem-Signature": signature(body, envelope.secret, envelope.sent_at),
    }
    try:
        with cut_off(after=settings.CHANNEL_TIMEOUT):
            return _post(url, body, headers, envelope.sent_at)
    except guard.ForbiddenTargetError as error:
        return PermanentFailure(str(error))
    except (*NO_CONNECTION, HTTPException) as error:
        return TemporaryFailure(f"{type(error).__name__}: {error}")


def signature(body: bytes, secret: str, at: datetime) -> str:
    """What proves that the body is ours and how old it is."""
    seconds = int(at.timestamp())
    signed = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256)
    return f"t={seconds},v1={signed.hexdigest()}"


def _body(envelope: Envelope) -> bytes:
    said = {
        "delivery": envelope.delivery_id,
        "attempt": envelope.attempt,
        "kind": envelope.kind,
        "recipient": envelope.recipient,
        "subject": envelope.subject,
        "body": envelope.body,
        "url": envelope.url,
        "written_at": envelope.written_at.isoformat(),
    }
    return json.dumps(said, ensure_ascii=False).encode()


def _post(url: Url, body: bytes, headers: dict[str, str], at: datetime) -> Outcome:
    connection = _connect(url)
    try:
        connection.request("POST", url.request_uri, body=body, headers=headers, preload_content=False)
        response = connection.getresponse()
        return _outcome(response, response.read(ANSWER_BYTES, decode_content=False), at)
    finally:
        connection.close()


def _connect(url: Url) -> HTTPConnection:
    """Connect to the first of the host's checked addresses that answers, under the host's own name."""
    host = (url.host or "").strip("[]")
    port = url.port or (443 if url.scheme == "https" else 80)
    error: Exception = OSError(f"{host} has no address")
    for address in guard.addresses(host, port):
        connection = _connection(url.scheme == "https", address, port, host)
        try:
            connection.connect()
        except NO_CONNECTION as refused:
            error = refused
            connection.close()
        else:
            connection.sock.settimeout(settings.CHANNEL_TIMEOUT.total_seconds())
            connection.timeout = settings.CHANNEL_TIMEOUT.total_seconds()
            return connection
    raise error


def _connection(is_tls: bool, address: str, port: int, host: str) -> HTTPConnection:
    timeout = settings.CHANNEL_CONNECT_TIMEOUT.total_seconds()
    if is_tls:
        return HTTPSConnection(address, port, timeout=timeout, server_hostname=host, assert_hostname=host)
    return HTTPConnection(address, port, timeout=timeout)


def _outcome(response: BaseHTTPResponse, said: bytes, at: datetime) -> Outcome:
    answer = f"HTTP {response.status} {response.reason or ''}\n{said.decode(errors='replace')}".strip()
    if 200 <= response.status < 300:
        return Accepted(answer)
    if response.status in WORTH_RETRYING or response.status >= 500:
        return TemporaryFailure(answer, _retry_after(response.headers.get("Retry-After", ""), at))
    return PermanentFailure(answer)


def _retry_after(value: str, at: datetime) -> timedelta:
    """Read the header, in seconds or as a date; nothing where it is neither."""
    if value.isascii() and value.isdigit():
        return timedelta(seconds=min(int(value), 86_400))
    try:
        return max(parsedate_to_datetime(value).astimezone(UTC) - at, timedelta())
    except ValueError:
        return timedelta()
