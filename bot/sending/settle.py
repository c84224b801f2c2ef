"""Uncertain sends: the carrier is asked, and nothing leaves twice on a guess.

A text is uncertain when it was handed over and no word came within its lease: the process died, the
call broke off while reading, or the webhook's answer never arrived. Found in the carrier's books it
is accepted. Certainly not there, after some grace for the books to be written, it waits again. When
the carrier cannot be asked for long, it is closed as `unknown`: marketing silently (at most once is
enough for an offer), everything else with a note for a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.channels import CarrierMessage, SendError
from bot.sending.deciding import day_of
from bot.sending.gate import lane_of
from bot.sending.retry import LIMIT
from bot.sending.way import Way, open_number
from bot.store import outbox
from bot.store.outbox import Connection, OutRow
from bot.store.vault import Unreadable
from compliance.types import Kind

GRACE = 2 * 60_000  # ms since the hand-over; the carrier's books are complete by then
ASK_AGAIN = 20_000  # ms
GIVE_UP = 3600_000  # ms since the hand-over; a carrier that could not be asked until then
CLOCKS_DIFFER = 5_000  # ms that the carrier's clock may be behind ours
MOST = 100


@dataclass(slots=True)
class Settled:
    """How many uncertain texts were found, wait again, are asked about later, or stay unknown."""

    found: int = 0
    again: int = 0
    later: int = 0
    unknown: int = 0


def settle(way: Way, most: int = MOST) -> Settled:
    """Settle what is uncertain by now; safe to repeat and to run twice at once."""
    done = Settled()
    now = way.clock()
    for row in way.db.read(lambda conn: outbox.unanswered(conn, now, most)):
        _settle(way, row, now, done)
    return done


def _settle(way: Way, row: OutRow, now_ms: int, done: Settled) -> None:
    since = row["handed_over_at"]
    try:
        found = _ask(way, row, since - CLOCKS_DIFFER)
    except Unreadable:
        # The person was erased meanwhile; there is nobody to ask about.
        done.unknown += 1
        _give_up(way, row, now_ms, tell=False)
        return
    except SendError:
        if now_ms - since >= GIVE_UP:
            done.unknown += 1
            _give_up(way, row, now_ms, tell=not _markets(row))
        else:
            done.later += 1
            _ask_later(way, row, now_ms)
        return
    if found is not None:
        done.found += 1
        receipt = {"row": row["id"], "provider": found.provider_id, "state": str(found.state)}
        way.db.write(lambda conn: outbox.write_receipts(conn, [receipt]))
    elif now_ms - since < GRACE:
        done.later += 1
        _ask_later(way, row, now_ms)
    else:
        done.again += 1
        _send_again(way, row, now_ms)


def _ask(way: Way, row: OutRow, since_ms: int) -> CarrierMessage | None:
    """The carrier's message that is ours, or None when it certainly has none. Raises SendError."""

    def read(conn: Connection) -> outbox.PersonFacts | None:
        return outbox.facts_of(conn, [row["person_id"]]).get(row["person_id"])

    facts = way.db.read(read)
    if facts is None:
        raise Unreadable(f"nobody is {row['person_id']}")
    key, number = open_number(way.vault, facts)
    body = key.open_text("message.body", row["body"])
    candidates = way.channel(row["channel"]).find_sent(row["sender"], number, since_ms, body)
    ids = [one.provider_id for one in candidates]
    taken = way.db.read(lambda conn: outbox.known_ids(conn, ids))
    return next((one for one in candidates if one.provider_id not in taken), None)


def _send_again(way: Way, row: OutRow, now_ms: int) -> None:
    """It certainly did not leave: back to its lane, where the gate decides on it anew."""
    attempts = row["attempts"] + 1
    since = row["handed_over_at"]
    expired = row["expires_at"] is not None and row["expires_at"] <= now_ms
    if expired or attempts >= LIMIT:
        end = _end(row, "expired" if expired else "failed", "not_found", now_ms)
        way.db.write(lambda conn: outbox.write_ends(conn, [end]))
        return
    back = {
        "row": row["id"],
        "since": row["handed_over_at"],
        "to_lane": lane_of(row["sender"], Kind(row["kind"])),
        "due_at": now_ms,
        "error": "not_found",
        "attempts": attempts,
    }

    def work(conn: Connection) -> None:
        if _markets(row):
            outbox.unmark(conn, [(row["person_id"], since)])
        outbox.book(conn, day_of(since), 0, {row["brand"]: (-row["cost_micros"], -row["parts"])})
        outbox.put_back(conn, [back])

    way.db.write(work)


def _ask_later(way: Way, row: OutRow, now_ms: int) -> None:
    end = _end(row, "uncertain", row.get("error") or "no_word", None) | {
        "lease_until": now_ms + ASK_AGAIN,
        "attempts": row["attempts"],
    }
    way.db.write(lambda conn: outbox.write_ends(conn, [end]))


def _give_up(way: Way, row: OutRow, now_ms: int, *, tell: bool) -> None:
    end = _end(row, "unknown", "unknown", now_ms)
    events = [way.event(row, "uncertain", now_ms, {"kind": row["kind"]})] if tell else []
    audits = [_audit(way, row, now_ms)] if tell else []

    def work(conn: Connection) -> None:
        outbox.write_ends(conn, [end])
        outbox.write_events(conn, events)
        outbox.write_audits(conn, audits)

    way.db.write(work)


def _end(row: OutRow, state: str, error: str, settled_at: int | None) -> dict[str, Any]:
    return {
        "row": row["id"],
        "since": row["handed_over_at"],
        "state": state,
        "error": error,
        "due_at": row["due_at"],
        "lease_until": None,
        "attempts": row["attempts"] + 1,
        "settled_at": settled_at,
    }


def _audit(way: Way, row: OutRow, now_ms: int) -> dict[str, Any]:
    return {
        "id": way.ids(),
        "brand": row["brand"],
        "at": now_ms,
        "actor": "parley",
        "action": "settle",
        "outcome": "unknown",
        "subject": row["person_id"],
        "data": {"message": row["id"], "kind": row["kind"]},
    }


def _markets(row: OutRow) -> bool:
    return bool((row["decision"] or {}).get("markets"))
