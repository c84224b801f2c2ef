"""A database of each kind, and people in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from bot.store import careful, tables
from bot.store.changes import Changes
from bot.store.database import Database, open_database
from bot.store.vault import PersonKey, Vault
from tests.support.clock import Dice, Ids, VirtualClock

NUMBER = "+33639984107"


@dataclass
class Room:
    """An open database with a vault."""

    db: Database
    vault: Vault
    ids: Ids
    clock: VirtualClock

    def dump(self, db: Database | None = None) -> dict[str, list[Any]]:
        """Every row of every table."""

        def read(conn: Any) -> dict[str, list[Any]]:
            found = {}
            for table in tables.metadata.sorted_tables:
                query = select(table).order_by(*table.primary_key.columns)
                found[table.name] = [tuple(row) for row in conn.execute(query)]
            return found

        return (db or self.db).read(read)

    def new(self, number: str = NUMBER, brand: str = "margot", **more: Any) -> Changes:
        """The changes that make a person."""
        one = self.ids()
        key, wrapped = self.vault.new_key(one)
        made = Changes(brand, one, None)
        made.new_person = {
            "id": one, "brand": brand, "number_hmac": self.vault.number_hmac(number),
            "number": key.seal("person.number", number), "language": "fr", "country": "FR",
            "zone": "Europe/Paris", "version": 1, "guard": {}, "created_at": self.clock(), **more,
        }  # fmt: skip
        made.new_key = {"person_id": one, "key_id": self.vault.key_id, "wrapped": wrapped}
        return made

    def person(self, number: str = NUMBER, brand: str = "margot") -> tuple[str, PersonKey]:
        """A person who is known; gives their id and key."""
        made = self.new(number, brand)
        self.db.write(lambda conn: careful.apply(conn, made))
        assert made.new_key is not None
        return made.person_id, self.vault.unwrap(made.person_id, made.new_key["wrapped"])

    def version(self, person_id: str) -> int:
        column = tables.person.c.version
        wanted = select(column).where(tables.person.c.id == person_id)
        return int(self.db.read(lambda conn: conn.scalar(wanted)) or 0)


@pytest.fixture
def room(database_url: str, clock: VirtualClock, make_id: Ids, dice: Dice) -> Iterator[Room]:
    """A room on each kind of database."""
    db = open_database(database_url, durable=False)
    yield Room(db, Vault(b"k" * 32, dice.bytes), make_id, clock)
    db.close()


@pytest.fixture
def vault(dice: Dice) -> Vault:
    return Vault(b"k" * 32, dice.bytes)


Make = Callable[..., Changes]
