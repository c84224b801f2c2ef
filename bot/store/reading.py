"""Everything a turn must know, in one statement: person, key, session, refusals, consents, money.

Written by hand for both dialects, since it runs once for every text that comes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg

from bot.jsons import loads
from bot.store.standing import ConsentRow, SuppressionRow


@dataclass(frozen=True, slots=True)
class Key:
    """Whose turn it is: a number at a brand, or a person by id (`number_hmac` empty).

    `provider_id` is the carrier's id of the text, to notice a repeat. `day` is the UTC day
    (YYYY-MM-DD) whose cost so far is wanted.
    """

    brand: str
    number_hmac: bytes
    provider_id: str | None
    day: str
    person_id: str | None = None


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A row of `person` with the wrapped key beside it; sealed values are still sealed."""

    id: str
    brand: str
    number_hmac: bytes
    number: bytes | None
    language: str
    country: str | None
    zone: str | None
    version: int
    fields: bytes | None
    guard: dict[str, Any]
    last_heard_at: int | None
    wrapped: bytes | None


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A row of `session`; `timers` is kind -> [due_ms, visit]."""

    conversation_id: str
    flow: str
    version: str
    step: str | None
    owner: str
    state: bytes
    timers: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Picture:
    """What one read saw, all of it of the same moment."""

    clock_offset: int
    serial: int
    duplicate_of: str | None
    person: PersonRow | None
    session: SessionRow | None
    suppressions: tuple[SuppressionRow, ...]
    consents: tuple[ConsentRow, ...]
    coupons: Mapping[str, str]
    spent_micros: int


_COLUMNS = """
SELECT
  (SELECT value FROM marker WHERE name = 'clock_offset'),
  (SELECT value FROM marker WHERE name = 'publication'),
  (SELECT id FROM message WHERE provider_id = {provider}),
  p.id, p.brand, p.number_hmac, p.number, p.language, p.country, p.zone, p.version, p.fields,
  p.guard, p.last_heard_at, k.wrapped,
  s.conversation_id, s.flow, s.version, s.step, s.owner, s.state, s.timers,
  (SELECT {agg}({row}(sender, brand, purpose, channel, at, via, chosen, reply_to_kind))
     FROM suppression WHERE number_hmac = {number} AND lifted_at IS NULL),
  (SELECT {agg}({row}(purpose, channel, state, basis, at, ledger_seq, double_opt_in))
     FROM consent WHERE person_id = p.id),
  (SELECT {agg}({row}(name, code)) FROM coupon WHERE person_id = p.id),
  (SELECT sum(micros) FROM spend WHERE brand = {brand} AND day = {day})
FROM (SELECT 1 AS one) AS o
LEFT JOIN person AS p ON {who}
LEFT JOIN person_key AS k ON k.person_id = p.id
LEFT JOIN session AS s ON s.person_id = p.id
"""
_SQLITE_WORDS = {
    "agg": "json_group_array",
    "row": "json_array",
    "provider": ":provider",
    "brand": ":brand",
    "day": ":day",
}
_PG_WORDS = {
    "agg": "json_agg",
    "row": "json_build_array",
    "provider": "%(provider)s",
    "brand": "%(brand)s",
    "day": "%(day)s",
}
_SQLITE = _COLUMNS.format(
    **_SQLITE_WORDS, number=":number", who="p.brand = :brand AND p.number_hmac = :number"
)
_SQLITE_BY_ID = _COLUMNS.format(
    **_SQLITE_WORDS, number="p.number_hmac", who="p.id = :person AND p.brand = :brand"
)
_PG = _COLUMNS.format(
    **_PG_WORDS, number="%(number)b", who="p.brand = %(brand)s AND p.number_hmac = %(number)b"
)
_PG_BY_ID = _COLUMNS.format(
    **_PG_WORDS, number="p.number_hmac", who="p.id = %(person)s AND p.brand = %(brand)s"
)


def read_sqlite(raw: sqlite3.Connection, key: Key) -> Picture:
    """Read the picture of a turn on a raw SQLite connection."""
    named = {"provider": key.provider_id, "brand": key.brand, "day": key.day}
    if key.person_id is None:
        row = raw.execute(_SQLITE, named | {"number": key.number_hmac}).fetchone()
    else:
        row = raw.execute(_SQLITE_BY_ID, named | {"person": key.person_id}).fetchone()
    return _picture(row, loads)


def read_postgresql(conn: psycopg.Connection[Any], key: Key) -> Picture:
    """Read the picture of a turn on a psycopg connection."""
    named: dict[str, Any] = {"provider": key.provider_id, "brand": key.brand, "day": key.day}
    if key.person_id is None:
        cursor = conn.execute(_PG, named | {"number": key.number_hmac}, prepare=True)
    else:
        cursor = conn.execute(_PG_BY_ID, named | {"person": key.person_id}, prepare=True)
    row = cursor.fetchone()
    assert row is not None
    return _picture(row, _as_it_is)


def _as_it_is(value: Any) -> Any:
    return value


def _picture(row: Any, load: Any) -> Picture:
    person = session = None
    if row[3] is not None:
        person = PersonRow(*row[3:12], load(row[12]), row[13], row[14])  # type: ignore[call-arg]
    if row[15] is not None:
        session = SessionRow(*row[15:21], load(row[21]))  # type: ignore[call-arg]
    return Picture(
        row[0] or 0,
        row[1] or 0,
        row[2],
        person,
        session,
        tuple([SuppressionRow(*one) for one in load(row[22])]) if row[22] else (),
        tuple([ConsentRow(*one) for one in load(row[23])]) if row[23] else (),
        dict(load(row[24])) if row[24] else {},
        int(row[25] or 0),
    )
