"""A wired application on a real queue, with a carrier in memory and the sample brand published."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis
from rq import SimpleWorker
from rq.serializers import JSONSerializer
from sqlalchemy import insert, select

from bot import wiring
from bot.channels.carrier import InProcessCarrier
from bot.jobs.queue import queue
from bot.sending.gate import Caps, Draft, submit
from bot.settings import Settings
from bot.store import careful
from bot.store.changes import Changes, ConsentChange
from bot.store.database import Database, open_database
from bot.store.standing import ConsentRow, Standing
from bot.store.tables import lane, message
from bot.turns.app import App
from bot.turns.publishing import publish_folder
from compliance.ledger import LedgerEvent, LedgerLine
from tests.support.clock import Dice, Ids, VirtualClock

KEY = bytes(range(32))
FLOWS = Path(__file__).resolve().parents[2] / "flows"
SENDER = "36000"
BULK = f"{SENDER}/bulk"
OFFER = "Chez Margot : deux parts pour une ce midi. STOP au 36000"


def settings_of(database_url: str, redis_url: str, data: Path) -> Settings:
    """Settings of the embedded mode."""
    return Settings(
        data=data,
        flows=FLOWS,
        database_url=database_url,
        redis_url=redis_url,
        key=base64.b64encode(KEY).decode(),
        public_url="http://127.0.0.1:8000",
    )


@dataclass
class Office:
    """The application with what a test of jobs does to it."""

    app: App
    clock: VirtualClock
    carrier: InProcessCarrier
    people: int = 0

    @property
    def db(self) -> Database:
        return self.app.db

    def offer(self, **more: Any) -> str:
        """A new person who agreed to offers, and an offer that waits for them."""
        now, one, number = self.clock(), self.app.ids(), f"+336399810{self.people:02d}"
        self.people += 1
        key, wrapped = self.app.vault.new_key(one)
        brand = self.app.brands()["margot"]
        made = Changes("margot", one, None)
        made.new_person = {
            "id": one, "brand": "margot", "number_hmac": self.app.vault.number_hmac(number),
            "number": key.seal("person.number", number), "language": "fr", "country": "FR",
            "zone": "Europe/Paris", "version": 1, "guard": {}, "created_at": now,
            "last_heard_at": now,
        }  # fmt: skip
        made.new_key = {
            "person_id": one, "key_id": self.app.vault.key_id, "wrapped": wrapped,
        }  # fmt: skip
        made.ledger = [LedgerLine(LedgerEvent.confirm, now, "margot", person_id=one)]
        made.consents = [
            ConsentChange("marketing", "sms", "granted", "consent", now, 0, double_opt_in="done")
        ]
        self.db.write(lambda conn: careful.apply(conn, made))
        consent = ConsentRow("marketing", "sms", "granted", "consent", now, 1, "done")
        standing = Standing(
            one, "margot", number, made.new_person["number_hmac"], "fr", "FR", "Europe/Paris", 1,
            consents=(consent,), last_heard_at=now,
        )  # fmt: skip
        given: dict[str, Any] = {"purpose": "marketing", "proactive": True}
        draft = Draft(self.app.ids(), "margot", one, SENDER, OFFER, "fr", **given | more)
        (row,) = submit([draft], standing, brand, Caps("twilio"), self.app.rules, now)
        row["body"] = key.seal("message.body", row.pop("clear"))
        self.db.write(lambda conn: conn.execute(insert(message), row))
        return draft.message_id

    def work(self) -> None:
        """Do everything that is in the queue, as a worker does, and come back."""
        waiting = queue(self.app)
        worker = SimpleWorker([waiting], connection=waiting.connection, serializer=JSONSerializer)
        worker.work(burst=True, logging_level="ERROR")

    def states(self, *ids: str) -> list[str]:
        found = dict(self.db.read(lambda c: c.execute(select(message.c.id, message.c.state)).all()))  # type: ignore[arg-type,var-annotated]
        return [found[one] for one in ids]

    def lane(self, name: str = BULK) -> Any:
        return self.db.read(lambda c: c.execute(select(lane).where(lane.c.name == name)).one())

    def jobs(self) -> list[str]:
        return list(queue(self.app).job_ids)


@pytest.fixture
def office(
    sqlite_url: str,
    redis_url: str,
    tmp_path: Path,
    clock: VirtualClock,
    make_id: Ids,
    dice: Dice,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Office]:
    """An application whose jobs run in this process."""
    carrier = InProcessCarrier(clock)
    client = redis.Redis.from_url(redis_url, socket_timeout=2)
    app = wiring.build(
        settings_of(sqlite_url, redis_url, tmp_path),
        db=open_database(sqlite_url, durable=False),
        key=KEY,
        channels={"twilio": carrier},
        system_ms=clock,
        ids=make_id,
        dice=dice,
        entropy=dice.bytes,
        redis=lambda: client,
    )
    publish_folder(app, FLOWS, by="test")
    monkeypatch.setattr(wiring, "app", lambda: app)
    yield Office(app, clock, carrier)
    app.db.close()
    client.close()
