"""A last moment for a connection: timeouts count from byte to byte, so a server that drips would hold us for hours."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def cut_off(connected: socket.socket | None, seconds: float) -> Iterator[None]:
    """Shut the connection down after so many seconds; whoever reads from it then finds it closed."""
    timer = threading.Timer(max(seconds, 0), _shut, [connected])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _shut(connected: socket.socket | None) -> None:
    if connected is not None:
        with suppress(OSError):
            connected.shutdown(socket.SHUT_RDWR)
