"""Holds libraries that open connections of their own to the rule of `guard`.

Loading this module puts a check before `socket.getaddrinfo`, which urllib3, requests and smtplib all ask, for literal
addresses and redirects too. It acts inside `only_public_targets` alone. Only the deliver worker loads it.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from rotations.contact.channels import guard

_refused: ContextVar[list[str] | None] = ContextVar("refused", default=None)
_resolve = socket.getaddrinfo


@contextmanager
def only_public_targets() -> Iterator[list[str]]:
    """Every name that is resolved in this context must be a public one. Yields the list of what was refused."""
    refused: list[str] = []
    token = _refused.set(refused)
    try:
        yield refused
    finally:
        _refused.reset(token)


def _resolve_and_check(host: Any, *args: Any, **kwargs: Any) -> list[tuple[Any, ...]]:
    answers: list[tuple[Any, ...]] = _resolve(host, *args, **kwargs)
    refused = _refused.get()
    if refused is not None:
        name = host.decode() if isinstance(host, bytes) else str(host)
        try:
            guard.check(name, [str(answer[4][0]) for answer in answers])
        except guard.ForbiddenTargetError as error:
            refused.append(str(error))
            raise
    return answers


socket.getaddrinfo = _resolve_and_check
