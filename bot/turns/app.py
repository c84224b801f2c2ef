"""What `bot.wiring` puts together and every turn is handed: no globals, no clock of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from compliance.decide import Rules

from bot.channels import Channel
from bot.settings import Settings
from bot.store.database import Database
from bot.store.vault import Vault
from bot.turns.library import Library


class CarrierAnswers(Protocol):
    """Whether the carrier has answered a reserved word by itself."""

    def __call__(self, preset: Any, opt_out_type: str | None, word: str) -> bool: ...


@dataclass(slots=True)
class App:
    """The wired application of one process.

    `system_ms` is the wall clock (ms); `clock()` adds the offset that the simulated carrier's
    phone page may set. `entropy(n)` gives n random bytes, `dice()` a float in [0, 1).
    `wake(lane)` asks a worker to drain a lane; it never raises, since the sweeper finds the rest.
    """

    settings: Settings
    db: Database
    vault: Vault
    library: Library
    channels: Mapping[str, Channel]
    rules: Rules
    carrier_answers: CarrierAnswers
    system_ms: Callable[[], int]
    ids: Callable[[], str]
    dice: Callable[[], float]
    entropy: Callable[[int], bytes]
    wake: Callable[[str], None] = lambda _lane: None
    redis: Callable[[], Any] = lambda: None
    customer: Any = None
    hooks: dict[str, Any] = field(default_factory=dict)

    def channel(self, name: str) -> Channel:
        """The channel of that name. Raises KeyError."""
        return self.channels[name]

    def clock(self) -> int:
        """Now, in ms; read from the database when the carrier is simulated."""
        from bot.store.markers import read_marker

        if not self.settings.simulated:
            return self.system_ms()
        return self.system_ms() + (read_marker(self.db, "clock_offset") or 0)

    def brands(self) -> Mapping[str, Any]:
        """The published brands by name, fresh from the database."""
        return {name: one.brand for name, one in self.library.current().brands.items()}
