"""A small world for the way out: one brand, people with numbers of fiction, a carrier in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from bot.channels import Channel
from bot.channels.carrier import InProcessCarrier
from bot.engine.brand import Brand, Sender
from bot.sending.deliver import Drained, drain
from bot.sending.gate import Caps, Draft, submit
from bot.sending.settle import Settled, settle
from bot.sending.way import Way, open_number, standing_of
from bot.store import lanes, outbox
from bot.store.database import Database, open_database
from bot.store.standing import Standing
from bot.store.tables import consent, event, message, person, person_key, suppression
from bot.store.vault import Vault
from compliance.decide import load_rules
from tests.support.clock import Dice, Ids, VirtualClock

SENDER = "36000"
OFFER = "Chez Margot : -20 % ce midi. STOP au 36000"
RULES = load_rules()
BRAND = Brand(
    name="margot",
    title="Chez Margot",
    country="FR",
    countries=("FR",),
    zone="Europe/Paris",
    languages=("fr", "en"),
    senders=(
        Sender(SENDER, parts_per_second=0, fictional=True),
        Sender("36001", parts_per_second=10, pool="second", fictional=True),
    ),
    cap_per_day=50,
    cap_per_week=50,
    cap_per_month=50,
    price_micros={"default": 70_000},
)


@dataclass
class World:
    """Everything a test of the way out touches."""

    db: Database
    clock: VirtualClock
    vault: Vault
    ids: Ids
    carrier: InProcessCarrier
    brands: dict[str, Brand]
    way: Way
    people: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)

    def person(self, *, consents: Mapping[str, str] | None = None, **more: Any) -> str:
        """A French person who agreed to offers (`consents`: purpose -> state)."""
        one, number = self.ids(), f"+336399800{len(self.people):02d}"
        self.people.append(one)
        key, wrapped = self.vault.new_key(one)
        row = {
            "id": one,
            "brand": BRAND.name,
            "number_hmac": self.vault.number_hmac(number),
            "number": key.seal("person.number", number),
            "language": "fr",
            "country": "FR",
            "zone": "Europe/Paris",
            "version": 1,
            "guard": {},
            "created_at": self.clock(),
            "last_heard_at": self.clock(),
        }
        granted = {"marketing": "granted"} if consents is None else consents
        rows = [
            {
                "person_id": one,
                "purpose": purpose,
                "channel": "sms",
                "state": state,
                "basis": "consent",
                "at": self.clock() - 1000,
                "ledger_seq": 1,
            }
            for purpose, state in granted.items()
        ]

        def work(conn: Any) -> None:
            conn.execute(insert(person), {**row, **more})
            conn.execute(
                insert(person_key),
                {"person_id": one, "key_id": self.vault.key_id, "wrapped": wrapped},
            )
            if rows:
                conn.execute(insert(consent), rows)

        self.db.write(work)
        return one

    def draft(self, who: str, body: str = OFFER, **more: Any) -> Draft:
        """A proactive offer, unless said otherwise."""
        given: dict[str, Any] = {"purpose": "marketing", "proactive": True, "sender": SENDER}
        given |= more
        return Draft(
            message_id=self.ids(),
            brand=BRAND.name,
            person_id=who,
            body=body,
            language="fr",
            **given,
        )

    def standing(self, who: str) -> Standing:
        """The person as they stand in the database."""
        facts = self.db.read(lambda conn: outbox.facts_of(conn, [who]))[who]
        return standing_of(facts, open_number(self.vault, facts)[1], 0)

    def submit(self, *drafts: Draft) -> list[str]:
        """Put drafts into the outbox as a turn does; gives their ids."""
        for one in drafts:
            rows = submit(
                [one], self.standing(one.person_id), BRAND, Caps("twilio"), RULES, self.clock()
            )
            self.insert(rows)
        return [one.message_id for one in drafts]

    def insert(self, rows: list[dict[str, Any]]) -> None:
        """Seal and insert rows that the gate gave."""
        for row in rows:
            facts = self.db.read(lambda conn, row=row: outbox.facts_of(conn, [row["person_id"]]))
            key, _number = open_number(self.vault, facts[row["person_id"]])
            row["body"] = key.seal("message.body", row.pop("clear"))
        self.db.write(lambda conn: conn.execute(insert(message), rows))

    def raise_epoch(self, lane: str) -> int:
        """Take a lane over, whoever holds it."""
        now = self.clock()

        def work(conn: Any) -> int:
            lanes.raise_epochs(conn, [lane], now, now)
            conn.execute(update(lanes.lanes).values(lease_until=0))
            raised = lanes.raise_epochs(conn, [lane], now, now + 5000)
            return raised[0][1]

        return self.db.write(work)

    def drain(self, lane: str = f"{SENDER}/bulk", epoch: int | None = None, **more: Any) -> Drained:
        """Drain a lane at a fresh epoch (or the given one)."""
        at = self.raise_epoch(lane) if epoch is None else epoch
        return drain(self.way, lane, at, owner=f"owner-{at}", **more)

    def settle(self) -> Settled:
        return settle(self.way)

    def row(self, message_id: str) -> Any:
        return self.db.read(
            lambda conn: conn.execute(select(message).where(message.c.id == message_id)).one()
        )

    def states(self, *ids: str) -> list[str]:
        return [self.row(one).state for one in ids]

    def guard(self, who: str) -> Any:
        return self.db.read(
            lambda conn: conn.execute(select(person.c.guard).where(person.c.id == who)).scalar()
        )

    def events(self, kind: str) -> list[Any]:
        return self.db.read(
            lambda conn: list(conn.execute(select(event).where(event.c.kind == kind)).all())
        )

    def stop(self, who: str, **more: Any) -> None:
        """The person says stop: a refusal of everything from the brand, as a turn writes it."""
        standing = self.standing(who)
        row = {
            "id": self.ids(),
            "number_hmac": standing.number_hmac,
            "brand": BRAND.name,
            "at": self.clock(),
            "via": "keyword",
            "chosen": False,
            **more,
        }

        def work(conn: Any) -> None:
            conn.execute(insert(suppression), row)
            conn.execute(
                update(person).where(person.c.id == who).values(version=person.c.version + 1)
            )

        self.db.write(work)

    def change(self, **more: Any) -> None:
        """Change the way, such as its channel or its callbacks."""
        self.way = replace(self.way, **more)

    def use(self, channel: Channel) -> None:
        self.change(channel=lambda _name: channel)


def build_world(db: Database, clock: VirtualClock, make_id: Ids, dice: Dice) -> World:
    """A world on an open database."""
    vault = Vault(b"k" * 32, dice.bytes)
    carrier = InProcessCarrier(clock)
    brands = {BRAND.name: BRAND}
    stopped: list[str] = []
    way = Way(
        db=db,
        vault=vault,
        rules=RULES,
        brands=lambda: brands,
        channel=lambda _name: carrier,
        clock=clock,
        ids=make_id,
        dice=lambda: 0.0,
        callback=lambda one: f"https://sms.example.com/webhooks/twilio/status?m={one}",
        on_stopped=lambda _conn, row, _now: stopped.append(row["id"]),
        steady=clock,
        wait=lambda ms: clock.forward(milliseconds=ms) and None,
    )
    return World(db, clock, vault, make_id, carrier, brands, way, stopped=stopped)


@pytest.fixture
def world(database_url: str, clock: VirtualClock, make_id: Ids, dice: Dice) -> Iterator[World]:
    """A world on each kind of database."""
    db = open_database(database_url)
    yield build_world(db, clock, make_id, dice)
    db.close()


@pytest.fixture
def no_clear_text() -> Any:
    """Says whether a JSON value holds a number or a text of a person."""

    def holds(value: Any) -> bool:
        told = json.dumps(value)
        return "+33" in told or "Margot" in told

    return holds
