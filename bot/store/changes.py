"""All that one turn writes, as plain rows, before any of it is written.

A turn reads, thinks and writes. Between reading and writing nothing is locked: every write is
guarded by the person's version, and a turn that lost the race is simply thought again. So all
writes of a turn are collected here first and applied at once, in one transaction.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from compliance.ledger import LedgerLine

Row = dict[str, Any]


@dataclass(slots=True)
class ConsentChange:
    """A consent as it stands after the ledger line of index `line` in `Changes.ledger`."""

    purpose: str
    channel: str
    state: str
    basis: str
    at: int
    line: int
    double_opt_in: str | None = None


@dataclass(slots=True)
class Lift:
    """Lift what this sender or its pool suppresses for the number (a START by text does).

    `brand` None leaves the refusals of a brand as they are and lifts only the sender's own.
    """

    number_hmac: bytes
    senders: tuple[str, ...]
    brand: str | None
    at: int
    by_message: str


@dataclass(slots=True)
class Withdrawal:
    """A stop that reaches the same number at another brand on the sender: its person, its line."""

    brand: str
    person_id: str
    line: LedgerLine


@dataclass(slots=True)
class Changes:
    """Rows to write for one person. `version` is the version that was read; None: a new person."""

    brand: str
    person_id: str
    version: int | None
    new_person: Row | None = None
    new_key: Row | None = None
    person: Row = field(default_factory=dict)
    session: Row | None = None
    session_gone: bool = False
    conversations: list[Row] = field(default_factory=list)
    conversation_updates: list[Row] = field(default_factory=list)
    messages: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    spend: list[Row] = field(default_factory=list)
    # What follows is rare, and makes the turn take the careful road.
    coupons: list[Row] = field(default_factory=list)
    # Coupons used up now; a row that was used up meanwhile is a conflict.
    redeemed: list[Row] = field(default_factory=list)
    audits: list[Row] = field(default_factory=list)
    wordings: list[Row] = field(default_factory=list)
    ledger: list[LedgerLine] = field(default_factory=list)
    consents: list[ConsentChange] = field(default_factory=list)
    suppressions: list[Row] = field(default_factory=list)
    lifts: list[Lift] = field(default_factory=list)
    withdrawals: list[Withdrawal] = field(default_factory=list)
    # Purposes whose waiting texts to this person are cancelled; "all" is every one.
    cancel: list[str] = field(default_factory=list)
    # Conversations whose question was answered: a nudge about it that still waits is cancelled.
    answered: list[str] = field(default_factory=list)

    @property
    def careful(self) -> bool:
        """Whether anything is to be written that the short road does not know."""
        return bool(
            self.new_person
            or self.coupons
            or self.redeemed
            or self.audits
            or self.wordings
            or self.ledger
            or self.consents
            or self.suppressions
            or self.lifts
            or self.withdrawals
            or self.cancel
            or self.answered
        )
