"""Ids: 26-character ULIDs, sortable by the millisecond they were made in.

>>> make(0, bytes(10))
'00000000000000000000000000'
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [a + b for a in _ALPHABET for b in _ALPHABET]


@lru_cache(maxsize=64)
def _time(now_ms: int) -> str:
    return "".join(_ALPHABET[(now_ms >> shift) & 31] for shift in range(45, -1, -5))


def make(now_ms: int, entropy: bytes) -> str:
    """Make the ULID of `now_ms` (ms since the epoch) and ten bytes of entropy.

    Source of the format: https://github.com/ulid/spec (48 bits of time, 80 of chance, Crockford
    base 32). Two characters are looked up at a time, because ids are made several times a turn.
    """
    v = int.from_bytes(entropy, "big")
    p = _PAIRS
    return (
        f"{_time(now_ms)}{p[v >> 70]}{p[v >> 60 & 1023]}{p[v >> 50 & 1023]}{p[v >> 40 & 1023]}"
        f"{p[v >> 30 & 1023]}{p[v >> 20 & 1023]}{p[v >> 10 & 1023]}{p[v & 1023]}"
    )


class Maker:
    """Makes ids that rise, also within a millisecond: the texts of one turn keep their order.

    `now_ms` gives ms since the epoch, `entropy(n)` n random bytes. Safe for many threads.
    """

    __slots__ = ("_chance", "_entropy", "_last", "_lock", "_now_ms")

    def __init__(self, now_ms: Callable[[], int], entropy: Callable[[int], bytes]) -> None:
        self._now_ms = now_ms
        self._entropy = entropy
        self._lock = threading.Lock()
        self._last = -1
        self._chance = 0

    def __call__(self) -> str:
        now = self._now_ms()
        with self._lock:
            if now > self._last:
                self._last = now
                # Half of the range is left for the ids that follow in the same millisecond.
                self._chance = int.from_bytes(self._entropy(10), "big") >> 1
            else:
                self._chance += 1
            return make(self._last, self._chance.to_bytes(10, "big"))


def made_at(ulid: str) -> int:
    """Give back the millisecond that a ULID was made in."""
    value = 0
    for char in ulid[:10]:
        value = value * 32 + _ALPHABET.index(char)
    return value
