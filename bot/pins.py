"""PINs of the shop's staff: kept as scrypt hashes, made by `parley pin`, compared in constant time.

A PIN is short, so its hash is slow on purpose (about 50 ms), and five wrong ones lock the number.

>>> check_pin("4817", hash_pin("4817", b"sixteen bytes ok"))
True
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

PIN = re.compile(r"[0-9]{4,8}")
_N, _R, _P = 2**14, 8, 1  # RFC 7914; 16 MiB and about 50 ms a try
_LENGTH = 32  # bytes


def hash_pin(pin: str, salt: bytes) -> str:
    """What `brand.yml` keeps as `pin_hash`: `scrypt$n$r$p$salt$hash`, both in base64.

    `salt` is 16 random bytes, handed in. Raises ValueError for anything but 4 to 8 digits.
    """
    if not PIN.fullmatch(pin):
        raise ValueError("a PIN is 4 to 8 digits")
    return f"scrypt${_N}${_R}${_P}${_text(salt)}${_text(_derive(pin, salt, _N, _R, _P))}"


def check_pin(pin: str, pin_hash: str) -> bool:
    """Whether `pin` is the one that was hashed; false for a hash that cannot be read."""
    try:
        kind, n, r, p, salt, wanted = pin_hash.split("$")
        known = base64.b64decode(wanted, validate=True)
        found = _derive(pin, base64.b64decode(salt, validate=True), int(n), int(r), int(p))
    except ValueError:
        return False
    return kind == "scrypt" and hmac.compare_digest(found, known)


def _derive(pin: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, n=n, r=r, p=p, dklen=_LENGTH, maxmem=2**26)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
