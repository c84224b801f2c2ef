"""Time, ids and chance for tests: all moved by hand, all the same on every run."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot import ids

START = datetime(2026, 3, 2, 10, 58, tzinfo=UTC)  # a Monday, 11:58 in Paris


@dataclass
class VirtualClock:
    """A clock that stands still until a test moves it. Calling it gives ms since the epoch."""

    moment: datetime = START

    def __call__(self) -> int:
        return round(self.moment.timestamp() * 1000)

    @property
    def now_ms(self) -> int:
        return self()

    def forward(self, **how_long: float) -> int:
        """Move forward by `timedelta(**how_long)`, such as `minutes=20`; returns the new ms."""
        self.moment += timedelta(**how_long)
        return self()

    def to(self, when: str, zone: str = "Europe/Paris") -> int:
        """Move to a local time such as `2026-03-03 07:59`; returns the new ms."""
        self.moment = datetime.fromisoformat(when).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        return self()


class Dice:
    """Bytes and numbers that look like chance and repeat exactly: SHA-256 over a counter."""

    def __init__(self, seed: str = "parley") -> None:
        self._seed = seed
        self._count = 0

    def bytes(self, length: int) -> bytes:
        found = b""
        while len(found) < length:
            self._count += 1
            found += hashlib.sha256(f"{self._seed}:{self._count}".encode()).digest()
        return found[:length]

    def __call__(self) -> float:
        """A number from 0 up to, not including, 1."""
        return int.from_bytes(self.bytes(6), "big") / 2**48

    def below(self, limit: int) -> int:
        """A whole number from 0 up to, not including, `limit`."""
        return int(self() * limit)


class Ids:
    """Makes ids in rising order, at a clock's time."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._count = 0

    def __call__(self) -> str:
        self._count += 1
        return ids.make(self._clock(), self._count.to_bytes(10, "big"))
