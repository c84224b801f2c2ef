"""Somebody with the database's password changes the consent ledger: verifying has to notice."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import Connection, text

from bot.store import tables
from bot.store.chain import brands_with_lines, chain, head, unproven
from bot.store.vault import Unreadable
from compliance.ledger import Broken, canonical, commitment, verify
from tests.turns.conftest import ANA, House

LAST = "(SELECT max(seq) FROM ledger WHERE brand = 'margot')"
LIA = "+33639984108"


def proof(house: House) -> tuple[Broken | None, int | None]:
    """What `parley ledger verify` finds at Margot's: the first broken line, a consent without."""

    def walk(conn: Connection) -> tuple[Broken | None, int | None]:
        broken = verify(chain(conn, "margot"), head(conn, "margot") or (0, "0" * 64))
        return broken, unproven(conn, "margot")

    return house.db.read(walk)


@pytest.fixture
def lived(house: House) -> House:
    """Two people agreed, one of them said stop, came back and agreed again."""
    house.agree()
    house.agree(LIA)
    for words in ("STOP", "START", "OUI"):
        house.says(words)
    assert house.consents() == {"marketing": "granted"}
    assert proof(house) == (None, None)
    return house


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (f"UPDATE ledger SET person_id = 'X' WHERE seq = {LAST}", "beside"),
        (f"UPDATE ledger SET person_id = NULL WHERE seq = {LAST}", "beside"),
        ("UPDATE ledger SET event = 'grant' WHERE seq = 5", "beside"),
        ("UPDATE ledger SET at = at + 1 WHERE seq = 1", "beside"),
        ("UPDATE ledger SET message_id = NULL WHERE seq = 2", "beside"),
        ("UPDATE ledger SET line = replace(line, 'marketing', 'service') WHERE seq = 2", "changed"),
        ("UPDATE ledger SET line = line || ' ' WHERE seq = 2", "changed"),
        ("UPDATE ledger SET hash = prev_hash WHERE seq = 2", "changed"),
        ("UPDATE ledger SET prev_hash = hash WHERE seq = 2", "chain"),
        ("DELETE FROM ledger WHERE seq = 3", "gap"),
        ("DELETE FROM ledger WHERE seq = 1", "gap"),
        (f"DELETE FROM ledger WHERE seq = {LAST}", "head"),
        ("UPDATE ledger_head SET seq = seq - 1", "head"),
        ("UPDATE ledger_head SET hash = 'f' WHERE brand = 'margot'", "head"),
        ("DELETE FROM ledger_head WHERE brand = 'margot'", "head"),
        ("UPDATE ledger SET seq = 999 WHERE seq = 2", "gap"),
        (
            "INSERT INTO ledger (brand, seq, prev_hash, hash, line, event, at) SELECT brand, seq"
            f" + 1, hash, hash, line, event, at FROM ledger WHERE seq = {LAST}",
            "changed",
        ),
    ],
)
def test_a_line_that_was_tampered_with_is_noticed(lived: House, change: str, why: str) -> None:
    lived.db.write(lambda conn: conn.execute(text(change)))
    broken, _ = proof(lived)
    assert broken is not None
    assert broken.why == why


def test_two_lines_that_changed_places_are_noticed(lived: House) -> None:
    def swap(conn: Connection) -> None:
        for old, new in ((2, 900), (3, 2), (900, 3)):
            conn.execute(text(f"UPDATE ledger SET seq = {new} WHERE seq = {old}"))

    lived.db.write(swap)
    assert proof(lived)[0] is not None


def test_a_chain_that_was_moved_to_another_brand_is_noticed(lived: House) -> None:
    def move(conn: Connection) -> None:
        for table in ("ledger", "ledger_head"):
            conn.execute(text(f"UPDATE {table} SET brand = 'zinc' WHERE brand = 'margot'"))

    lived.db.write(move)
    broken = lived.db.read(lambda conn: verify(chain(conn, "zinc"), head(conn, "zinc")))
    assert broken == Broken("zinc", 1, "beside")


def test_a_chain_that_vanished_with_its_head_is_noticed_by_the_consents_it_proved(
    lived: House,
) -> None:
    def cut(conn: Connection) -> None:
        conn.execute(text("DELETE FROM ledger"))
        conn.execute(text("DELETE FROM ledger_head"))

    lived.db.write(cut)
    assert "margot" in lived.db.read(brands_with_lines)
    assert proof(lived)[1] is not None


def test_a_consent_that_was_written_by_hand_is_noticed(lived: House) -> None:
    lived.says("stop the offers, keep my deliveries")
    assert proof(lived) == (None, None)
    lived.db.write(lambda conn: conn.execute(text("UPDATE consent SET state = 'granted'")))
    assert proof(lived)[1] is not None


def test_a_consent_that_leans_on_another_persons_line_is_noticed(lived: House) -> None:
    wanted = "UPDATE consent SET ledger_seq = (SELECT min(ledger_seq) FROM consent)"
    lived.db.write(lambda conn: conn.execute(text(wanted)))
    assert proof(lived)[1] is not None


def test_the_evidence_of_a_consent_can_be_shown_and_is_gone_with_the_persons_key(
    house: House,
) -> None:
    house.agree()
    line = next(one for one in house.lines() if one["event"] == "confirm")
    person = house.person(ANA)
    wrapped = house.rows(tables.person_key, person_id=person.id)[0].wrapped
    key = house.app.vault.unwrap(person.id, wrapped)
    (heard,) = house.rows(tables.message, id=line["evidence_message_id"])
    assert commitment(key.salt, key.open_text("message.body", heard.body)) == line["evidence"]
    (shown,) = house.rows(tables.wording, hash=line["wording_hash"])
    assert "épondez OUI pour nos offres" in shown.text

    house.db.write(lambda conn: conn.execute(tables.person_key.delete()))
    with pytest.raises(Unreadable):
        house.app.vault.unwrap(person.id, None)
    for words in ("OUI", "oui", "Oui", "OK", ""):
        assert commitment(b"", words) != line["evidence"]
    assert proof(house) == (None, None), "the chain holds without the key"


def test_no_line_holds_a_number_or_a_text(lived: House) -> None:
    for row in lived.rows(tables.ledger):
        assert "639984" not in row.line
        assert set(json.loads(row.line)) == set(json.loads(canonical(_empty())))


def _empty():  # type: ignore[no-untyped-def]
    from compliance.ledger import LedgerEvent, LedgerLine

    return LedgerLine(event=LedgerEvent.grant, occurred_at=0)
