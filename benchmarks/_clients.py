"""Senders of events: processes of their own, each with one connection that it keeps."""

import json
import multiprocessing
import os
import socket
import time
from collections.abc import Sequence
from multiprocessing.queues import Queue

Sent = list[tuple[str, float]]  # dedup keys, and when their 202 arrived


def send_for(port: int, keys: Sequence[str], *, seconds: float, clients: int, repeat: int = 0) -> tuple[float, Sent]:
    """Send as fast as it goes; the events accepted per second, and every 20th with the instant of its answer.

    With `repeat` each client goes round that many dedup keys for ever, else each event has a key of its own.
    """
    context = multiprocessing.get_context("spawn")
    results: Queue[tuple[int, float, Sent]] = context.Queue()
    processes = [
        context.Process(target=_client, args=(port, keys[n::clients] or keys, seconds, repeat, results))
        for n in range(clients)
    ]
    for process in processes:
        process.start()
    counted = [results.get() for _ in processes]
    for process in processes:
        process.join()
    rate = sum(count / elapsed for count, elapsed, _sent in counted)
    return rate, [one for _count, _elapsed, sent in counted for one in sent]


def _client(port: int, keys: Sequence[str], seconds: float, repeat: int, results: object) -> None:
    sender, sent = Sender(port), []
    begun, count = time.monotonic(), 0
    name = f"client {os.getpid()}"
    while time.monotonic() - begun < seconds:
        dedup = f"{name}-{count % repeat if repeat else count}"
        sender.send(keys[count % len(keys)], dedup)
        count += 1
        if count % 20 == 0:
            sent.append((dedup, time.time()))
    results.put((count, time.monotonic() - begun, sent))  # type: ignore[attr-defined]


class Sender:
    """One keep-alive connection."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, key: str, dedup: str) -> None:
        """POST one event and wait for its 202."""
        event = {"routing_key": key, "event_action": "trigger", "dedup_key": dedup, "payload": PAYLOAD}
        body = json.dumps(event).encode()
        self.socket.sendall(HEAD % len(body) + body)
        answer = self.socket.recv(4096)
        while b"}" not in answer:
            answer += self.socket.recv(4096)
        assert answer.startswith(b"HTTP/1.1 202"), answer


HEAD = b"POST /v2/enqueue HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
PAYLOAD = {
    "summary": "Payout webhooks failing: 14 % of calls to psp-gateway return 5xx",
    "source": "prometheus-eu-1",
    "severity": "error",
    "component": "psp-gateway",
    "custom_details": {"firing": "PayoutWebhook5xxHigh", "num_firing": "1", "region": "eu-central-1"},
}
