"""The one writer of SQLite: groups, savepoints, and what nobody is told before it is durable."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.store.database import SQLite


@pytest.fixture
def db(tmp_path: Path) -> Iterator[SQLite]:
    """A database with one small table."""
    opened = SQLite(str(tmp_path / "writer.db"), durable=False)
    opened.writer.run(
        lambda raw, _core: raw.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, v TEXT)")
    )
    yield opened
    opened.close()


def put(number: int, after: Callable[[], Any] = lambda: None) -> Callable[..., int]:
    def work(raw: sqlite3.Connection, _core: Any) -> int:
        raw.execute("INSERT INTO t VALUES (?, 'x')", (number,))
        after()
        return number

    return work


def rows(db: SQLite) -> list[int]:
    return [row[0] for row in db.reader().execute("SELECT n FROM t ORDER BY n")]


def group(db: SQLite, *works: Callable[..., Any]) -> list[Any]:
    """Run works in one group: the first keeps the writer busy until all others wait."""
    begun, go_on = threading.Event(), threading.Event()
    results: dict[int, Any] = {}

    def hold(_raw: Any, _core: Any) -> None:
        begun.set()
        assert go_on.wait(10)

    def run(place: int, work: Callable[..., Any]) -> None:
        try:
            results[place] = db.writer.run(work)
        except BaseException as error:
            results[place] = error

    holder = threading.Thread(target=run, args=(-1, hold))
    holder.start()
    assert begun.wait(10)
    threads = []
    for place, work in enumerate(works):
        thread = threading.Thread(target=run, args=(place, work))
        thread.start()
        threads.append(thread)
        while db.writer._waiting.qsize() <= place:
            pass
    go_on.set()
    for thread in (holder, *threads):
        thread.join(10)
    return [results[place] for place in range(len(works))]


def test_a_piece_that_fails_takes_nothing_with_it(db: SQLite) -> None:
    def broken() -> None:
        raise ValueError("a bug")

    found = group(db, put(1), put(2, broken), put(1), put(3))
    assert found[0] == 1
    assert isinstance(found[1], ValueError)
    assert isinstance(found[2], sqlite3.IntegrityError)
    assert found[3] == 3
    assert rows(db) == [1, 3]


def test_a_commit_that_fails_fails_every_piece_of_its_group(db: SQLite) -> None:
    db.writer.run(
        lambda raw, _core: raw.execute(
            "CREATE TABLE child (n INTEGER REFERENCES t(n) DEFERRABLE INITIALLY DEFERRED)"
        )
    )

    def orphan(raw: sqlite3.Connection, _core: Any) -> None:
        raw.execute("INSERT INTO child VALUES (99)")

    real = db.connect

    def connect() -> sqlite3.Connection:
        raw = real()
        raw.execute("PRAGMA foreign_keys=ON")
        return raw

    db.close()
    strict = SQLite(db._path, durable=False)
    strict.connect = connect  # type: ignore[method-assign]
    found = group(strict, put(1), orphan, put(2))
    assert all(isinstance(one, sqlite3.IntegrityError) for one in found), found
    assert rows(strict) == []
    assert group(strict, put(5)) == [5]
    assert rows(strict) == [5]
    strict.close()


def test_nothing_is_seen_by_others_before_the_commit(db: SQLite) -> None:
    seen: list[list[int]] = []
    group(db, put(1), put(2, lambda: seen.append(rows_of_another(db))))
    assert seen == [[]]
    assert rows(db) == [1, 2]


def rows_of_another(db: SQLite) -> list[int]:
    raw = db.connect()
    try:
        return [row[0] for row in raw.execute("SELECT n FROM t")]
    finally:
        raw.close()


def test_many_threads_write_all_they_have(db: SQLite) -> None:
    def some(first: int) -> None:
        for number in range(first, first + 50):
            db.writer.run(put(number))

    threads = [threading.Thread(target=some, args=(n * 50,)) for n in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert rows(db) == list(range(300))


def test_core_and_raw_share_one_transaction(db: SQLite) -> None:
    from sqlalchemy import text

    def both(raw: sqlite3.Connection, core: Any) -> None:
        raw.execute("INSERT INTO t VALUES (1, 'raw')")
        core.execute(text("INSERT INTO t VALUES (2, 'core')"))
        raise ValueError

    with pytest.raises(ValueError):
        db.writer.run(both)
    assert rows(db) == []
    db.write(lambda core: core.execute(text("INSERT INTO t VALUES (2, 'core')")))
    assert rows(db) == [2]


def test_closing_finishes_what_waits_and_a_later_piece_opens_again(db: SQLite) -> None:
    db.writer.run(put(1))
    db.close()
    db.writer.run(put(2))
    assert rows(db) == [1, 2]


def test_a_file_that_cannot_be_opened_is_an_error_and_not_a_wait(tmp_path: Path) -> None:
    db = SQLite(str(tmp_path / "nowhere" / "parley.db"), durable=False)
    outcome: list[BaseException] = []

    def run() -> None:
        try:
            db.writer.run(put(1))
        except BaseException as error:
            outcome.append(error)

    for _ in range(2):
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(10)
        assert not thread.is_alive(), "the writer died and left its caller waiting"
    assert all(isinstance(one, sqlite3.OperationalError) for one in outcome)
    assert len(outcome) == 2
    (tmp_path / "nowhere").mkdir()
    db.writer.run(lambda raw, _core: raw.execute("CREATE TABLE t (n, v)"))
    db.close()
