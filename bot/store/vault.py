"""Personal data at rest: AES-GCM under a key per person, and keyed hashes to look numbers up.

A person's key is random and stored wrapped by the master key, so destroying it (erasure) makes
every text, number and answer of that person unreadable while rows and chains stay in place.
Layout of a sealed value: version byte, 12 bytes of nonce, ciphertext with its tag. The associated
data is the column and the person's id: a value cannot be moved to another column or person.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.store.tables import SealedBytes

_VERSION = b"\x01"
Entropy = Callable[[int], bytes]


class Unreadable(Exception):
    """A sealed value cannot be opened: its key was destroyed, or it was moved or changed."""


@lru_cache(maxsize=4096)
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(key)


class PersonKey:
    """The key of one person, unwrapped. Seals and opens what belongs to them."""

    __slots__ = ("_cipher", "_entropy", "_key", "person_id")

    def __init__(self, person_id: str, key: bytes, entropy: Entropy) -> None:
        self.person_id = person_id
        self._cipher = _cipher(key)
        self._key = key
        self._entropy = entropy

    @property
    def salt(self) -> bytes:
        """The salt of this person's commitments; it is gone when their key is."""
        return hashlib.sha256(b"parley commitments" + self._key).digest()

    def seal(self, column: str, clear: str | bytes) -> SealedBytes:
        """Encrypt a value for `column` (such as "message.body")."""
        data = clear.encode("utf-8") if isinstance(clear, str) else clear
        nonce = self._entropy(12)
        tied = f"{column}|{self.person_id}".encode()
        return SealedBytes(_VERSION + nonce + self._cipher.encrypt(nonce, data, tied))

    def open(self, column: str, sealed: bytes) -> bytes:
        """Decrypt what `seal` gave for the same column. Raises Unreadable."""
        tied = f"{column}|{self.person_id}".encode()
        try:
            return self._cipher.decrypt(sealed[1:13], bytes(sealed[13:]), tied)
        except Exception as error:
            raise Unreadable(f"{column} of {self.person_id}") from error

    def open_text(self, column: str, sealed: bytes | None) -> str:
        """Decrypt a text; an absent one is empty."""
        return "" if sealed is None else self.open(column, sealed).decode("utf-8")


class Vault:
    """The master key and what is derived from it (HKDF-SHA256, RFC 5869, one label a use)."""

    def __init__(self, master: bytes, entropy: Entropy) -> None:
        if len(master) < 32:
            raise ValueError("the master key needs at least 32 bytes")
        self._entropy = entropy
        self._wrap = AESGCM(self._derive(master, b"wrap person keys"))
        self._lookup = self._derive(master, b"look up numbers")
        self._marks = self._derive(master, b"mark exchanges")
        self.key_id = hashlib.sha256(self._lookup).hexdigest()[:16]

    @staticmethod
    def _derive(master: bytes, label: bytes) -> bytes:
        return HKDF(SHA256(), 32, salt=None, info=b"parley " + label).derive(master)

    def number_hmac(self, e164: str) -> bytes:
        """The keyed hash of a number (16 bytes), the same in all brands."""
        return hmac.digest(self._lookup, e164.encode(), "sha256")[:16]

    def mark(self, text: str) -> str:
        """A short keyed hash of a text, to notice a repeat without keeping the words."""
        return hmac.digest(self._marks, text.encode("utf-8", "replace"), "sha256")[:6].hex()

    def new_key(self, person_id: str) -> tuple[PersonKey, bytes]:
        """Make a person's key; gives it and its wrapped form for `person_key.wrapped`."""
        key = self._entropy(32)
        nonce = self._entropy(12)
        wrapped = nonce + self._wrap.encrypt(nonce, key, person_id.encode())
        return PersonKey(person_id, key, self._entropy), wrapped

    def unwrap(self, person_id: str, wrapped: bytes | None) -> PersonKey:
        """Open a person's key. Raises Unreadable when it was destroyed or is not theirs."""
        if wrapped is None:
            raise Unreadable(f"the key of {person_id} was destroyed")
        return PersonKey(person_id, _unwrap(self._wrap, person_id, bytes(wrapped)), self._entropy)


@lru_cache(maxsize=4096)
def _unwrap(wrap: AESGCM, person_id: str, wrapped: bytes) -> bytes:
    try:
        return wrap.decrypt(wrapped[:12], wrapped[12:], person_id.encode())
    except Exception as error:
        raise Unreadable(f"the key of {person_id} does not open") from error
