"""The same text again: the first answer again, and nothing changes."""

from __future__ import annotations

from bot.store.lookups import replies_to
from bot.turns.app import App


def answer_again(app: App, inbound_id: str) -> tuple[tuple[str, str], ...]:
    """The replies that travelled in the answer to this text, as they were: (message id, body)."""
    return tuple(
        (row.id, app.vault.unwrap(row.person_id, row.wrapped).open_text("message.body", row.body))
        for row in app.db.read(lambda conn: replies_to(conn, inbound_id))
    )
