"""The same text again: the first answer again, and nothing changes."""

from __future__ import annotations

from sqlalchemy import Connection, select

from bot.store.tables import message, person_key
from bot.turns.app import App


def answer_again(app: App, inbound_id: str) -> tuple[tuple[str, str], ...]:
    """The replies that travelled in the answer to this text, as they were: (message id, body)."""

    def read(conn: Connection) -> list[tuple[str, str, bytes, bytes]]:
        rows = conn.execute(
            select(message.c.id, message.c.person_id, message.c.body, person_key.c.wrapped)
            .join(person_key, person_key.c.person_id == message.c.person_id)
            .where(
                message.c.in_reply_to == inbound_id,
                message.c.lane.is_(None),
                message.c.handed_over_at.is_not(None),
            )
            .order_by(message.c.id)
        )
        return [(row.id, row.person_id, row.body, row.wrapped) for row in rows]

    return tuple(
        (id_, app.vault.unwrap(person_id, wrapped).open_text("message.body", body))
        for id_, person_id, body, wrapped in app.db.read(read)
    )
