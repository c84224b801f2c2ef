"""What the gate and a turn must know of one person, read in the transaction that acts on it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """Today's consent to one purpose on one channel, as folded from the ledger.

    `state`: none, pending, granted, withdrawn. `at` in ms. `ledger_seq` is the line that proves it.
    """

    purpose: str
    channel: str
    state: str
    basis: str
    at: int
    ledger_seq: int
    double_opt_in: str | None = None


@dataclass(frozen=True, slots=True)
class SuppressionRow:
    """One standing refusal of the number. None means all of them. `at` in ms."""

    sender: str | None
    brand: str | None
    purpose: str | None
    channel: str | None
    at: int
    via: str
    chosen: bool = False
    reply_to_kind: str | None = None

    def reaches(self, brand: str, senders: Collection[str]) -> bool:
        """Whether it speaks of this brand and of one of these senders or pools."""
        return self.brand in (None, brand) and (self.sender is None or self.sender in senders)


@dataclass(frozen=True, slots=True)
class Standing:
    """A person as they stand now. `number` is E.164 in clear: never log it.

    A turn works on `guard` itself, so that the gate sees what the turn has noted.

    `guard` keeps recent times and keyed hashes: `marketing` (times of marketing sends of the last
    seven days), `auto` (times of automatic replies of the last five minutes), `exchange` (mark of
    the last exchange and how often it came in a row), `stopped_at`, `confirmed_stop_at`,
    `clarify` (a clarification is open since), `greeted` (conversation that was told a machine
    answers). `spent_micros` is the brand's cost of the day so far.
    """

    person_id: str
    brand: str
    number: str
    number_hmac: bytes
    language: str
    country: str | None
    zone: str | None
    version: int
    guard: dict[str, Any] = field(default_factory=dict)
    consents: tuple[ConsentRow, ...] = ()
    suppressions: tuple[SuppressionRow, ...] = ()
    last_heard_at: int | None = None
    spent_micros: int = 0
