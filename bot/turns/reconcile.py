"""Ask the carrier what we missed: texts first, a STOP before all, then what became of ours.

Runs after each start before anything is released, and every ten minutes. What comes out goes
through the same door as a webhook; what we have already changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot.channels import CarrierMessage, Inbound, SendError, Status
from bot.sending import outbox
from bot.store.lookups import states_of
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
    since = (min(last, now) if last is not None else now - FIRST) - MARGIN
    texts = stops = receipts = 0
    try:
        for channel in app.channels.values():
            for missed in _missed(app, list(channel.list_inbound(since))):
                hear_text(app, missed.text, answering=False, overtaken=missed.overtaken)
                texts += 1
                stops += missed.protective
            for status in _news(app, list(channel.list_statuses(since))):
                receipts += note_receipt(app, status)
    except SendError:
        return Report(texts, stops, receipts, answered=False, since=since)

    def done(conn: Any) -> None:
        put_marker(conn, "reconciled_until", now)
        put_marker(conn, "last_reconcile", now)

    app.db.write(done)
    return Report(texts, stops, receipts, since=since)


@dataclass(frozen=True, slots=True)
class Missed:
    """A text that we never heard. `overtaken`: the person has said stop since, heard or not."""

    text: Inbound
    protective: bool
    overtaken: bool


def _missed(app: App, listed: Sequence[Inbound]) -> list[Missed]:
    """What we do not have of these texts (newest first): stops before all, then as they came.

    What somebody wrote before they said stop must not undo the stop, so a START, a yes or an
    order that is found late is only kept.
    """
    have = app.db.read(lambda conn: states_of(conn, [one.provider_id for one in listed]))
    concerned = {one.from_number for one in listed if one.provider_id not in have}
    stopped: set[str] = set()
    missed: list[Missed] = []
    for text in listed:
        if text.from_number not in concerned:
            continue
        protective = hear(text.body).label in _PROTECTIVE
        if text.provider_id not in have:
            overtaken = not protective and text.from_number in stopped
            missed.append(Missed(text, protective, overtaken))
        if protective:
            stopped.add(text.from_number)
    missed.reverse()
    return sorted(missed, key=lambda one: not one.protective)


def _news(app: App, listed: Sequence[CarrierMessage]) -> Iterator[Status]:
    """What the carrier knows of messages of ours and we do not know yet."""
    have = app.db.read(lambda conn: states_of(conn, [one.provider_id for one in listed]))
    for theirs in listed:
        ours = have.get(theirs.provider_id)
        if ours is not None and outbox.after_carrier(ours, str(theirs.state)) != ours:
            yield Status(theirs.provider_id, None, theirs.state, theirs.error_code)
