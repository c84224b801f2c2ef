"""Ids: 26-character ULIDs, sortable by the millisecond they were made in.

>>> make(0, bytes(10))
'00000000000000000000000000'
"""

from __future__ import annotations

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [a + b for a in _ALPHABET for b in _ALPHABET]


def make(now_ms: int, entropy: bytes) -> str:
    """Make the ULID of `now_ms` (ms since the epoch) and ten bytes of entropy.

    Source of the format: https://github.com/ulid/spec (48 bits of time, 80 of chance, Crockford
    base 32). Two characters are looked up at a time, because ids are made several times a turn.
    """
    value = (now_ms << 80) | int.from_bytes(entropy, "big")
    return "".join(_PAIRS[(value >> shift) & 1023] for shift in range(120, -1, -10))


def made_at(ulid: str) -> int:
    """Give back the millisecond that a ULID was made in."""
    value = 0
    for char in ulid[:10]:
        value = value * 32 + _ALPHABET.index(char)
    return value
