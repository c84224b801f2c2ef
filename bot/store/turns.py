"""The store of a turn: read everything at once, think outside, write everything at once or not.

Two round trips on PostgreSQL, one commit in a group on SQLite. The write is guarded by the
person's version, so a text, a timer, a release of the outbox and a STOP can never cross unseen:
each of them bumps the version, and the turn that finds it moved is thought again from fresh facts.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeVar

import psycopg
from sqlalchemy import JSON as JSONType
from sqlalchemy import BigInteger, Boolean, Integer, LargeBinary, Table, Text
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError, TimeoutError

from bot.jsons import dumps
from bot.store import careful
from bot.store.careful import Conflict
from bot.store.changes import Changes, Row
from bot.store.database import Database, PostgreSQL, SQLite
from bot.store.line import Silent
from bot.store.reading import Key, Picture, read_postgresql, read_sqlite
from bot.store.tables import (
    Sealed,
    SealedBytes,
    conversation,
    event,
    message,
    person,
    session,
    spend,
)

T = TypeVar("T")
_TRIES = 40
Work = Callable[[Picture], tuple[Changes | None, T]]


#: What says that the database is away, or that a line to it broke.
_TROUBLE = (
    OperationalError,
    InterfaceError,
    TimeoutError,
    sqlite3.OperationalError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
)


class Away(Exception):
    """The database cannot be reached or written; nothing of the turn was kept."""


def take(db: Database, key: Key, work: Work[T]) -> T:
    """Read, let `work` think, write what it says; again while somebody else was quicker.

    `work` must be safe to repeat; it gives the changes (None: write nothing) and a result, which
    is returned once the changes are durable. Raises Away when the database is.
    """
    again_after_away = True
    for _ in range(_TRIES):
        try:
            picture = _read(db, key)
            changes, result = work(picture)
            if changes is not None:
                _write(db, changes)
            return result
        except Conflict:
            continue
        except (IntegrityError, sqlite3.IntegrityError, psycopg.errors.UniqueViolation):
            # The same new person or the same text came twice at once; the next read sees it.
            continue
        except _TROUBLE as error:
            # A connection that a restart has broken shows on first use: once more, then away.
            # Repeating is safe, since a text that was kept is found by its provider id.
            cause = getattr(error, "orig", None) or error
            if isinstance(cause, psycopg.errors.DeadlockDetected):
                continue
            # Who has waited already, for a silent server or a locked file, waits no second time.
            waited = not isinstance(cause, psycopg.Error) or isinstance(cause, Silent)
            if waited or not again_after_away:
                raise Away(str(error)) from error
            again_after_away = False
    raise Away("too many turns of one person at once")


def peek(db: Database, key: Key) -> Picture:
    """Read the picture of a turn without taking one. Raises Away."""
    try:
        return _read(db, key)
    except _TROUBLE as error:
        raise Away(str(error)) from error


def _read(db: Database, key: Key) -> Picture:
    if isinstance(db, SQLite):
        return read_sqlite(db.reader(), key)
    assert isinstance(db, PostgreSQL)
    with db.raw() as conn:
        return read_postgresql(conn, key)


def _write(db: Database, changes: Changes) -> None:
    if changes.careful:
        db.write(lambda conn: careful.apply(conn, changes))
    elif isinstance(db, SQLite):
        db.writer.run(lambda raw, _core: _short_sqlite(raw, changes))
    else:
        assert isinstance(db, PostgreSQL)
        statement, params = _short_postgresql(changes)
        with db.raw() as conn:
            done = conn.execute(statement, params, prepare=True).fetchone()
        if not done or not done[0]:
            raise Conflict


# --- the short road on SQLite: a few prepared statements inside the group's transaction


def _short_sqlite(raw: sqlite3.Connection, changes: Changes) -> None:
    values = _plain("person", changes.person)
    sets = "".join(f", {name} = ?" for name in values)
    done = raw.execute(
        f"UPDATE person SET version = version + 1{sets} WHERE id = ? AND version = ?",
        (*values.values(), changes.person_id, changes.version),
    )
    if done.rowcount != 1:
        raise Conflict
    if changes.session is not None:
        _insert_sqlite(raw, "INSERT OR REPLACE", session, [changes.session])
    elif changes.session_gone:
        raw.execute("DELETE FROM session WHERE person_id = ?", (changes.person_id,))
    _insert_sqlite(raw, "INSERT", conversation, changes.conversations)
    for update in changes.conversation_updates:
        rest = {name: value for name, value in update.items() if name != "id"}
        sets = ", ".join(f"{name} = ?" for name in rest)
        raw.execute(f"UPDATE conversation SET {sets} WHERE id = ?", (*rest.values(), update["id"]))
    _insert_sqlite(raw, "INSERT", message, changes.messages)
    _insert_sqlite(raw, "INSERT", event, changes.events)
    for row in changes.spend:
        raw.execute(
            "INSERT INTO spend (brand, day, shard, micros, parts)"
            " VALUES (:brand, :day, :shard, :micros, :parts)"
            " ON CONFLICT (brand, day, shard) DO UPDATE SET"
            " micros = micros + excluded.micros, parts = parts + excluded.parts",
            row,
        )


def _insert_sqlite(raw: sqlite3.Connection, verb: str, table: Table, rows: Sequence[Row]) -> None:
    # Rows of the same columns go in one statement: each call gives the interpreter's lock away
    # and has to win it back from the threads that answer webhooks.
    for names, group in _alike(rows):
        values = [value for row in group for value in _plain(table.name, row).values()]
        raw.execute(_insert_text(verb, table.name, names, len(group)), values)


@lru_cache(maxsize=512)
def _insert_text(verb: str, table: str, names: tuple[str, ...], count: int) -> str:
    marks = "(" + ", ".join("?" * len(names)) + ")"
    return f"{verb} INTO {table} ({', '.join(names)}) VALUES {', '.join([marks] * count)}"


_NESTED = (dict, list, tuple)


_PERSONAL = {
    table.name: tuple(column.name for column in table.columns if isinstance(column.type, Sealed))
    for table in (person, session, message)
}


def _plain(kind: str, row: Row) -> Row:
    """The row as a driver takes it. Raises TypeError for personal data in clear, as Core does."""
    for name in _PERSONAL.get(kind, ()):
        value = row.get(name)
        if value is not None and not isinstance(value, SealedBytes):
            raise TypeError("a personal column takes what Vault.seal gives, never clear text")
    return {
        name: dumps(value) if isinstance(value, _NESTED) else value for name, value in row.items()
    }


# --- the short road on PostgreSQL: one statement whose every part hangs on the guarded update


def _short_postgresql(changes: Changes) -> tuple[str, list[Any]]:
    params: list[Any] = []
    shape: list[tuple[str, tuple[str, ...], int]] = []

    def put(verb: str, rows: Sequence[Row]) -> None:
        for names, group in _alike(rows):
            shape.append((verb, names, len(group)))
            for row in group:
                params.extend(_plain(verb, row).values())

    put("person", [{**changes.person}])
    params.extend((changes.person_id, changes.version))
    if changes.session is not None:
        put("session", [changes.session])
    elif changes.session_gone:
        shape.append(("session_gone", (), 1))
        params.append(changes.person_id)
    put("conversation", changes.conversations)
    for update in changes.conversation_updates:
        put("ended", [{name: update[name] for name in update if name != "id"}])
        params.append(update["id"])
    put("message", changes.messages)
    put("event", changes.events)
    put("spend", changes.spend)
    return _statement(tuple(shape)), params


def _alike(rows: Sequence[Row]) -> list[tuple[tuple[str, ...], list[Row]]]:
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row), []).append(row)
    return list(groups.items())


_TABLES = {table.name: table for table in (session, conversation, message, event, spend)}


@lru_cache(maxsize=2048)
def _statement(shape: tuple[tuple[str, tuple[str, ...], int], ...]) -> str:
    parts: list[str] = []
    for number, (verb, names, count) in enumerate(shape):
        parts.append(f"{'g' if number == 0 else f'c{number}'} AS ({_part(verb, names, count)})")
    return f"WITH {', '.join(parts)} SELECT count(*) FROM g"


def _part(verb: str, names: tuple[str, ...], count: int) -> str:
    if verb == "person":
        sets = "".join(f", {name} = {_mark(person, name)}" for name in names)
        return (
            f"UPDATE person SET version = version + 1{sets}"
            " WHERE id = %s AND version = %s RETURNING id"
        )
    if verb == "session_gone":
        return "DELETE FROM session USING g WHERE session.person_id = %s"
    if verb == "ended":
        sets = ", ".join(f"{name} = {_mark(conversation, name)}" for name in names)
        return f"UPDATE conversation SET {sets} FROM g WHERE conversation.id = %s"
    table = _TABLES[verb]
    columns = ", ".join(names)
    values = "(" + ", ".join(_mark(table, name) for name in names) + ")"
    rows = ", ".join([values] * count)
    text = f"INSERT INTO {verb} ({columns}) SELECT v.* FROM g, (VALUES {rows}) AS v ({columns})"
    if verb == "session":
        sets = ", ".join(f"{name} = excluded.{name}" for name in names if name != "person_id")
        text += f" ON CONFLICT (person_id) DO UPDATE SET {sets}"
    if verb == "spend":
        text += (
            " ON CONFLICT (brand, day, shard) DO UPDATE SET"
            " micros = spend.micros + excluded.micros, parts = spend.parts + excluded.parts"
        )
    return text


def _mark(table: Table, name: str) -> str:
    kind = table.c[name].type
    if isinstance(kind, Sealed | LargeBinary):
        return "%b::bytea"
    for type_, cast in (
        (JSONType, "json"),
        (BigInteger, "bigint"),
        (Integer, "integer"),
        (Boolean, "boolean"),
        (Text, "text"),
    ):
        if isinstance(kind, type_):
            return f"%s::{cast}"
    return "%s::varchar"
