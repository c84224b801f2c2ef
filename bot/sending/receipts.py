"""What became of a batch: collected while the calls are made, written in one transaction after.

What certainly did not leave goes back to its lane, and what its release had noted is taken back
with it: its marketing time (else the cap would refuse the second try) and its cost.
"""

from __future__ import annotations

from typing import Any

from bot.channels import SendError, Sent
from bot.sending.deciding import Held, day_of
from bot.sending.retry import backoff_ms, tries_again
from bot.sending.way import Way
from bot.store import outbox
from bot.store.outbox import Connection, OutRow

ASK_AFTER = 15_000  # ms; the carrier's list needs a moment before it can be asked


class Receipts:
    """The receipts of one batch."""

    def __init__(self, way: Way) -> None:
        self._way = way
        self._accepted: list[dict[str, Any]] = []
        self._ends: list[dict[str, Any]] = []
        self._back: list[dict[str, Any]] = []
        self._later: list[tuple[OutRow, int]] = []
        self._taken_back: list[Held] = []
        self._stopped: list[Held] = []
        self._events: list[dict[str, Any]] = []
        self.put_back = 0

    def accepted(self, held: Held, sent: Sent) -> None:
        """The carrier took it, under its own id."""
        self._accepted.append(
            {"row": held.row["id"], "provider": sent.provider_id, "state": str(sent.state)}
        )

    def refused(self, held: Held, error: SendError) -> None:
        """The carrier did not take it, or nobody knows."""
        attempts = held.row["attempts"] + 1
        if error.uncertain:
            self._ask_later(held, error.code)
        elif error.stopped:
            self._end(held, "failed", error.code)
            self._stopped.append(held)
        elif tries_again(error, attempts):
            due_at = self._way.clock() + backoff_ms(attempts, self._way.dice())
            self._put_back(held, due_at, error.code, attempts)
            self._later.append((held.row, due_at))
        else:
            self._end(held, "failed", error.code)
            self._taken_back.append(held)

    def broke_off(self, held: Held, error: Exception) -> None:
        """The call ended in a way that nobody foresaw."""
        self._ask_later(held, type(error).__name__[:16])

    def untried(self, held: Held) -> None:
        """Its call never began: it waits again, exactly as it did before."""
        self._put_back(held, held.row["due_at"], None, held.row["attempts"])

    def write(self) -> None:
        """Write everything, stops first: nothing may be lost of those, whatever happens next."""
        now = self._way.clock()
        for held in self._stopped:
            self._stop(held.row, now)
        self._way.db.write(lambda conn: self._write(conn, now))

    def _stop(self, row: OutRow, now_ms: int) -> None:
        self._way.db.write(lambda conn: self._way.on_stopped(conn, row, now_ms))

    def _write(self, conn: Connection, now_ms: int) -> None:
        # Persons are locked before messages, everywhere.
        self._undo(conn, now_ms)
        outbox.write_receipts(conn, self._accepted)
        outbox.put_back(conn, self._back)
        for row, due_at in self._later:
            outbox.push_later(conn, row, due_at)
        outbox.write_ends(conn, self._ends)
        outbox.write_events(conn, self._events)

    def _undo(self, conn: Connection, now_ms: int) -> None:
        undone = self._taken_back
        outbox.unmark(
            conn,
            [
                (held.row["person_id"], held.released.decided_at)
                for held in undone
                if held.ruling.markets
            ],
        )
        costs: dict[str, tuple[int, int]] = {}
        for held in undone:
            micros, parts = costs.get(held.row["brand"], (0, 0))
            costs[held.row["brand"]] = (
                micros - held.ruling.cost_micros,
                parts - held.ruling.parts.parts,
            )
        outbox.book(conn, day_of(now_ms), 0, costs)

    def _put_back(self, held: Held, due_at: int, error: str | None, attempts: int) -> None:
        self._back.append(
            {
                "row": held.row["id"],
                "since": held.released.decided_at,
                "to_lane": held.row["lane"],
                "due_at": due_at,
                "error": error,
                "attempts": attempts,
            }
        )
        self._taken_back.append(held)
        self.put_back += 1

    def _ask_later(self, held: Held, code: str) -> None:
        self._close(held, "uncertain", code, lease_until=self._way.clock() + ASK_AFTER)

    def _end(self, held: Held, state: str, code: str) -> None:
        now = self._way.clock()
        self._close(held, state, code, settled_at=now)
        self._events.append(self._way.event(held.row, state, now, {"error": code}))

    def _close(
        self,
        held: Held,
        state: str,
        code: str,
        *,
        lease_until: int | None = None,
        settled_at: int | None = None,
    ) -> None:
        self._ends.append(
            {
                "row": held.row["id"],
                "since": held.released.decided_at,
                "state": state,
                "error": code[:16],
                "due_at": held.row["due_at"],
                "lease_until": lease_until,
                "attempts": held.row["attempts"] + 1,
                "settled_at": settled_at,
            }
        )
