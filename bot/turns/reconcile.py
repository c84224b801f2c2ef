"""Ask the carrier what we missed: texts first, a STOP before all, then what became of ours.

Runs after each start before anything is released, and every ten minutes. What comes out goes
through the same door as a webhook; what we have already changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.channels import Inbound, SendError, Status
from bot.store.lookups import is_kept, state_of
from bot.store.markers import put_marker, read_marker
from bot.turns.app import App
from bot.turns.inbound import hear_text
from bot.turns.receipts import note_receipt
from compliance.hearing import Label, hear

#: Looked back beyond the last text that we have, for what arrived out of order (ms).
MARGIN = 15 * 60 * 1000
#: How far back the first run looks (ms): Twilio keeps a text that failed for no longer.
FIRST = 24 * 3600 * 1000
_PROTECTIVE = frozenset({Label.opt_out, Label.erase})


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found. `answered` is false when the carrier could not be asked."""

    texts: int = 0
    stops: int = 0
    receipts: int = 0
    answered: bool = True
    since: int = 0


def run(app: App) -> Report:
    """Reconcile every channel; notes when it was done, so that the outbox may release."""
    now = app.clock()
    last = read_marker(app.db, "reconciled_until")
    since = (last if last is not None else now - FIRST) - MARGIN
    texts = stops = receipts = 0
    try:
        for channel in app.channels.values():
            missed = [one for one in channel.list_inbound(since) if not _have(app, one)]
            missed.sort(key=lambda one: not _protective(one))
            for inbound in missed:
                hear_text(app, inbound)
                texts += 1
                stops += _protective(inbound)
            for theirs in channel.list_statuses(since):
                receipts += _catch_up(app, theirs.provider_id, theirs.state, theirs.error_code)
    except SendError:
        return Report(texts, stops, receipts, answered=False, since=since)

    def done(conn: Any) -> None:
        put_marker(conn, "reconciled_until", now)
        put_marker(conn, "last_reconcile", now)

    app.db.write(done)
    return Report(texts, stops, receipts, since=since)


def _have(app: App, inbound: Inbound) -> bool:
    return app.db.read(lambda conn: is_kept(conn, inbound.provider_id))


def _protective(inbound: Inbound) -> bool:
    return hear(inbound.body).label in _PROTECTIVE


def _catch_up(app: App, provider_id: str, state: object, error: str | None) -> bool:
    """Tell a message of ours what the carrier knows, unless we know it already."""
    ours = app.db.read(lambda conn: state_of(conn, provider_id))
    if ours is None or ours == str(state):
        return False
    return note_receipt(app, Status(provider_id, None, state, error))  # type: ignore[arg-type]
