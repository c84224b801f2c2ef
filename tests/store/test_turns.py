"""Both roads of a turn's writes, and what happens when two turns of one person meet."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import select

from bot.store import careful, tables, turns
from bot.store.careful import Conflict
from bot.store.changes import Changes, ConsentChange, Lift
from bot.store.database import open_database
from bot.store.reading import Key, Picture
from bot.store.turns import Away, peek, take
from bot.store.vault import PersonKey
from compliance.ledger import LedgerEvent, LedgerLine
from tests.store.conftest import NUMBER, Room

DAY = "2026-03-02"


def key_of(room: Room, provider: str | None = None, brand: str = "margot") -> Key:
    return Key(brand, room.vault.number_hmac(NUMBER), provider, DAY)


def message(room: Room, person_id: str, key: PersonKey, **more: Any) -> dict[str, Any]:
    """A text of ours as the gate makes it."""
    return {
        "id": room.ids(), "brand": "margot", "person_id": person_id, "conversation_id": "C" * 26,
        "direction": "out", "channel": "twilio", "sender": "36000",
        "body": key.seal("message.body", "bonjour"), "language": "fr", "kind": "marketing",
        "purpose": "marketing", "promotes": True, "flow": "quiz", "version": "v", "step": "s",
        "asks": False, "campaign": None, "arm": None, "in_reply_to": None, "state": "waiting",
        "lane": "36000/bulk", "due_at": 5, "expires_at": None, "lease_until": None, "attempts": 0,
        "encoding": "GSM-7", "parts": 1, "cost_micros": 45_000,
        "decision": {"outcome": "allow", "findings": []}, "created_at": 4, "handed_over_at": None,
        "settled_at": None, **more,
    }  # fmt: skip


def received(room: Room, person_id: str, key: PersonKey, provider: str) -> dict[str, Any]:
    return {
        "id": room.ids(), "brand": "margot", "person_id": person_id, "conversation_id": None,
        "direction": "in", "channel": "twilio", "sender": "36000", "provider_id": provider,
        "body": key.seal("message.body", "pizza"), "raw": key.seal("message.raw", b"\x00"),
        "language": "fr", "kind": "text", "promotes": False, "asks": False, "state": "received",
        "attempts": 0, "parts": 1, "cost_micros": 0,
        "trace": [{"who": "keyword", "what": "commande", "verdict": "exact", "won": True}],
        "created_at": 4,
    }  # fmt: skip


def plain_turn(room: Room, person_id: str, key: PersonKey, *, ends: bool) -> Changes:
    """Everything that the short road may write."""
    made = Changes("margot", person_id, 1)
    made.person = {
        "guard": {"auto": [1, 2], "exchange": ["ab", 1, 2]}, "language": "en",
        "last_heard_at": 4, "fields": key.seal("person.fields", b'{"a":1}'),
    }  # fmt: skip
    if ends:
        made.session_gone = True
    else:
        made.session = {
            "person_id": person_id, "brand": "margot", "conversation_id": "C" * 26,
            "flow": "quiz", "version": "v", "step": None, "owner": "bot",
            "state": key.seal("session.state", b"{}"), "timers": {"silence": [9, 1]}, "wake_at": 9,
        }  # fmt: skip
    made.conversations = [
        {"id": "C" * 26, "brand": "margot", "person_id": person_id, "flow": "quiz",
         "version": "v", "state": "bot", "began_at": 4}
    ]  # fmt: skip
    made.conversation_updates = [
        {"id": "D" * 26, "state": "ended", "ended_at": 4, "outcome": "left_for:quiz"}
    ]
    made.messages = [
        received(room, person_id, key, "SM1"),
        message(room, person_id, key),
        message(room, person_id, key, state="handed_over", lane=None, handed_over_at=4),
    ]
    made.events = [
        {"id": room.ids(), "brand": "margot", "at": 4, "kind": kind, "person_id": person_id,
         "conversation_id": None, "message_id": None, "flow": None, "version": None,
         "step": None, "data": data}
        for kind, data in (("heard", {"label": "none"}), ("said", {}))
    ]  # fmt: skip
    made.spend = [{"brand": "margot", "day": DAY, "shard": 3, "micros": 7, "parts": 1}]
    return made


@pytest.mark.parametrize("ends", [False, True])
def test_both_roads_write_equal_rows(room: Room, ends: bool) -> None:
    person_id, key = room.person()
    first = plain_turn(room, person_id, key, ends=False)
    first.messages, first.events, first.conversation_updates = [], [], []
    first.conversations[0]["id"] = "D" * 26
    turns._write(room.db, first)
    turn = plain_turn(room, person_id, key, ends=ends)
    turn.version = 2
    assert not turn.careful
    before = room.dump()
    turns._write(room.db, turn)
    short = room.dump()
    assert short != before
    restore(room, before)
    assert room.dump() == before
    room.db.write(lambda conn: careful.apply(conn, turn))
    assert room.dump() == short


def restore(room: Room, rows: dict[str, list[Any]]) -> None:
    def work(conn: Any) -> None:
        for table in tables.metadata.sorted_tables:
            conn.execute(table.delete())
            names = [column.name for column in table.columns]
            kept = [dict(zip(names, row, strict=True)) for row in rows[table.name]]
            for one in kept:
                conn.execute(table.insert(), {k: v for k, v in one.items() if v is not None})

    room.db.write(work)


@pytest.mark.parametrize("careful_road", [False, True])
def test_a_turn_on_old_facts_writes_nothing(room: Room, careful_road: bool) -> None:
    person_id, key = room.person()
    turn = plain_turn(room, person_id, key, ends=False)
    turn.version = 7
    if careful_road:
        turn.cancel = ["all"]
    before = room.dump()
    with pytest.raises(Conflict):
        turns._write(room.db, turn)
    assert room.dump() == before


def test_two_turns_at_once_both_land_in_order(room: Room) -> None:
    person_id, key = room.person()
    both_have_read = threading.Barrier(2)
    first_reads: set[int] = set()

    def turn(provider: str) -> None:
        def think(picture: Picture) -> tuple[Changes, None]:
            assert picture.person is not None
            if threading.get_ident() not in first_reads:
                first_reads.add(threading.get_ident())
                both_have_read.wait(10)
            made = Changes("margot", person_id, picture.person.version)
            made.person = {"guard": {"seen": [*picture.person.guard.get("seen", ()), provider]}}
            made.messages = [received(room, person_id, key, provider)]
            return made, None

        take(room.db, key_of(room, provider), think)

    threads = [threading.Thread(target=turn, args=(f"SM{n}",)) for n in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    picture = peek(room.db, key_of(room))
    assert picture.person is not None
    assert sorted(picture.person.guard["seen"]) == ["SM0", "SM1"]
    assert picture.person.version == 3


@pytest.mark.parametrize("careful_road", [False, True])
def test_a_stop_between_reading_and_writing_wins(room: Room, careful_road: bool) -> None:
    person_id, key = room.person()
    seen: list[int] = []

    def think(picture: Picture) -> tuple[Changes, None]:
        assert picture.person is not None
        seen.append(len(picture.suppressions))
        if len(seen) == 1:
            stop(room, brand="atelier")
        made = Changes("margot", person_id, picture.person.version)
        if not picture.suppressions:
            made.messages = [message(room, person_id, key)]
        if careful_road:
            made.cancel = ["marketing"]
        return made, None

    take(room.db, key_of(room), think)
    assert seen == [0, 1]
    assert room.dump()["message"] == []


def stop(room: Room, brand: str) -> str:
    """A stop that comes to another brand on the same sender: another person, the same number."""
    one, _key = room.person(brand=brand)
    made = Changes(brand, one, 1)
    made.suppressions = [
        {"id": room.ids(), "number_hmac": room.vault.number_hmac(NUMBER), "sender": "36000",
         "brand": None, "purpose": None, "channel": None, "at": 1, "via": "keyword",
         "evidence_id": None, "chosen": False}
    ]  # fmt: skip
    room.db.write(lambda conn: careful.apply(conn, made))
    return one


def test_a_refusal_and_its_lifting_move_every_person_of_the_number(room: Room) -> None:
    person_id, _key = room.person()
    stranger, _other = room.person("+33639984108")
    stopped = stop(room, "atelier")
    assert [room.version(one) for one in (person_id, stopped, stranger)] == [2, 2, 1]
    made = Changes("atelier", stopped, 2)
    made.lifts = [Lift(room.vault.number_hmac(NUMBER), ("36000",), "atelier", 9, "M" * 26)]
    room.db.write(lambda conn: careful.apply(conn, made))
    assert [room.version(one) for one in (person_id, stopped, stranger)] == [3, 3, 1]
    assert peek(room.db, key_of(room)).suppressions == ()


def test_the_same_text_twice_at_once_is_kept_once(room: Room) -> None:
    person_id, key = room.person()
    start = threading.Barrier(6)
    results: list[str] = []

    def turn() -> None:
        start.wait(10)

        def think(picture: Picture) -> tuple[Changes | None, str]:
            if picture.duplicate_of is not None:
                return None, picture.duplicate_of
            assert picture.person is not None
            made = Changes("margot", person_id, picture.person.version)
            made.messages = [received(room, person_id, key, "SM1")]
            return made, str(made.messages[0]["id"])

        results.append(take(room.db, key_of(room, "SM1"), think))

    threads = [threading.Thread(target=turn) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(results) == 6
    assert len(set(results)) == 1
    assert room.version(person_id) == 2


def test_a_new_person_who_texts_twice_at_once_is_one_person(room: Room) -> None:
    start = threading.Barrier(6)
    heard: list[str] = []

    def turn(number: int) -> None:
        start.wait(10)

        def think(picture: Picture) -> tuple[Changes, str]:
            if picture.person is None:
                made = room.new()
                assert made.new_key is not None
                key = room.vault.unwrap(made.person_id, made.new_key["wrapped"])
            else:
                row = picture.person
                made = Changes("margot", row.id, row.version)
                key = room.vault.unwrap(row.id, row.wrapped)
            made.messages = [received(room, made.person_id, key, f"SM{number}")]
            return made, made.person_id

        heard.append(take(room.db, key_of(room, f"SM{number}"), think))

    threads = [threading.Thread(target=turn, args=(n,)) for n in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(heard) == 6
    assert len(set(heard)) == 1
    dump = room.dump()
    assert [len(dump[name]) for name in ("person", "person_key", "message")] == [1, 1, 6]


def test_a_turn_that_writes_nothing_moves_nothing(room: Room) -> None:
    person_id, _key = room.person()
    assert take(room.db, key_of(room), lambda _picture: (None, "silence")) == "silence"
    assert room.version(person_id) == 1


def test_a_bug_while_thinking_is_raised_and_writes_nothing(room: Room) -> None:
    room.person()
    before = room.dump()

    def think(_picture: Picture) -> tuple[Changes, None]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        take(room.db, key_of(room), think)
    assert room.dump() == before


def test_a_turn_that_always_loses_gives_up_as_away(room: Room) -> None:
    person_id, _key = room.person()

    def think(_picture: Picture) -> tuple[Changes, None]:
        return Changes("margot", person_id, 99), None

    with pytest.raises(Away):
        take(room.db, key_of(room), think)


def test_the_picture_shows_what_was_written(room: Room) -> None:
    person_id, key = room.person()
    turn = plain_turn(room, person_id, key, ends=False)
    turn.ledger = [LedgerLine(LedgerEvent.confirm, 4, person_id=person_id, purpose="marketing")]
    turn.consents = [
        ConsentChange("marketing", "sms", "granted", "consent", 4, 0, double_opt_in="done")
    ]
    turn.coupons = [
        {"id": room.ids(), "brand": "margot", "name": "welcome", "code": "M-1",
         "person_id": person_id, "flow": "quiz", "given_at": 4}
    ]  # fmt: skip
    turns._write(room.db, turn)
    for asked in (key_of(room, "SM1"), Key("margot", b"", "SM1", DAY, person_id=person_id)):
        picture = peek(room.db, asked)
        assert picture.person is not None
        assert picture.session is not None
        assert key.open("person.fields", picture.person.fields or b"") == b'{"a":1}'
        assert picture.person.guard == turn.person["guard"]
        assert picture.session.timers == {"silence": [9, 1]}
        assert picture.duplicate_of == turn.messages[0]["id"]
        assert picture.coupons == {"welcome": "M-1"}
        assert picture.spent_micros == 7
        (consent,) = picture.consents
        assert (consent.state, consent.ledger_seq, consent.double_opt_in) == ("granted", 1, "done")
    assert peek(room.db, key_of(room, brand="atelier")).person is None
    assert peek(room.db, Key("atelier", b"", None, DAY, person_id=person_id)).person is None


def test_a_coupon_that_was_used_meanwhile_is_a_conflict(room: Room) -> None:
    person_id, _key = room.person()
    give = Changes("margot", person_id, 1)
    give.coupons = [
        {"id": "K" * 26, "brand": "margot", "name": "welcome", "code": "M-1",
         "person_id": person_id, "flow": "quiz", "given_at": 4}
    ]  # fmt: skip
    turns._write(room.db, give)
    use = Changes("margot", person_id, 2)
    use.redeemed = [{"id": "K" * 26, "redeemed_at": 5, "redeemed_by": "staff:Luc"}]
    turns._write(room.db, use)
    use.version = 3
    use.redeemed = [{"id": "K" * 26, "redeemed_at": 6, "redeemed_by": "staff:Ana"}]
    with pytest.raises(Conflict):
        turns._write(room.db, use)
    assert room.dump()["coupon"][0][-1] == "staff:Luc"


@pytest.mark.parametrize(
    ("cancel", "left"),
    [(["all"], []), (["marketing"], ["order"]), (["transactional"], ["offer", "promo"])],
)
def test_what_a_stop_cancels(room: Room, cancel: list[str], left: list[str]) -> None:
    person_id, key = room.person()
    other, theirs = room.person("+33639984108")
    rows = {
        "offer": message(room, person_id, key),
        "promo": message(room, person_id, key, purpose="service", state="deferred"),
        "order": message(room, person_id, key, purpose="transactional", promotes=False),
        "gone": message(room, person_id, key, state="handed_over"),
        "theirs": message(room, other, theirs),
    }
    first = Changes("margot", person_id, 1)
    first.messages = list(rows.values())
    turns._write(room.db, first)
    turn = Changes("margot", person_id, 2)
    turn.cancel, turn.messages = cancel, [message(room, person_id, key)]
    turns._write(room.db, turn)
    states = room.db.read(
        lambda conn: dict(
            tuple(row) for row in conn.execute(select(tables.message.c.id, tables.message.c.state))
        )
    )
    now = {name: states[row["id"]] for name, row in rows.items()}
    assert now["gone"] == "handed_over"
    assert now["theirs"] == "waiting"
    assert states[turn.messages[0]["id"]] == "waiting", "what this turn says is not cancelled"
    open_ones = [name for name in ("offer", "promo", "order") if now[name] != "cancelled"]
    assert open_ones == left


def test_away_is_raised_when_the_server_is_gone(postgres: Any, postgres_template: str) -> None:
    name = postgres.create(postgres_template)
    db = open_database(postgres.url(name))
    key = Key("margot", b"h" * 16, None, DAY)
    assert peek(db, key).person is None
    postgres.sql(f"DROP DATABASE {name} WITH (FORCE)")
    with pytest.raises(Away):
        take(db, key, lambda _picture: (None, None))
    with pytest.raises(Away):
        peek(db, key)
    db.close()


def test_a_line_that_broke_is_taken_up_again(postgres: Any, postgres_template: str) -> None:
    with postgres.database(postgres_template) as url:
        db = open_database(url)
        key = Key("margot", b"h" * 16, None, DAY)
        peek(db, key)
        postgres.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE datname = '{url.split('/')[-1].split('?')[0]}'"
        )
        assert take(db, key, lambda _picture: (None, "here again")) == "here again"
        db.close()


def test_away_is_raised_when_the_file_is_no_database(tmp_path: Any) -> None:
    db = open_database(f"sqlite:///{tmp_path / 'empty.db'}", durable=False)
    with pytest.raises(Away):
        take(db, Key("margot", b"h" * 16, None, DAY), lambda _picture: (None, None))
    db.close()
