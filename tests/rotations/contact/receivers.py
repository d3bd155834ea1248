"""Real receivers on loopback: mail servers and web servers that accept, refuse, hang and hang up."""

import json
import socket
import ssl
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from aiosmtpd.controller import Controller

from tests.servers import free_port


@dataclass
class Received:
    """What a web server got."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict:
        return json.loads(self.body)


@dataclass
class WebReceiver:
    port: int
    requests: list[Received] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/pages"


def answers(status: int, body: bytes = b"thank you", **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    """A web server that always says the same."""

    def handle(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return handle


ACCEPTS = answers(200)


def drips(handler: BaseHTTPRequestHandler) -> None:
    """A web server that sends a byte now and then, for ever."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    done = handler.server.closing
    while not done.wait(0.1):
        try:
            handler.wfile.write(b".")
            handler.wfile.flush()
        except OSError:
            return


def hangs(handler: BaseHTTPRequestHandler) -> None:
    """A web server that never answers."""
    handler.server.closing.wait(30)


def resets(handler: BaseHTTPRequestHandler) -> None:
    """A web server that hangs up in the middle."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.wfile = handler.rfile


class _Server(ThreadingHTTPServer):
    request_queue_size = 64

    def handle_error(self, request, client_address) -> None:
        """What a test's receiver does wrong is the point of the test."""


@contextmanager
def web_server(
    behave: Callable[[BaseHTTPRequestHandler], None] = ACCEPTS, certificate: Path | None = None
) -> Iterator[WebReceiver]:
    """A web server; with the folder of a `certificate` it speaks TLS."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            receiver.requests.append(Received(self.path, dict(self.headers), body))
            behave(self)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = _Server(("127.0.0.1", 0), Handler)
    server.closing = threading.Event()
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    receiver = WebReceiver(server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=[0.02])
    thread.start()
    try:
        yield receiver
    finally:
        server.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


def certificate(folder: Path, host: str) -> Path:
    """Make a certificate of one's own for a host name; return the file that a client must trust."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder / "cert.pem"


@dataclass
class MailReceiver:
    """An aiosmtpd handler. `refusals` are the answers to the next RCPT commands; then it accepts."""

    refusals: list[str] = field(default_factory=list)
    mails: list = field(default_factory=list)
    port: int = 0

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if self.refusals:
            return self.refusals.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.mails.append(envelope)
        return f"250 2.0.0 Ok: queued as {len(self.mails):04d}"


@contextmanager
def mail_server(*refusals: str) -> Iterator[MailReceiver]:
    receiver = MailReceiver(list(refusals), port=free_port())
    controller = Controller(receiver, hostname="127.0.0.1", port=receiver.port)
    controller.start()
    try:
        yield receiver
    finally:
        controller.stop()


@contextmanager
def server_that_drips_its_handshake() -> Iterator[int]:
    """Begins a TLS record that is as long as they come, and sends a byte of it now and then; yields its port."""
    closing = threading.Event()

    def drip(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.sendall(b"\x16\x03\x03\x40\x00")
            while not closing.wait(0.1):
                connection.sendall(b".")

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=lambda: drip(server.accept()[0]), daemon=True).start()
        yield server.getsockname()[1]
        closing.set()


@contextmanager
def silent_server() -> Iterator[int]:
    """Accepts connections and never says a word; yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]
