"""The same text again: the first answer again, and nothing changes.

Unless the person said stop after it: a carrier that comes again had not got our answer, so saying
it now would be saying it after the stop. What we do not repeat is asked about like any text without
a receipt, and the gate decides.
"""

from __future__ import annotations

from bot.store.lookups import replies_to
from bot.turns.app import App


def answer_again(app: App, inbound_id: str) -> tuple[tuple[str, str], ...]:
    """The replies that travelled in the answer to this text, as they were: (message id, body)."""
    return tuple(
        (row.id, app.vault.unwrap(row.person_id, row.wrapped).open_text("message.body", row.body))
        for row in app.db.read(lambda conn: replies_to(conn, inbound_id))
    )
