"""Ids: 26-character ULIDs, sortable by the millisecond they were made in.

>>> make(0, bytes(10))
'00000000000000000000000000'
"""

from __future__ import annotations

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


def made_at(ulid: str) -> int:
    """Give back the millisecond that a ULID was made in."""
    value = 0
    for char in ulid[:10]:
        value = value * 32 + _ALPHABET.index(char)
    return value
