"""A load that costs little: requests made and signed beforehand, raw sockets, one thread.

The two cores of a small machine are for the server and its database; a client that eats one of
them would measure itself.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Taken:
    """What a load measured: answers, how long each took (ms), and which were not 200."""

    answers: int = 0
    seconds: float = 0.0
    times_ms: list[float] = field(default_factory=list)
    failures: int = 0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """The time (ms) below which that share of the answers lies."""
        ordered = sorted(self.times_ms)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


class _Line:
    """One kept-alive connection with at most one request under way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.began = 0.0
        self.buffer = b""

    def ask(self, request: bytes) -> None:
        self.began = time.perf_counter()
        self.buffer = b""
        self.socket.sendall(request)

    def answered(self) -> int | None:
        """Read what came; the status once the answer is whole, None before. 0: cut off."""
        piece = self.socket.recv(65536)
        if not piece:
            return 0
        self.buffer += piece
        head, end, body = self.buffer.partition(b"\r\n\r\n")
        if not end:
            return None
        length = 0
        for line in head.split(b"\r\n"):
            if line[:15].lower() == b"content-length:":
                length = int(line[15:])
        return int(head[9:12]) if len(body) >= length else None


def run(port: int, requests: Sequence[bytes], *, connections: int, seconds: float) -> Taken:
    """Send `requests` in order over kept-alive connections until `seconds` are over."""
    taken = Taken()
    waiting: Iterator[bytes] = iter(requests)
    lines = [_Line(port) for _ in range(connections)]
    with selectors.DefaultSelector() as watched:
        began = time.perf_counter()
        until = began + seconds
        under_way = 0
        for line in lines:
            watched.register(line.socket, selectors.EVENT_READ, line)
            request = next(waiting, None)
            if request is not None:
                line.ask(request)
                under_way += 1
        while under_way:
            for key, _mask in watched.select(timeout=10):
                line = key.data
                status = line.answered()
                if status is None:
                    continue
                now = time.perf_counter()
                taken.answers += 1
                taken.failures += status != 200
                taken.times_ms.append((now - line.began) * 1000)
                under_way -= 1
                request = next(waiting, None) if now < until and status else None
                if request is not None:
                    line.ask(request)
                    under_way += 1
        taken.seconds = time.perf_counter() - began
    for line in lines:
        line.socket.close()
    return taken


def form_request(port: int, path: str, signature: str, body: bytes) -> bytes:
    """A signed form POST as bytes, ready to be sent."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\nX-Twilio-Signature: {signature}\r\n"
        "Accept: */*\r\nUser-Agent: TwilioProxy/1.1\r\n\r\n"
    ).encode() + body
