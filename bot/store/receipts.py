"""The SQL of receipts: the message a carrier speaks of, what became of it, and missed stops."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Row, or_, select, update

from bot.store.careful import bump_number
from bot.store.tables import event, message, person, suppression


def find(conn: Connection, provider_id: str, message_id: str | None) -> Row[Any] | None:
    """Our message that a receipt speaks of, locked; our own id goes before the carrier's."""
    same = [message.c.provider_id == provider_id]
    if message_id:
        same.append(message.c.id == message_id)
    query = select(message).where(or_(*same), message.c.direction == "out")
    rows = conn.execute(query.with_for_update()).all()
    return next((row for row in rows if row.id == message_id), rows[0] if rows else None)


def move(conn: Connection, message_id: str, values: dict[str, Any]) -> None:
    """Set columns of a message."""
    conn.execute(update(message).where(message.c.id == message_id).values(values))


def note(conn: Connection, row: dict[str, Any]) -> None:
    """Append to the event log."""
    conn.execute(event.insert(), row)


def suppress_number(
    conn: Connection, person_id: str, reach: str, *, id_: str, evidence_id: str, now: int
) -> bytes | None:
    """Refuse a sender or pool for a person's number, whatever brand; None if it stood already."""
    number_hmac = conn.scalar(select(person.c.number_hmac).where(person.c.id == person_id))
    if number_hmac is None:
        return None
    # The persons are locked before we look, so that two receipts at once find each other.
    bump_number(conn, number_hmac)
    standing = conn.scalar(
        select(suppression.c.id).where(
            suppression.c.number_hmac == number_hmac,
            suppression.c.sender == reach,
            suppression.c.brand.is_(None),
            suppression.c.purpose.is_(None),
            suppression.c.lifted_at.is_(None),
        )
    )
    if standing is not None:
        return None
    conn.execute(
        suppression.insert(),
        {
            "id": id_,
            "number_hmac": number_hmac,
            "sender": reach,
            "at": now,
            "via": "carrier",
            "evidence_id": evidence_id,
            "chosen": False,
        },
    )
    return bytes(number_hmac)


def persons_of(
    conn: Connection, number_hmac: bytes, brands: Collection[str]
) -> list[tuple[str, str]]:
    """(person id, brand) of a number at these brands, in the order in which rows are locked."""
    rows = conn.execute(
        select(person.c.id, person.c.brand)
        .where(person.c.number_hmac == number_hmac, person.c.brand.in_(brands))
        .order_by(person.c.id)
    )
    return [(row.id, row.brand) for row in rows]
