"""No number, no name and no text of a person stands anywhere in clear, whatever happens to them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import LargeBinary

from bot.store import tables
from tests.turns.conftest import ANA, LUC, House

NAME = "Ernestine"
WORDS = ("zanzibar", NAME, "colibri")


def live(house: House) -> None:
    """A life with everything in it: an order, offers, a coupon, a break, a stop, a return."""
    house.says("PIZZA")
    house.says("zanzibar")
    house.says("2")
    house.says("2")
    house.says(NAME)
    house.says("OUI")
    house.agree()
    (code,) = [row.code for row in house.rows(tables.coupon)]
    house.says(f"USED {code} 4817", LUC)
    house.says("colibri")
    house.says("HUMAIN")
    house.says("STOP, colibri")
    house.says("STOP")
    house.says("START")
    house.wait(hours=3)


def clear_traces(text: str) -> list[str]:
    digits = [number[1:] for number in (ANA, LUC)]
    return [word for word in (*digits, *WORDS, *map(str.lower, WORDS)) if word in text]


def test_the_database_file_holds_nothing_of_a_person_in_clear(
    small_house: House, tmp_path: Path
) -> None:
    live(small_house)
    small_house.app.db.close()
    files = [path for path in tmp_path.glob("parley.db*") if path.is_file()]
    assert files
    for path in files:
        raw = path.read_bytes()
        for word in (ANA[1:], *WORDS):
            for coded in (word.encode(), word.encode("utf-16-le"), word.encode().hex().encode()):
                assert coded not in raw, f"{word} in {path.name}"


def test_what_is_not_sealed_holds_ids_and_codes_only(house: House) -> None:
    live(house)
    for table in tables.metadata.sorted_tables:
        if table.name == "publication":
            continue
        plain = [
            column.name
            for column in table.columns
            if not isinstance(column.type, tables.Sealed | LargeBinary)
        ]
        for row in house.rows(table):
            told = json.dumps([getattr(row, name) for name in plain], default=str)
            assert clear_traces(told) == [], f"{table.name}: {told}"


def test_every_event_trace_and_decision_is_told_in_codes(house: House) -> None:
    live(house)
    values: list[Any] = []
    for row in house.rows(tables.event):
        values.extend(_leaves(row.data))
    for row in house.rows(tables.message):
        values.extend(_leaves(row.decision))
        values.extend(_leaves(row.trace))
    words = [value for value in values if isinstance(value, str)]
    assert words
    assert [value for value in words if len(value) > 64] == []
    assert [value for value in words if clear_traces(value)] == []


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for one in value.values() for leaf in _leaves(one)]
    if isinstance(value, list | tuple):
        return [leaf for one in value for leaf in _leaves(one)]
    return [value]


def test_lanes_that_are_woken_name_senders_and_no_person(house: House) -> None:
    live(house)
    house.says("PIZZA", "+33639984108")
    house.wait(minutes=21)
    assert house.woken
    assert set(house.woken) <= {"36000/reply", "36000/bulk"}


@pytest.mark.parametrize("body", ["\x00", "", "😀" * 800, "x" * 10_000, "مرحبا", "\ufffd\ufffd"])
def test_whatever_text_comes_is_kept_as_it_came(house: House, body: str) -> None:
    kept = body.replace("\x00", "\ufffd")
    house.says(kept, raw=body.encode())
    (row,) = house.rows(tables.message, direction="in")
    assert house.clear(row) == kept
    wrapped = house.rows(tables.person_key)[0].wrapped
    key = house.app.vault.unwrap(row.person_id, wrapped)
    assert key.open("message.raw", row.raw) == body.encode()
