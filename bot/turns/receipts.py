"""What the carrier says became of our messages: status callbacks, in any order, once each.

A receipt for a text is a proof; it moves the row on, never back. Error 21610 is an opt-out that we
missed: a line in the ledger, and a refusal for that sender or pool and every brand on it.
"""

from __future__ import annotations

from typing import Any

from compliance.ledger import LedgerLine
from sqlalchemy import Connection, Row, or_, select, update

from bot.channels import DeliveryState, Status
from bot.sending import outbox
from bot.store.careful import append_lines, bump_number
from bot.store.markers import put_marker
from bot.store.tables import consent, event, message, person, suppression
from bot.turns.app import App

#: Final states of the carrier and the kind of event each is counted as.
_COUNTED = {
    DeliveryState.delivered: "delivered",
    DeliveryState.read: "delivered",
    DeliveryState.undelivered: "undelivered",
    DeliveryState.failed: "failed",
    DeliveryState.canceled: "failed",
}
STOPPED = "21610"


def note_receipt(app: App, status: Status) -> bool:
    """Move a message on; false when the carrier speaks of a message that is not ours."""
    now = app.clock()
    return app.db.write(lambda conn: _note(app, conn, status, now))


def _note(app: App, conn: Connection, status: Status, now: int) -> bool:
    put_marker(conn, "last_receipt", now)
    row = _find(conn, status)
    if row is None:
        return False
    state = outbox.after_carrier(row.state, str(status.state))
    values: dict[str, Any] = {"provider_id": status.provider_id, "lease_until": None}
    if state != row.state:
        values["state"] = state
        if status.state.terminal:
            values["settled_at"] = status.done_at_ms or now
    if status.error_code:
        values["error"] = status.error_code
    conn.execute(update(message).where(message.c.id == row.id).values(values))
    if state != row.state:
        count_receipt(app, conn, row, status.state, status.error_code, now)
    if status.error_code == STOPPED:
        record_stop(app, conn, row, now)
    return True


def _find(conn: Connection, status: Status) -> Row[Any] | None:
    same = [message.c.provider_id == status.provider_id]
    if status.message_id:
        same.append(message.c.id == status.message_id)
    query = select(message).where(or_(*same), message.c.direction == "out")
    if conn.dialect.name == "postgresql":
        query = query.with_for_update()
    rows = conn.execute(query).all()
    return next((row for row in rows if row.id == status.message_id), rows[0] if rows else None)


def count_receipt(
    app: App, conn: Connection, row: Row[Any], state: DeliveryState, error: str | None, now: int
) -> None:
    """Append a final state to the event log; a state on the way is not counted."""
    kind = _COUNTED.get(state)
    if kind is None or (state is DeliveryState.read and row.state == "delivered"):
        return
    conn.execute(
        event.insert(),
        {
            "id": app.ids(),
            "brand": row.brand,
            "at": now,
            "kind": kind,
            "person_id": row.person_id,
            "conversation_id": row.conversation_id,
            "message_id": row.id,
            "flow": row.flow,
            "version": row.version,
            "step": row.step,
            "data": {"error": error} if error else {},
        },
    )


def record_stop(app: App, conn: Connection, row: Any, now: int) -> None:
    """The carrier refuses this number for this sender: an opt-out that never reached us.

    `row` is a row of `message`. One line in the ledger of each brand on the sender that knows the
    person, one refusal for the sender or its pool, whatever brand; what waits is cancelled.
    """
    who = conn.execute(select(person).where(person.c.id == row.person_id)).one()
    reach = _reach(app, row.brand, row.sender)
    standing = conn.scalar(
        select(suppression.c.id).where(
            suppression.c.number_hmac == who.number_hmac,
            suppression.c.sender == reach,
            suppression.c.brand.is_(None),
            suppression.c.lifted_at.is_(None),
        )
    )
    if standing is not None:
        return
    bump_number(conn, who.number_hmac)
    conn.execute(
        suppression.insert(),
        {
            "id": app.ids(),
            "number_hmac": who.number_hmac,
            "sender": reach,
            "at": now,
            "via": "carrier",
            "evidence_id": row.id,
            "chosen": False,
        },
    )
    brands = app.library.known().by_sender.get(row.sender, (row.brand,))
    known = conn.execute(
        select(person.c.id, person.c.brand)
        .where(person.c.number_hmac == who.number_hmac, person.c.brand.in_(brands))
        .order_by(person.c.id)
    ).all()
    for one in known:
        _withdraw(app, conn, one.brand, one.id, row.id, now)


def _withdraw(
    app: App, conn: Connection, brand: str, person_id: str, message_id: str, now: int
) -> None:
    from bot.effects.lines import carrier_stop

    line: LedgerLine = carrier_stop(app.rules.version, brand, person_id, message_id, now)
    append_lines(conn, brand, [line])
    conn.execute(
        update(consent).where(consent.c.person_id == person_id).values(state="withdrawn", at=now)
    )
    conn.execute(
        update(message)
        .where(
            message.c.person_id == person_id,
            message.c.direction == "out",
            message.c.state.in_(("waiting", "deferred")),
        )
        .values(state="cancelled", error="stopped", settled_at=now)
    )
    conn.execute(
        event.insert(),
        {
            "id": app.ids(),
            "brand": brand,
            "at": now,
            "kind": "opted_out",
            "person_id": person_id,
            "message_id": message_id,
            "data": {"scope": "all", "via": "carrier"},
        },
    )


def _reach(app: App, brand: str, number: str) -> str:
    shelf = app.library.known().brands.get(brand)
    sender = shelf.brand.sender(number) if shelf else None
    return (sender.pool if sender else None) or number


__all__ = ["STOPPED", "count_receipt", "note_receipt", "record_stop"]
