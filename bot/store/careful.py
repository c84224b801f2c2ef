"""The careful road of a turn's writes: everything a turn may change, in one transaction, in Core.

Taken whenever consent, suppressions, the ledger, coupons or a new person are touched. A stop moves
the version of *every* person with that number, so that no release decided on older facts commits.
The head of the ledger is locked last, after everything that could wait.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection, Table, and_, insert, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.store.changes import Changes, Lift, Row
from bot.store.tables import (
    audit,
    consent,
    conversation,
    coupon,
    event,
    ledger,
    ledger_head,
    message,
    person,
    person_key,
    session,
    spend,
    suppression,
    wording,
)
from compliance.ledger import GENESIS, LedgerLine, canonical, seal


class Conflict(Exception):
    """Somebody else's write came first: the facts of this turn are no longer those of the row."""


def apply(conn: Connection, changes: Changes) -> None:
    """Write all changes. Raises Conflict when the person's version has moved."""
    _person(conn, changes)
    _session(conn, changes)
    for table, rows in (
        (conversation, changes.conversations),
        (message, changes.messages),
        (event, changes.events),
        (coupon, changes.coupons),
        (audit, changes.audits),
        (suppression, changes.suppressions),
    ):
        for row in rows:
            conn.execute(insert(table), row)
    for row in changes.conversation_updates:
        _update_by_id(conn, conversation, row)
    for row in changes.redeemed:
        _redeem(conn, row)
    for row in changes.wordings:
        conn.execute(_upsert(conn, wording, row, ("hash",), ()))
    for row in changes.spend:
        add_spend(conn, row)
    for lift in changes.lifts:
        _lift(conn, lift)
    _cancel(conn, changes)
    _ledger(conn, changes)
    for other in sorted(changes.withdrawals, key=lambda one: one.brand):
        withdraw(conn, other.brand, other.person_id, other.line, other.line.occurred_at)


def add_spend(conn: Connection, row: Row) -> None:
    """Add to a day's cost in one shard; `row` has brand, day, shard, micros, parts."""
    statement = _dialect_insert(conn, spend).values(row)
    conn.execute(
        statement.on_conflict_do_update(
            index_elements=["brand", "day", "shard"],
            set_={
                "micros": spend.c.micros + statement.excluded.micros,
                "parts": spend.c.parts + statement.excluded.parts,
            },
        )
    )


def append_lines(
    conn: Connection, brand: str, lines: list[LedgerLine], by: str | None = None
) -> list[int]:
    """Seal lines onto the brand's chain; gives their sequence numbers. The head is locked here."""
    if not lines:
        return []
    conn.execute(
        _dialect_insert(conn, ledger_head)
        .values(brand=brand, seq=0, hash=GENESIS)
        .on_conflict_do_nothing()
    )
    head = conn.execute(
        select(ledger_head.c.seq, ledger_head.c.hash)
        .where(ledger_head.c.brand == brand)
        .with_for_update()
    ).one()
    seq, previous = head.seq, head.hash
    sequence = []
    for line in lines:
        seq += 1
        numbered = replace(line, brand=brand, seq=seq)
        sealed = seal(previous, numbered)
        conn.execute(
            insert(ledger),
            {
                "brand": brand,
                "seq": seq,
                "prev_hash": previous,
                "hash": sealed,
                "line": canonical(numbered).decode(),
                "person_id": numbered.person_id,
                "event": str(numbered.event),
                "message_id": by or numbered.evidence_message_id,
                "at": numbered.occurred_at,
            },
        )
        previous = sealed
        sequence.append(seq)
    conn.execute(
        update(ledger_head).where(ledger_head.c.brand == brand).values(seq=seq, hash=previous)
    )
    return sequence


def withdraw(conn: Connection, brand: str, person_id: str, line: LedgerLine, now: int) -> None:
    """Write a withdrawal of everything: what waits, the ledger, the consents that it proves."""
    conn.execute(
        update(message)
        .where(
            message.c.person_id == person_id,
            message.c.brand == brand,
            message.c.direction == "out",
            message.c.state.in_(("waiting", "deferred")),
        )
        .values(state="cancelled", error="stopped", settled_at=now)
    )
    (seq,) = append_lines(conn, brand, [line])
    conn.execute(
        update(consent)
        .where(consent.c.person_id == person_id)
        .values(state="withdrawn", at=now, ledger_seq=seq)
    )


def bump_number(conn: Connection, number_hmac: bytes, but: str | None = None) -> None:
    """Move the version of every person with this number, so that no release misses a refusal.

    Rows are locked in the order of their ids, as releases do, so that nobody waits in a circle.
    `but` is a person whose version the caller moves itself.
    """
    ids = conn.scalars(
        select(person.c.id)
        .where(person.c.number_hmac == number_hmac)
        .order_by(person.c.id)
        .with_for_update()
    ).all()
    others = [one for one in ids if one != but]
    if others:
        conn.execute(
            update(person).where(person.c.id.in_(others)).values(version=person.c.version + 1)
        )


def _person(conn: Connection, changes: Changes) -> None:
    refusals = {row["number_hmac"] for row in changes.suppressions}
    refusals |= {lift.number_hmac for lift in changes.lifts}
    for number_hmac in sorted(refusals):
        bump_number(conn, number_hmac, but=changes.person_id)
    if changes.new_person is not None:
        conn.execute(insert(person), changes.new_person)
        conn.execute(insert(person_key), changes.new_key)
        return
    done = conn.execute(
        update(person)
        .where(person.c.id == changes.person_id, person.c.version == changes.version)
        .values(version=person.c.version + 1, **changes.person)
    )
    if done.rowcount != 1:
        raise Conflict


def _session(conn: Connection, changes: Changes) -> None:
    if changes.session is not None:
        row = changes.session
        others = tuple(name for name in row if name != "person_id")
        conn.execute(_upsert(conn, session, row, ("person_id",), others))
    elif changes.session_gone:
        conn.execute(session.delete().where(session.c.person_id == changes.person_id))


def _lift(conn: Connection, lift: Lift) -> None:
    if lift.brand is None:
        reached = and_(suppression.c.sender.in_(lift.senders), suppression.c.brand.is_(None))
    else:
        reached = and_(
            or_(suppression.c.sender.is_(None), suppression.c.sender.in_(lift.senders)),
            or_(suppression.c.brand.is_(None), suppression.c.brand == lift.brand),
        )
    conn.execute(
        update(suppression)
        .where(
            suppression.c.number_hmac == lift.number_hmac,
            suppression.c.lifted_at.is_(None),
            reached,
        )
        .values(lifted_at=lift.at, lifted_by=lift.by_message)
    )


def _redeem(conn: Connection, row: Row) -> None:
    done = conn.execute(
        update(coupon)
        .where(coupon.c.id == row["id"], coupon.c.redeemed_at.is_(None))
        .values(redeemed_at=row["redeemed_at"], redeemed_by=row["redeemed_by"])
    )
    if done.rowcount != 1:
        raise Conflict


def _cancel(conn: Connection, changes: Changes) -> None:
    waiting = and_(
        message.c.person_id == changes.person_id,
        message.c.direction == "out",
        message.c.state.in_(("waiting", "deferred")),
        message.c.id.not_in([row["id"] for row in changes.messages]),
    )
    if changes.answered:
        nudge = and_(
            message.c.conversation_id.in_(changes.answered),
            message.c.asks,
            message.c.in_reply_to.is_(None),
        )
        gone = {"state": "cancelled", "error": "answered"}
        conn.execute(update(message).where(waiting, nudge).values(gone))
    if not changes.cancel:
        return
    if "all" not in changes.cancel:
        promotes = and_(message.c.promotes, literal("marketing" in changes.cancel))
        waiting = and_(waiting, or_(message.c.purpose.in_(changes.cancel), promotes))
    conn.execute(update(message).where(waiting).values(state="cancelled", error="stopped"))


def _ledger(conn: Connection, changes: Changes) -> None:
    sequence = append_lines(conn, changes.brand, changes.ledger)
    for change in changes.consents:
        row = {
            "person_id": changes.person_id,
            "purpose": change.purpose,
            "channel": change.channel,
            "state": change.state,
            "basis": change.basis,
            "at": change.at,
            "ledger_seq": sequence[change.line],
            "double_opt_in": change.double_opt_in,
        }
        keys = ("person_id", "purpose", "channel")
        others = tuple(name for name in row if name not in keys)
        conn.execute(_upsert(conn, consent, row, keys, others))


def _update_by_id(conn: Connection, table: Table, row: Row) -> None:
    rest = {name: value for name, value in row.items() if name != "id"}
    conn.execute(update(table).where(table.c.id == row["id"]).values(rest))


def _dialect_insert(conn: Connection, table: Table):  # type: ignore[no-untyped-def]
    dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
    return dialect.insert(table)


def _upsert(conn, table: Table, row: Row, keys: tuple[str, ...], others: tuple[str, ...]):  # type: ignore[no-untyped-def]
    statement = _dialect_insert(conn, table).values(row)
    if not others:
        return statement.on_conflict_do_nothing(index_elements=list(keys))
    return statement.on_conflict_do_update(
        index_elements=list(keys), set_={name: statement.excluded[name] for name in others}
    )
