"""What the carrier says became of our messages: status callbacks, in any order, once each.

A receipt for a text is a proof; it moves the row on, never back. Error 21610 is an opt-out that we
missed: a line in the ledger, and a refusal for that sender or pool and every brand on it.
"""

from __future__ import annotations

from typing import Any

from bot.channels import DeliveryState, Status
from bot.effects.lines import carrier_stop
from bot.sending import outbox
from bot.store import receipts
from bot.store.careful import withdraw
from bot.store.database import write_again
from bot.store.markers import put_marker
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
#: How often the time of the last receipt is kept (ms).
MARKED_EVERY = 1000


def note_receipt(app: App, status: Status) -> bool:
    """Move a message on; false when the carrier speaks of a message that is not ours."""
    now = app.clock()
    return write_again(app.db, lambda conn: _note(app, conn, status, now))


def _note(app: App, conn: Any, status: Status, now: int) -> bool:
    ours = _move_on(app, conn, status, now)
    # One row that all receipts share: written last and once a second, so that nobody queues for it.
    if abs(now - app.hooks.get("receipt_marked", 0)) >= MARKED_EVERY:
        app.hooks["receipt_marked"] = now
        put_marker(conn, "last_receipt", now)
    return ours


def _move_on(app: App, conn: Any, status: Status, now: int) -> bool:
    row = receipts.find(conn, status.provider_id, status.message_id)
    if row is None:
        return False
    if status.message_id == row.id:
        _give_id_back(conn, row, status.provider_id, now)
    state = outbox.after_carrier(row.state, str(status.state))
    values: dict[str, Any] = {"provider_id": status.provider_id, "lease_until": None}
    if state != row.state:
        values["state"] = state
        if status.state.terminal:
            values["settled_at"] = status.done_at_ms or now
    if status.error_code:
        values["error"] = status.error_code
    receipts.move(conn, row.id, values)
    if state != row.state:
        count_receipt(app, conn, row, status.state, status.error_code, now)
    if status.error_code == STOPPED:
        record_stop(app, conn, row, now)
    return True


def _give_id_back(conn: Any, row: Any, provider_id: str, now: int) -> None:
    """Two texts with the same words: the carrier says now which of them this message was.

    The other one had been taken for it when we asked about an uncertain send. Nobody knows again
    what became of that one, so the carrier is asked once more.
    """
    if row.provider_id == provider_id:
        return
    other = receipts.find(conn, provider_id, None)
    if other is not None and other.id != row.id:
        values = {"provider_id": None, "state": "uncertain", "lease_until": now}
        receipts.move(conn, other.id, values)


def count_receipt(
    app: App, conn: Any, row: Any, state: DeliveryState, error: str | None, now: int
) -> None:
    """Append a final state to the event log; a state on the way is not counted."""
    kind = _COUNTED.get(state)
    if kind is None or (state is DeliveryState.read and row.state == "delivered"):
        return
    data = {"error": error} if error else {}
    receipts.note(conn, _event(app, row, row.brand, row.person_id, kind, data, now))


def record_stop(app: App, conn: Any, row: Any, now: int) -> None:
    """The carrier refuses this number for this sender: an opt-out that never reached us.

    `row` is a row of `message`. One line in the ledger of each brand on the sender that knows the
    person, one refusal for the sender or its pool, whatever brand; what waits is cancelled.
    """
    reach = _reach(app, row.brand, row.sender)
    number_hmac = receipts.suppress_number(
        conn,
        row.person_id,
        reach,
        id_=app.ids(),
        evidence_id=row.id,
        now=now,
    )
    if number_hmac is None:
        return
    brands = brands_on(app, row.brand, row.sender, reach)
    for person_id, brand in receipts.persons_of(conn, number_hmac, brands):
        line = carrier_stop(app.rules.version, brand, person_id, row.id, now)
        withdraw(conn, brand, person_id, line, now)
        data = {"scope": "all", "via": "carrier"}
        receipts.note(conn, _event(app, row, brand, person_id, "opted_out", data, now))


def _event(
    app: App, row: Any, brand: str, person_id: str, kind: str, data: dict[str, Any], now: int
) -> dict[str, Any]:
    return {
        "id": app.ids(),
        "brand": brand,
        "at": now,
        "kind": kind,
        "person_id": person_id,
        "conversation_id": row.conversation_id if brand == row.brand else None,
        "message_id": row.id,
        "flow": row.flow,
        "version": row.version,
        "step": row.step,
        "data": data,
    }


def brands_on(app: App, brand: str, number: str, reach: str) -> set[str]:
    """The brands that send from this number, or from the pool (`reach`) that it belongs to."""
    return {brand} | {
        name
        for name, shelf in app.library.known().brands.items()
        for sender in shelf.brand.senders
        if number == sender.number or reach in (sender.number, sender.pool)
    }


def _reach(app: App, brand: str, number: str) -> str:
    shelf = app.library.known().brands.get(brand)
    sender = shelf.brand.sender(number) if shelf else None
    return (sender.pool if sender else None) or number
