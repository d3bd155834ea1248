"""A last moment for a try: timeouts count from byte to byte, so a server that drips would hold a sender for hours.

Libraries keep their connections to themselves, and TLS hides a socket during its handshake. So each connection is
noticed as Python makes it (its audit event) and held by a second handle. Only the deliver worker loads this.
"""

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import timedelta
from typing import Any


class _Try:
    """The connections of one try. Once it is over they are shut, and no further one is made."""

    def __init__(self) -> None:
        self._handles: list[socket.socket] = []
        self._is_over = False
        self._lock = threading.Lock()

    def notice(self, connection: socket.socket) -> None:
        with self._lock:
            if self._is_over:
                raise TimeoutError("the time for this try is over")
            self._handles.append(connection.dup())

    def end(self) -> None:
        """Whoever still reads from a connection finds it closed."""
        with self._lock:
            self._is_over = True
            for handle in self._handles:
                with suppress(OSError):
                    handle.shutdown(socket.SHUT_RDWR)

    def let_go(self) -> None:
        with self._lock:
            for handle in self._handles:
                handle.close()
            self._handles.clear()


_current: ContextVar[_Try | None] = ContextVar("current", default=None)


@contextmanager
def cut_off(*, after: timedelta) -> Iterator[None]:
    """Shut every connection that this thread makes inside the block when so much time is over, and refuse new ones."""
    this = _Try()
    token = _current.set(this)
    timer = threading.Timer(after.total_seconds(), this.end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        _current.reset(token)
        this.let_go()


def _listen(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and (current := _current.get()) is not None:
        current.notice(arguments[0])


sys.addaudithook(_listen)
