"""Published brands and flows: what changes, what stays for those who stand on it."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import insert, select

from bot.store import tables
from bot.store.markers import read_marker
from bot.store.publications import Published, publish, read_published, source_of
from tests.store.conftest import Room


def source(name: str, text: str, brand: str = "margot", kind: str = "flow") -> Published:
    made = hashlib.sha256(text.encode()).hexdigest()
    return Published(brand, kind, name, made, text, True)


BRAND = source("margot", "brand: margot", kind="brand")


def put(room: Room, *sources: Published, **more: Any) -> list[str]:
    return room.db.write(
        lambda conn: publish(
            conn, list(sources), now=room.clock(), by="ana", new_id=room.ids, **more
        )
    )


def active(room: Room) -> dict[str, str]:
    _serial, found = room.db.read(read_published)
    return {f"{one.brand}/{one.name}": one.source for one in found if one.active}


def test_publishing_moves_the_serial_only_when_something_changed(room: Room) -> None:
    assert put(room, BRAND, source("quiz", "one")) == ["margot/margot", "margot/quiz"]
    assert read_marker(room.db, "publication") == 1
    assert put(room, BRAND, source("quiz", "one")) == []
    assert read_marker(room.db, "publication") == 1
    assert put(room, BRAND, source("quiz", "two")) == ["margot/quiz"]
    assert read_marker(room.db, "publication") == 2
    assert active(room)["margot/quiz"] == "two"


def test_a_flow_that_is_gone_is_retired_and_one_that_is_kept_is_not(room: Room) -> None:
    put(room, BRAND, source("quiz", "one"), source("offers", "one"))
    put(room, BRAND, source("quiz", "one"), keep=[("margot", "flow", "offers")])
    assert set(active(room)) == {"margot/margot", "margot/quiz", "margot/offers"}
    assert put(room, BRAND, source("quiz", "one")) == ["margot/offers"]
    assert set(active(room)) == {"margot/margot", "margot/quiz"}


def test_publishing_one_brand_leaves_the_other_alone(room: Room) -> None:
    put(room, BRAND, source("quiz", "one"))
    put(room, source("velo", "one", brand="atelier"))
    assert put(room, BRAND) == ["margot/quiz"]
    assert set(active(room)) == {"margot/margot", "atelier/velo"}


def test_an_old_version_is_read_while_a_session_stands_on_it(room: Room) -> None:
    old = source("quiz", "one")
    put(room, BRAND, old)
    put(room, BRAND, source("quiz", "two"))
    _serial, found = room.db.read(read_published)
    assert old.hash not in {one.hash for one in found}
    person_id, key = room.person()
    row = {
        "person_id": person_id, "brand": "margot", "conversation_id": "C" * 26, "flow": "quiz",
        "version": old.hash, "owner": "bot", "state": key.seal("session.state", b"{}"),
        "timers": {},
    }  # fmt: skip
    room.db.write(lambda conn: conn.execute(insert(tables.session), row))
    _serial, found = room.db.read(read_published)
    (stands,) = [one for one in found if one.hash == old.hash]
    assert not stands.active
    assert (stands.published_by, stands.published_at) == ("ana", room.clock())


def test_a_version_is_found_by_its_hash_for_ever(room: Room) -> None:
    old = source("quiz", "one")
    put(room, BRAND, old)
    put(room, BRAND)
    found = room.db.read(lambda conn: source_of(conn, old.hash))
    assert found is not None
    assert found.source == "one"
    assert room.db.read(lambda conn: source_of(conn, "0" * 64)) is None


def test_going_back_to_an_older_text_makes_it_current_once(room: Room) -> None:
    put(room, BRAND, source("quiz", "one"))
    put(room, BRAND, source("quiz", "two"))
    assert put(room, BRAND, source("quiz", "one")) == ["margot/quiz"]
    assert active(room)["margot/quiz"] == "one"
    _serial, found = room.db.read(read_published)
    assert len([one for one in found if one.name == "quiz" and one.active]) == 1
    rows = room.db.read(
        lambda conn: conn.execute(
            select(tables.publication).where(tables.publication.c.name == "quiz")
        ).all()
    )
    assert [row.active for row in rows].count(True) == 1
