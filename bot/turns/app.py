"""What `bot.wiring` puts together and every turn is handed: no globals, no clock of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.channels import Channel
from bot.settings import Settings
from bot.store.database import Database
from bot.store.vault import Vault
from bot.turns.library import Library
from compliance.decide import Rules


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

    def complaints(self) -> tuple[Any, ...]:
        """What is wrong with the folder of flows as it was last saved; publishes what is clean."""
        watch = self.hooks.get("watch")
        return watch.look(self).complaints if watch is not None else ()

    def set_clock_offset(self, offset_ms: int) -> None:
        """Move the clock of all processes. Raises PermissionError with a real carrier."""
        from bot.store.markers import put_marker, read_marker

        if not self.settings.simulated:
            raise PermissionError("the clock is real with a real carrier")
        # Our clock is never ahead of the carrier's: what we hand over now must not look older in
        # its books than in ours, or we would believe that it never arrived.
        forward = offset_ms >= (read_marker(self.db, "clock_offset") or 0)
        if self.customer is not None and forward:
            self.customer.move_clock(offset_ms)
        self.db.write(lambda conn: put_marker(conn, "clock_offset", offset_ms))
        if self.customer is not None and not forward:
            self.customer.move_clock(offset_ms)

    def give_back(self, brand: str, person_id: str, *, by: str = "operator") -> bool:
        """Give a conversation back to the bot; false when no person owned it."""
        from bot.turns.handing import give_back

        return give_back(self, brand, person_id, by=by)

    def brands(self) -> Mapping[str, Any]:
        """The published brands by name, fresh from the database."""
        return {name: one.brand for name, one in self.library.current().brands.items()}
