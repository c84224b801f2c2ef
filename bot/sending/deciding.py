"""The decision at release: fresh facts for a whole batch, the gate asked again for each text.

Runs inside the transaction that commits `handed_over`. What the gate allows is handed over; what it
defers waits on with its new time; what it blocks, what has expired and what nobody can read any
more is closed, each with its reasons.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bot.channels import Channel
from bot.engine.brand import Brand
from bot.sending.drafts import Draft, from_row
from bot.sending.gate import Released, Ruling, next_guard, release, rule
from bot.sending.way import Way, open_number, standing_of
from bot.store import outbox
from bot.store.outbox import Connection, OutRow, PersonFacts
from bot.store.vault import PersonKey, Unreadable

ROW_LEASE = 60_000  # ms; a text handed over without any word after this is asked about
_SHARDS = 16


@dataclass(frozen=True, slots=True)
class Held:
    """A text that was handed over and is about to be sent."""

    row: OutRow
    ruling: Ruling
    released: Released
    channel: Channel


@dataclass(slots=True)
class Batch:
    """What one transaction decided. `decided_at` is on the steady clock."""

    held: list[Held] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    decided_at: int = 0

    @property
    def empty(self) -> bool:
        return not self.held and not self.refused


def day_of(now_ms: int) -> str:
    """The UTC day (YYYY-MM-DD) that a cost is booked on."""
    return datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%Y-%m-%d")


def decide_batch(
    way: Way,
    conn: Connection,
    brands: Mapping[str, Brand],
    rows: Sequence[OutRow],
    epoch: int,
    now_ms: int,
) -> Batch:
    """Decide on claimed rows with facts of this transaction, and write what was decided."""
    desk = _Desk(way, brands, rows, epoch, now_ms)
    if rows:
        desk.read(conn)
        for row in rows:
            desk.decide(row)
        desk.write(conn)
    return desk.batch


class _Desk:
    """One batch on its way through the gate."""

    def __init__(
        self,
        way: Way,
        brands: Mapping[str, Brand],
        rows: Sequence[OutRow],
        epoch: int,
        now_ms: int,
    ) -> None:
        self._way, self._brands, self._rows = way, brands, rows
        self._epoch, self._now = epoch, now_ms
        self.batch = Batch()
        self._facts: dict[str, PersonFacts] = {}
        self._keys: dict[str, tuple[PersonKey, str]] = {}
        self._spent: dict[str, int] = {}
        self._more: dict[str, tuple[int, int]] = {}
        self._guards: dict[str, Mapping[str, Any]] = {}
        self._releases: list[dict[str, Any]] = []
        self._refusals: list[dict[str, Any]] = []
        self._events: list[dict[str, Any]] = []

    def read(self, conn: Connection) -> None:
        """Read the facts of everybody in the batch, in a few statements."""
        self._facts = outbox.facts_of(conn, {row["person_id"] for row in self._rows})
        names = {row["brand"] for row in self._rows}
        self._spent = outbox.spent_on(conn, names, day_of(self._now))

    def decide(self, row: OutRow) -> None:
        """Ask the gate again for one text."""
        brand, facts = self._brands.get(row["brand"]), self._facts.get(row["person_id"])
        if row["expires_at"] is not None and row["expires_at"] <= self._now:
            self._close(row, "expired", "expired")
            return
        if brand is None or facts is None or brand.sender(row["sender"]) is None:
            self._close(row, "cancelled", "no_sender" if facts else "no_person")
            return
        try:
            key, number = self._key(facts)
            draft = from_row(row, key.open_text("message.body", row["body"]))
        except Unreadable:
            self._close(row, "cancelled", "unreadable")
            return
        spent, _parts = self._more.get(brand.name, (0, 0))
        guard = self._guards.get(facts.id)
        standing = standing_of(facts, number, self._spent.get(brand.name, 0), guard)
        ruling = rule(draft, standing, brand, self._way.rules, self._now, spent_more=spent)
        if ruling.allowed:
            self._release(row, draft, ruling, brand, number, standing.guard)
        else:
            self._refuse(row, ruling)

    def write(self, conn: Connection) -> None:
        """Write everything that was decided."""
        outbox.write_guards(conn, self._guards)
        outbox.write_releases(conn, self._releases)
        outbox.write_refusals(conn, self._refusals)
        outbox.write_events(conn, self._events)
        outbox.book(conn, day_of(self._now), self._shard(), self._more)

    def _key(self, facts: PersonFacts) -> tuple[PersonKey, str]:
        found = self._keys.get(facts.id)
        if found is None:
            found = self._keys[facts.id] = open_number(self._way.vault, facts)
            if not found[1]:
                raise Unreadable(f"the number of {facts.id} is gone")
        return found

    def _release(
        self,
        row: OutRow,
        draft: Draft,
        ruling: Ruling,
        brand: Brand,
        number: str,
        guard: Mapping[str, Any],
    ) -> None:
        sender = brand.sender(row["sender"])
        assert sender is not None
        callback = self._way.callback(row["id"])
        released = release(ruling, draft, sender, number, callback, self._way.rules, self._now)
        channel = self._way.channel(row["channel"])
        self.batch.held.append(Held(row, ruling, released, channel))
        if ruling.markets:
            self._guards[row["person_id"]] = next_guard(guard, self._now, marketing=1)
        micros, parts = self._more.get(brand.name, (0, 0))
        self._more[brand.name] = (micros + ruling.cost_micros, parts + ruling.parts.parts)
        self._releases.append(
            {
                "row": row["id"],
                "decision": ruling.record,
                "cost_micros": ruling.cost_micros,
                "at": self._now,
                "lease_until": self._now + ROW_LEASE,
                "epoch": self._epoch,
            }
        )

    def _refuse(self, row: OutRow, ruling: Ruling) -> None:
        due_at = None
        if ruling.state == "deferred":
            # It is looked at again when it expires, so that its end is known in time.
            due_at = min(ruling.due_at, row["expires_at"] or ruling.due_at)
        self._write_refusal(row, ruling.state, due_at, ruling.record, error=None)
        told = {"outcome": ruling.record["outcome"], "reason": ruling.record["reason"]}
        self._events.append(self._way.event(row, "decided", self._now, told))

    def _close(self, row: OutRow, state: str, why: str) -> None:
        self._write_refusal(row, state, None, row["decision"], error=why)
        told = {"outcome": state, "reason": why}
        self._events.append(self._way.event(row, "decided", self._now, told))

    def _write_refusal(
        self, row: OutRow, state: str, due_at: int | None, decision: Any, error: str | None
    ) -> None:
        self.batch.refused.append(row["id"])
        self._refusals.append(
            {
                "row": row["id"],
                "state": state,
                "due_at": due_at,
                "decision": decision,
                "error": error,
                "settled_at": None if state == "deferred" else self._now,
            }
        )

    def _shard(self) -> int:
        """Which of the day's shards this batch books on: another one for each lane."""
        lane = self._rows[0]["lane"] or "" if self._rows else ""
        return zlib.crc32(lane.encode()) % _SHARDS
