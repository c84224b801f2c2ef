"""The consent ledger as it is read: each brand's chain in order, and its head.

for brand in brands_with_lines(conn):
    broken = compliance.ledger.verify(chain(conn, brand), head(conn, brand))
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, and_, select

from bot.store.tables import consent, ledger, ledger_head, person
from bot.store.vault import Vault
from compliance.ledger import Sealed

_PIECE = 1_000  # rows read at a time


def brands_with_lines(conn: Connection) -> list[str]:
    """The brands whose chain has begun: by its lines, its head, or a consent that names a line."""
    begun = set(conn.scalars(select(ledger.c.brand).distinct()))
    begun |= set(conn.scalars(select(ledger_head.c.brand)))
    agreed = select(person.c.brand).join(consent, consent.c.person_id == person.c.id).distinct()
    return sorted(begun | set(conn.scalars(agreed)))


def head(conn: Connection, brand: str) -> tuple[int, str] | None:
    """Sequence number and hash of the last line, as written down beside the chain."""
    row = conn.execute(select(ledger_head).where(ledger_head.c.brand == brand)).first()
    return (row.seq, row.hash) if row else None


def chain(conn: Connection, brand: str, person_id: str | None = None) -> Iterator[Sealed]:
    """The lines of a brand in their order; of one person only, where one is named."""
    after = 0
    while True:
        wanted = select(ledger).where(ledger.c.brand == brand, ledger.c.seq > after)
        if person_id is not None:
            wanted = wanted.where(ledger.c.person_id == person_id)
        rows = conn.execute(wanted.order_by(ledger.c.seq).limit(_PIECE)).all()
        for row in rows:
            yield Sealed(row.brand, row.seq, row.prev_hash, row.hash, row.line, _beside(row))
        if len(rows) < _PIECE:
            return
        after = rows[-1].seq


def _beside(row: Row[Any]) -> tuple[tuple[str, object], ...]:
    """What the columns next to a line say, under the names that the line has for it."""
    return (
        ("person_id", row.person_id),
        ("event", row.event),
        ("occurred_at", row.at),
        ("evidence_message_id", row.message_id),
    )


def unproven(conn: Connection, brand: str) -> int | None:
    """The line that a standing consent of the brand names and that does not give it, if any.

    A chain that was cut off together with its head, and a consent that was written by hand, show
    only here: 0 when the consent names no line at all.
    """
    rows = conn.execute(
        select(consent.c.person_id, consent.c.purpose, consent.c.ledger_seq, ledger.c.line)
        .join(person, person.c.id == consent.c.person_id)
        .outerjoin(
            ledger, and_(ledger.c.brand == person.c.brand, ledger.c.seq == consent.c.ledger_seq)
        )
        .where(person.c.brand == brand, consent.c.state == "granted")
        .order_by(consent.c.ledger_seq)
    )
    for row in rows:
        said = json.loads(row.line) if row.line else {}
        gives = said.get("event") in ("grant", "confirm")
        if not gives or (said["person_id"], said["purpose"]) != (row.person_id, row.purpose):
            return int(row.ledger_seq)
    return None


def person_of(conn: Connection, vault: Vault, brand: str, number: str) -> str | None:
    """The id of a number (E.164) at a brand; None when the brand never heard of it."""
    return conn.scalar(
        select(person.c.id).where(
            person.c.brand == brand, person.c.number_hmac == vault.number_hmac(number)
        )
    )
