"""Reads for a page that shows one person's conversation: its texts, their fate, why, the ledger.

thread = read_thread(conn, vault, "margot", "+33639984107")
[line.body for line in thread.lines]
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, func, or_, select

from bot.store.tables import (
    consent,
    conversation,
    event,
    ledger,
    message,
    person,
    person_key,
    session,
    suppression,
)
from bot.store.vault import PersonKey, Unreadable, Vault

LONGEST = 200
"""Texts of a thread that are read, the latest ones."""
HAND_CHANGES = ("handed_off", "given_back")


@dataclass(frozen=True, slots=True)
class Line:
    """One text. Times in ms; `body` is None when its key was destroyed.

    `decision` is the gate's record (reason, findings ...), `trace` the race of who heard the text:
    codes and ids only, as they were written.
    """

    id: str
    direction: str
    at: int
    body: str | None
    kind: str
    state: str
    language: str | None
    sender: str
    flow: str | None
    step: str | None
    purpose: str | None
    campaign: str | None
    promotes: bool
    conversation_id: str | None
    in_reply_to: str | None
    due_at: int | None
    handed_over_at: int | None
    settled_at: int | None
    error: str | None
    parts: int
    cost_micros: int
    decision: Mapping[str, Any]
    trace: Sequence[Mapping[str, Any]]

    @property
    def ours(self) -> bool:
        """Whether we sent it or would have; otherwise the person did."""
        return self.direction == "out"


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """A line of the consent ledger: `said` is what was hashed, as plain data."""

    seq: int
    event: str
    at: int
    message_id: str | None
    hash: str
    prev_hash: str
    said: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class HandChange:
    """The conversation went to a person of a team, or back to the bot; `at` in ms."""

    at: int
    kind: str
    team: str | None


@dataclass(frozen=True, slots=True)
class Thread:
    """Everything a page shows of one person. A person we never heard of has no id and no lines.

    `owner` is bot or person while a conversation runs; `consents` maps a purpose to its state;
    `stopped_at` (ms) is when the number said stop to us, as long as that stands.
    """

    brand: str
    number: str
    person_id: str | None = None
    language: str | None = None
    lines: tuple[Line, ...] = ()
    ledger: tuple[LedgerLine, ...] = ()
    hands: tuple[HandChange, ...] = ()
    owner: str | None = None
    flow: str | None = None
    step: str | None = None
    team: str | None = None
    consents: Mapping[str, str] = field(default_factory=dict)
    stopped_at: int | None = None

    def line(self, id_: str) -> Line | None:
        """The text with that id, when it is in this thread."""
        return next((line for line in self.lines if line.id == id_), None)

    def replies_to(self, id_: str) -> tuple[Line, ...]:
        """Our answers to a text."""
        return tuple(line for line in self.lines if line.in_reply_to == id_)

    def ledger_of(self, ids: Sequence[str]) -> tuple[LedgerLine, ...]:
        """The ledger lines that these texts wrote."""
        return tuple(line for line in self.ledger if line.message_id in ids)


def read_thread(
    conn: Connection, vault: Vault, brand: str, number: str, limit: int = LONGEST
) -> Thread:
    """The thread of a number (E.164) with a brand, its latest `limit` texts, oldest first."""
    found = conn.execute(
        select(person.c.id, person.c.language, person_key.c.wrapped)
        .select_from(person.outerjoin(person_key, person_key.c.person_id == person.c.id))
        .where(person.c.brand == brand, person.c.number_hmac == vault.number_hmac(number))
    ).first()
    if found is None:
        return Thread(brand, number)
    key = _key(vault, found.id, found.wrapped)
    running = conn.execute(
        select(session.c.owner, session.c.flow, session.c.step).where(
            session.c.brand == brand, session.c.person_id == found.id
        )
    ).first()
    return Thread(
        brand=brand,
        number=number,
        person_id=found.id,
        language=found.language,
        lines=_lines(conn, brand, found.id, key, limit),
        ledger=_ledger(conn, brand, found.id),
        hands=_hands(conn, brand, found.id),
        owner=running.owner if running else None,
        flow=running.flow if running else None,
        step=running.step if running else None,
        team=_team(conn, brand, found.id),
        consents=_consents(conn, found.id),
        stopped_at=_stopped_at(conn, brand, vault.number_hmac(number)),
    )


def _key(vault: Vault, person_id: str, wrapped: bytes | None) -> PersonKey | None:
    try:
        return vault.unwrap(person_id, wrapped)
    except Unreadable:
        return None


def _lines(
    conn: Connection, brand: str, person_id: str, key: PersonKey | None, limit: int
) -> tuple[Line, ...]:
    rows = conn.execute(
        select(message)
        .where(message.c.brand == brand, message.c.person_id == person_id)
        .order_by(message.c.created_at.desc(), message.c.direction.desc(), message.c.id.desc())
        .limit(limit)
    ).all()
    return tuple(_line(row._mapping, key) for row in reversed(rows))


def _line(row: Mapping[Any, Any], key: PersonKey | None) -> Line:
    return Line(
        id=row["id"],
        direction=row["direction"],
        at=row["created_at"],
        body=_body(row["body"], key),
        kind=row["kind"],
        state=row["state"],
        language=row["language"],
        sender=row["sender"],
        flow=row["flow"],
        step=row["step"],
        purpose=row["purpose"],
        campaign=row["campaign"],
        promotes=bool(row["promotes"]),
        conversation_id=row["conversation_id"],
        in_reply_to=row["in_reply_to"],
        due_at=row["due_at"],
        handed_over_at=row["handed_over_at"],
        settled_at=row["settled_at"],
        error=row["error"],
        parts=row["parts"],
        cost_micros=row["cost_micros"],
        decision=row["decision"] or {},
        trace=tuple(row["trace"] or ()),
    )


def _body(sealed: bytes | None, key: PersonKey | None) -> str | None:
    if sealed is None:
        return ""
    try:
        return None if key is None else key.open_text("message.body", sealed)
    except Unreadable:
        return None


def _ledger(conn: Connection, brand: str, person_id: str) -> tuple[LedgerLine, ...]:
    rows = conn.execute(
        select(ledger)
        .where(ledger.c.brand == brand, ledger.c.person_id == person_id)
        .order_by(ledger.c.seq)
    )
    return tuple(
        LedgerLine(
            row.seq, row.event, row.at, row.message_id, row.hash, row.prev_hash,
            json.loads(row.line),
        )
        for row in rows
    )  # fmt: skip


def _hands(conn: Connection, brand: str, person_id: str) -> tuple[HandChange, ...]:
    rows = conn.execute(
        select(event.c.at, event.c.kind, event.c.data)
        .where(
            event.c.brand == brand,
            event.c.person_id == person_id,
            event.c.kind.in_(HAND_CHANGES),
        )
        .order_by(event.c.at)
    )
    return tuple(HandChange(row.at, row.kind, (row.data or {}).get("team")) for row in rows)


def _team(conn: Connection, brand: str, person_id: str) -> str | None:
    """The team that has the person's conversation, when one has."""
    return conn.scalar(
        select(conversation.c.team)
        .where(
            conversation.c.brand == brand,
            conversation.c.person_id == person_id,
            conversation.c.state == "person",
        )
        .order_by(conversation.c.began_at.desc())
        .limit(1)
    )


def _consents(conn: Connection, person_id: str) -> dict[str, str]:
    rows = conn.execute(
        select(consent.c.purpose, consent.c.state).where(
            consent.c.person_id == person_id, consent.c.channel == "sms"
        )
    )
    return {row.purpose: row.state for row in rows}


def _stopped_at(conn: Connection, brand: str, number_hmac: bytes) -> int | None:
    found: int | None = conn.scalar(
        select(func.min(suppression.c.at)).where(
            suppression.c.number_hmac == number_hmac,
            suppression.c.lifted_at.is_(None),
            or_(suppression.c.brand.is_(None), suppression.c.brand == brand),
        )
    )
    return found
