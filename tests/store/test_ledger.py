"""The consent ledger as rows: one unbroken chain a brand, and whatever was touched is named."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import delete, update

from bot.store import tables
from bot.store.careful import append_lines
from bot.store.chain import brands_with_lines, chain, head, person_of
from compliance.ledger import LedgerEvent, LedgerLine, fold, verify
from tests.store.conftest import NUMBER, Room

PEOPLE = ["A" * 26, "B" * 26]


def line(person_id: str = PEOPLE[0], **more: Any) -> LedgerLine:
    return LedgerLine(LedgerEvent.confirm, 5, person_id=person_id, purpose="marketing", **more)


def append(room: Room, *lines: LedgerLine, brand: str = "margot") -> list[int]:
    return room.db.write(lambda conn: append_lines(conn, brand, list(lines)))


def broken(room: Room, brand: str = "margot") -> tuple[int, str] | None:
    found = room.db.read(lambda conn: verify(chain(conn, brand), head(conn, brand)))
    return (found.seq, found.why) if found else None


def test_lines_are_numbered_and_chained_one_chain_a_brand(room: Room) -> None:
    assert append(room, line(), line()) == [1, 2]
    assert append(room, line(PEOPLE[1])) == [3]
    assert append(room, line(), brand="atelier") == [1]
    assert append(room) == []
    assert broken(room) is None
    assert broken(room, "atelier") is None
    assert room.db.read(brands_with_lines) == ["atelier", "margot"]


def test_the_lines_of_one_person_are_found_in_order(room: Room) -> None:
    append(room, line(), line(PEOPLE[1]), replace(line(), event=LedgerEvent.withdraw))
    mine = room.db.read(lambda conn: list(chain(conn, "margot", PEOPLE[0])))
    assert [one.seq for one in mine] == [1, 3]


def test_a_long_chain_is_read_in_pieces_and_misses_none(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.store import chain as module

    monkeypatch.setattr(module, "_PIECE", 4)
    append(room, *(line() for _ in range(12)))
    assert [one.seq for one in room.db.read(lambda c: list(chain(c, "margot")))] == [*range(1, 13)]
    assert broken(room) is None


TOUCHED = [
    ({"line": "{}"}, "changed"),
    ({"hash": "f" * 64}, "changed"),
    ({"prev_hash": "f" * 64}, "chain"),
]


@pytest.mark.parametrize(("values", "why"), TOUCHED)
@pytest.mark.parametrize("seq", [1, 2, 3])
def test_a_row_that_was_touched_is_named(
    room: Room, seq: int, values: dict[str, str], why: str
) -> None:
    append(room, line(), line(), line())
    where = (tables.ledger.c.brand == "margot") & (tables.ledger.c.seq == seq)
    room.db.write(lambda conn: conn.execute(update(tables.ledger).where(where).values(values)))
    assert broken(room) == (seq, why)


@pytest.mark.parametrize(("seq", "found"), [(1, (1, "gap")), (2, (2, "gap")), (3, (3, "head"))])
def test_a_row_that_was_taken_out_is_noticed(room: Room, seq: int, found: tuple[int, str]) -> None:
    append(room, line(), line(), line())
    room.db.write(
        lambda conn: conn.execute(delete(tables.ledger).where(tables.ledger.c.seq == seq))
    )
    assert broken(room) == found


@pytest.mark.parametrize("values", [{"seq": 1}, {"hash": "f" * 64}])
def test_a_head_that_was_touched_is_noticed(room: Room, values: dict[str, Any]) -> None:
    append(room, line(), line())
    room.db.write(lambda conn: conn.execute(update(tables.ledger_head).values(values)))
    assert broken(room) == (3, "head")


def test_appends_at_once_keep_one_chain(room: Room) -> None:
    start = threading.Barrier(8)
    given: list[int] = []

    def some(person_id: str) -> None:
        start.wait(10)
        for _ in range(10):
            given.extend(append(room, line(person_id)))

    threads = [threading.Thread(target=some, args=(f"{n}" * 26,)) for n in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(given) == list(range(1, 81))
    assert broken(room) is None
    assert room.db.read(lambda conn: head(conn, "margot"))[0] == 80


def test_a_line_of_a_transaction_that_failed_leaves_no_gap(room: Room) -> None:
    append(room, line())

    def work(conn: Any) -> None:
        append_lines(conn, "margot", [line()])
        raise ValueError

    with pytest.raises(ValueError):
        room.db.write(work)
    assert append(room, line()) == [2]
    assert broken(room) is None


def test_the_chain_holds_after_a_key_is_destroyed(room: Room) -> None:
    person_id, _key = room.person()
    append(room, line(person_id, evidence="c" * 64))
    room.db.write(lambda conn: conn.execute(delete(tables.person_key)))
    assert broken(room) is None


def test_a_person_is_found_by_their_number_within_a_brand(room: Room) -> None:
    person_id, _key = room.person()
    assert room.db.read(lambda c: person_of(c, room.vault, "margot", NUMBER)) == person_id
    assert room.db.read(lambda c: person_of(c, room.vault, "atelier", NUMBER)) is None


def test_the_fold_of_the_rows_is_todays_consent(room: Room) -> None:
    from compliance.ledger import LedgerLine as Line

    append(room, line(), replace(line(), event=LedgerEvent.withdraw, purpose="all"))
    import json

    rows = room.db.read(lambda conn: list(chain(conn, "margot")))
    folded = fold(
        Line(**{**json.loads(one.line), "event": LedgerEvent(json.loads(one.line)["event"])})
        for one in rows
    )
    assert folded.consents[(PEOPLE[0], "marketing", "sms")].state == "withdrawn"
    assert (PEOPLE[0], "all") in folded.stopped
