"""A wired application on each database, with five brands and people who text them."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Table, select, update

from bot import wiring
from bot.channels import DeliveryState, Inbound, Status
from bot.channels.carrier import InProcessCarrier
from bot.sending.deliver import drain
from bot.sending.way import Way
from bot.settings import Settings
from bot.store import lanes, tables
from bot.store.database import Database, open_database
from bot.turns.app import App
from bot.turns.desk import Settled
from bot.turns.inbound import hear_text
from bot.turns.publishing import publish_folder
from bot.turns.receipts import note_receipt, record_stop
from bot.turns.timers import ring_due
from tests.support.clock import Dice, Ids, VirtualClock

KEY = bytes(range(32))
ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (
    ROOT / "flows" / "margot",
    ROOT / "tests" / "data" / "brands" / "atelier",
    ROOT / "tests" / "turns" / "brands" / "gotham",
    ROOT / "tests" / "turns" / "brands" / "zinc",
)
ANA = "+33639984107"
LIA = "+12025550144"
LUC = "+33639980199"


@dataclass
class House:
    """A running application, and short words for what a test does to it."""

    app: App
    clock: VirtualClock
    carrier: InProcessCarrier
    flows: Path
    woken: list[str] = field(default_factory=list)
    texts: int = 0

    @property
    def db(self) -> Database:
        return self.app.db

    def inbound(self, body: str, number: str = ANA, to: str = "36000", **more: Any) -> Inbound:
        """A text with a carrier's id of its own."""
        self.texts += 1
        given: dict[str, Any] = {
            "channel": "twilio",
            "provider_id": f"SMf{self.texts:031x}",
            "account": "AC" + "5" * 32,
            "sender": to,
            "from_number": number,
            "body": body,
            "raw": body.encode("utf-8", "replace"),
        }
        return Inbound(**given | more)

    def hear(self, body: str, number: str = ANA, to: str = "36000", **more: Any) -> Settled:
        """Hear a text; the clock goes on by a second, since nobody types faster."""
        self.clock.forward(seconds=1)
        return hear_text(self.app, self.inbound(body, number, to, **more))

    def says(self, body: str, number: str = ANA, to: str = "36000", **more: Any) -> list[str]:
        """What is answered at once to a text."""
        return [text for _id, text in self.hear(body, number, to, **more).replies]

    def rows(self, table: Table, **equal: Any) -> list[Any]:
        """Rows of a table, in the order of its key."""
        wanted = select(table).where(*(table.c[name] == value for name, value in equal.items()))
        ordered = wanted.order_by(*table.primary_key.columns)
        return self.db.read(lambda conn: list(conn.execute(ordered).all()))

    def person(self, number: str = ANA, brand: str = "margot") -> Any:
        """The row of a number at a brand."""
        found = self.rows(
            tables.person, brand=brand, number_hmac=self.app.vault.number_hmac(number)
        )
        assert len(found) == 1, found
        return found[0]

    def session(self, number: str = ANA, brand: str = "margot") -> Any | None:
        found = self.rows(tables.session, person_id=self.person(number, brand).id)
        return found[0] if found else None

    def refusals(self, number: str = ANA) -> list[tuple[str | None, str | None, str | None]]:
        """What stands suppressed of a number: (sender, brand, purpose), in no special order."""
        rows = self.rows(tables.suppression, number_hmac=self.app.vault.number_hmac(number))
        standing = {(r.sender, r.brand, r.purpose) for r in rows if r.lifted_at is None}
        return sorted(standing, key=str)

    def consents(self, number: str = ANA, brand: str = "margot") -> dict[str, str]:
        rows = self.rows(tables.consent, person_id=self.person(number, brand).id)
        return {row.purpose: row.state for row in rows}

    def lines(self, brand: str = "margot") -> list[dict[str, Any]]:
        """The ledger of a brand as plain data."""
        return [json.loads(row.line) for row in self.rows(tables.ledger, brand=brand)]

    def events(self, kind: str, brand: str = "margot") -> list[Any]:
        return self.rows(tables.event, brand=brand, kind=kind)

    def outbox(self, *states: str, brand: str = "margot") -> list[Any]:
        rows = self.rows(tables.message, brand=brand, direction="out")
        return [row for row in rows if not states or row.state in states]

    def clear(self, row: Any) -> str:
        """The words of a message."""
        wrapped = self.rows(tables.person_key, person_id=row.person_id)[0].wrapped
        key = self.app.vault.unwrap(row.person_id, wrapped)
        return key.open_text("message.body", row.body)

    def agree(self, number: str = ANA) -> None:
        """Agree to offers by the flow that asks for it."""
        self.says("OFFRES", number)
        self.says("OUI", number)
        assert self.consents(number)["marketing"] == "granted"

    def wait(self, **how_long: float) -> list[str]:
        """Let time pass in steps of a minute, as the clock's job does; gives what left by API."""
        before = len(self.carrier.sent)
        until = self.clock.moment
        self.clock.forward(**how_long)
        until, self.clock.moment = self.clock.moment, until
        while self.clock.moment < until:
            self.clock.to_utc(min(self._next(until), until))
            ring_due(self.app)
            self.drain()
        return [one.body for one in self.carrier.sent[before:]]

    def _next(self, until: datetime) -> datetime:
        """The next moment at which something is due, at least a second from now."""
        from datetime import UTC, timedelta

        from bot.store.rehearsal import next_due

        due = self.db.read(next_due)
        soon = self.clock.moment + timedelta(seconds=1)
        if due is None:
            return until
        return max(soon, datetime.fromtimestamp(due / 1000, UTC))

    def drain(self) -> None:
        """Release what is due, in every lane."""
        now = self.clock()
        ready = self.db.read(lambda conn: lanes.ready_lanes(conn, now))
        if not ready:
            return
        self.db.write(lambda conn: conn.execute(update(tables.lane).values(lease_until=0)))
        raised = self.db.write(lambda conn: lanes.raise_epochs(conn, ready, now, now + 60_000))
        for lane, epoch in raised:
            drain(self.way(), lane, epoch, owner="test")

    def way(self) -> Way:
        app = self.app

        def on_stopped(conn: Any, row: Any, now_ms: int) -> None:
            record_stop(app, conn, SimpleNamespace(**row), now_ms)

        return Way(
            db=app.db, vault=app.vault, rules=app.rules, brands=app.brands, channel=app.channel,
            clock=app.clock, ids=app.ids, dice=app.dice, callback=app.hooks["callback_for"],
            on_stopped=on_stopped, steady=self.clock,
            wait=lambda ms: self.clock.forward(milliseconds=ms) and None,
        )  # fmt: skip

    def receipt(self, row: Any, state: str, error: str | None = None) -> bool:
        """A status callback about a message."""
        provider = row.provider_id or f"SMout{row.id}"
        return note_receipt(
            self.app, Status(provider, row.id, DeliveryState(state), error_code=error)
        )

    def save(self, path: str, text: str) -> None:
        """Save a file of the folder of flows, at another time than before."""
        import os

        file = self.flows / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        self.texts += 1
        os.utime(file, ns=(self.texts * 10**9, self.texts * 10**9))

    def publish(self) -> Any:
        return publish_folder(self.app, self.flows, by="test")


class _Clock(VirtualClock):
    def to_utc(self, moment: datetime) -> None:
        self.moment = moment


def settings_of(database_url: str, data: Path, flows: Path) -> Settings:
    """Settings of the embedded mode that watch no folder."""
    return Settings(
        data=data,
        flows=flows,
        database_url=database_url,
        key=base64.b64encode(KEY).decode(),
        public_url="http://127.0.0.1:8000",
        autopublish=False,
    )


def open_house(database_url: str, data: Path, **instead: Any) -> House:
    """An application on a database, with the brands of the tests published."""
    flows = data / "flows"
    for folder in FOLDERS:
        shutil.copytree(folder, flows / folder.name, ignore=shutil.ignore_patterns("transcripts"))
    clock = instead.pop("clock", None) or _Clock()
    carrier = InProcessCarrier(clock)
    chance = Dice()
    woken: list[str] = []
    app = wiring.build(
        settings_of(database_url, data, flows),
        db=instead.pop("db", None) or open_database(database_url, durable=False),
        key=KEY,
        channels={"twilio": carrier},
        system_ms=clock,
        ids=Ids(clock),
        dice=Dice("dice"),
        entropy=chance.bytes,
        redis=lambda: None,
        wake=woken.append,
        **instead,
    )
    house = House(app, clock, carrier, flows, woken)
    outcome = house.publish()
    assert not outcome.errors, outcome.errors
    return house


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    """An application on each kind of database, at two minutes to noon in Lille."""
    opened = open_house(database_url, tmp_path / "house")
    yield opened
    opened.app.db.close()


@pytest.fixture
def small_house(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """The same on SQLite only, where the database makes no difference."""
    opened = open_house(sqlite_url, tmp_path / "house")
    yield opened
    opened.app.db.close()


Opener = Callable[..., House]
