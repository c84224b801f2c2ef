"""The consent ledger as it is read: each brand's chain in order, and its head.

for brand in brands_with_lines(conn):
    broken = compliance.ledger.verify(chain(conn, brand), head(conn, brand))
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, select

from bot.store.tables import ledger, ledger_head, person
from bot.store.vault import Vault
from compliance.ledger import Sealed

_PIECE = 1_000  # rows read at a time


def brands_with_lines(conn: Connection) -> list[str]:
    """The brands whose chain has begun, heads without lines included."""
    lines = set(conn.scalars(select(ledger.c.brand).distinct()))
    return sorted(lines | set(conn.scalars(select(ledger_head.c.brand))))


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
            yield Sealed(row.brand, row.seq, row.prev_hash, row.hash, row.line)
        if len(rows) < _PIECE:
            return
        after = rows[-1].seq


def person_of(conn: Connection, vault: Vault, brand: str, number: str) -> str | None:
    """The id of a number (E.164) at a brand; None when the brand never heard of it."""
    return conn.scalar(
        select(person.c.id).where(
            person.c.brand == brand, person.c.number_hmac == vault.number_hmac(number)
        )
    )
