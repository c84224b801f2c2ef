"""Personal data at rest: sealed, bound to its place, gone with its key."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select
from sqlalchemy.exc import StatementError

from bot.store import careful, tables
from bot.store.tables import Sealed, SealedBytes
from bot.store.vault import Unreadable, Vault
from tests.store.conftest import NUMBER, Room
from tests.support.clock import Dice


@given(clear=st.text() | st.binary())
def test_what_is_sealed_opens_again(clear: str | bytes) -> None:
    key, _wrapped = Vault(b"k" * 32, Dice().bytes).new_key("P" * 26)
    wanted = clear.encode("utf-8", "strict") if isinstance(clear, str) else clear
    assert key.open("message.body", key.seal("message.body", clear)) == wanted


def test_the_same_text_is_sealed_differently_each_time(vault: Vault) -> None:
    key, _wrapped = vault.new_key("P" * 26)
    first, second = (key.seal("message.body", "bonjour") for _ in range(2))
    assert first != second
    assert b"bonjour" not in first


def test_a_value_that_was_moved_or_changed_cannot_be_read(vault: Vault) -> None:
    key, _wrapped = vault.new_key("P" * 26)
    other, _other = vault.new_key("Q" * 26)
    sealed = key.seal("message.body", "bonjour")
    with pytest.raises(Unreadable):
        key.open("person.number", sealed)
    with pytest.raises(Unreadable):
        other.open("message.body", sealed)
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        if place == 0:
            continue
        with pytest.raises(Unreadable):
            key.open("message.body", bytes(changed))
    with pytest.raises(Unreadable):
        key.open("message.body", b"")


def test_a_persons_key_is_wrapped_and_belongs_to_them(vault: Vault) -> None:
    key, wrapped = vault.new_key("P" * 26)
    sealed = key.seal("message.body", "bonjour")
    assert vault.unwrap("P" * 26, wrapped).open_text("message.body", sealed) == "bonjour"
    assert key._key not in wrapped
    with pytest.raises(Unreadable):
        vault.unwrap("Q" * 26, wrapped)
    with pytest.raises(Unreadable):
        Vault(b"x" * 32, Dice().bytes).unwrap("P" * 26, wrapped)


def test_without_its_key_nothing_of_a_person_can_be_read(room: Room) -> None:
    person_id, key = room.person()
    salt = key.salt
    room.db.write(
        lambda conn: conn.execute(
            tables.person_key.update()
            .where(tables.person_key.c.person_id == person_id)
            .values(wrapped=b"")
        )
    )
    wrapped = room.db.read(lambda conn: conn.scalar(select(tables.person_key.c.wrapped)))
    with pytest.raises(Unreadable):
        room.vault.unwrap(person_id, wrapped)
    with pytest.raises(Unreadable):
        room.vault.unwrap(person_id, None)
    assert room.vault.new_key(person_id)[0].salt != salt


def test_a_number_is_looked_up_by_a_keyed_hash(vault: Vault) -> None:
    assert vault.number_hmac(NUMBER) == vault.number_hmac(NUMBER)
    assert vault.number_hmac(NUMBER) != vault.number_hmac("+33639984108")
    assert vault.number_hmac(NUMBER) != Vault(b"x" * 32, Dice().bytes).number_hmac(NUMBER)
    assert len(vault.number_hmac(NUMBER)) == 16


def test_a_short_master_key_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Vault(b"short", Dice().bytes)


SEALED = [
    column
    for table in tables.metadata.sorted_tables
    for column in table.columns
    if isinstance(column.type, Sealed)
]


@pytest.mark.parametrize("column", SEALED, ids=str)
@pytest.mark.parametrize("clear", ["+33639984107", b"+33639984107"])
def test_a_column_of_personal_data_refuses_clear_text(
    room: Room, column: Any, clear: str | bytes
) -> None:
    with pytest.raises(StatementError) as refused:
        room.db.write(lambda conn: conn.execute(insert(column.table).values({column: clear})))
    assert isinstance(refused.value.orig, TypeError)
    assert "+33639984107" not in str(refused.value.orig)


def test_the_short_road_refuses_clear_text_as_well(room: Room) -> None:
    from bot.store import turns
    from bot.store.changes import Changes

    person_id, _key = room.person()
    made = Changes("margot", person_id, 1)
    made.person = {"fields": b"+33639984107"}
    with pytest.raises(TypeError, match="never clear text"):
        turns._write(room.db, made)


def test_personal_columns_give_ciphertext(room: Room) -> None:
    person_id, key = room.person()
    number = room.db.read(
        lambda conn: conn.scalar(
            select(tables.person.c.number).where(tables.person.c.id == person_id)
        )
    )
    assert isinstance(number, SealedBytes)
    assert key.open_text("person.number", number) == NUMBER
    assert key.open_text("person.name", None) == ""


def test_no_column_of_personal_data_is_in_clear() -> None:
    """A new column that could hold somebody's words has to be decided on here."""
    texts = {
        str(column)
        for table in tables.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, tables.Text) and not isinstance(column.type, Sealed)
    }
    # The ledger's hashed form, mandatory wordings, and the flows themselves.
    assert {one for one in texts if "." in one} == {
        "ledger.line", "wording.text", "publication.source",
    }  # fmt: skip
    assert {str(column) for column in SEALED} == {
        "person.number", "person.name", "person.fields", "session.state", "message.body",
        "message.raw",
    }  # fmt: skip


def test_a_person_and_their_key_are_made_together(room: Room) -> None:
    made = room.new()
    assert made.new_key is not None
    made.new_key = {**made.new_key, "wrapped": None}
    with pytest.raises(Exception, match=r"(?i)null"):
        room.db.write(lambda conn: careful.apply(conn, made))
    assert room.dump()["person"] == []
