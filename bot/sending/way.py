"""What the way out needs of the rest, handed in: no clock, chance or globals of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.channels import Channel
from bot.engine.brand import Brand, Sender
from bot.sending.pacing import LocalPace, Pace
from bot.store.database import Database
from bot.store.outbox import OutRow
from bot.store.standing import Standing
from bot.store.vault import PersonKey, Vault
from compliance.decide import Rules


def steady_ms() -> int:
    """Milliseconds of a clock that only measures spans, and that nobody sets."""
    return time.monotonic_ns() // 1_000_000


def wait_ms(ms: int) -> None:
    """Wait in real time."""
    time.sleep(ms / 1000)


@dataclass(frozen=True, slots=True)
class Way:
    """Everything that delivering and settling are handed.

    `clock` gives now (ms), `steady` measures spans (ms), `wait` waits (ms). `callback` is the
    address for a message's status callbacks. `on_stopped(conn, row, now_ms)` records an opt-out
    that the carrier knew of, in a transaction of its own.
    """

    db: Database
    vault: Vault
    rules: Rules
    brands: Callable[[], Mapping[str, Brand]]
    channel: Callable[[str], Channel]
    clock: Callable[[], int]
    ids: Callable[[], str]
    dice: Callable[[], float]
    callback: Callable[[str], str]
    on_stopped: Callable[[Any, OutRow, int], None]
    pace: Pace = field(default_factory=LocalPace)
    steady: Callable[[], int] = steady_ms
    wait: Callable[[int], None] = wait_ms

    def event(self, row: OutRow, kind: str, now_ms: int, data: Mapping[str, Any]) -> dict[str, Any]:
        """A row of the event log about a message: ids and codes only."""
        same = ("brand", "person_id", "conversation_id", "flow", "version", "step")
        return {name: row[name] for name in same} | {
            "id": self.ids(),
            "at": now_ms,
            "kind": kind,
            "message_id": row["id"],
            "data": dict(data),
        }


def standing_of(
    facts: Any, number: str, spent_micros: int, guard: Mapping[str, Any] | None = None
) -> Standing:
    """A person as the gate knows them, from what the store read (`PersonFacts`)."""
    return Standing(
        person_id=facts.id,
        brand=facts.brand,
        number=number,
        number_hmac=bytes(facts.number_hmac),
        language=facts.language,
        country=facts.country,
        zone=facts.zone,
        version=facts.version,
        guard=dict(facts.guard if guard is None else guard),
        consents=facts.consents,
        suppressions=facts.suppressions,
        last_heard_at=facts.last_heard_at,
        spent_micros=spent_micros,
    )


def open_number(vault: Vault, facts: Any) -> tuple[PersonKey, str]:
    """A person's key and number. Raises Unreadable when the person was erased."""
    key = vault.unwrap(facts.id, facts.wrapped)
    return key, key.open_text("person.number", facts.number)


def sender_of(brands: Mapping[str, Brand], number: str) -> Sender | None:
    """The sender of that number, at whichever brand sends slowest from it."""
    found = [one for brand in brands.values() if (one := brand.sender(number)) is not None]
    return min(found, key=lambda one: one.parts_per_second or float("inf"), default=None)
