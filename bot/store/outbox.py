"""The SQL of the way out: claiming rows, the facts a release is decided on, and what became of it.

Nothing here decides. Times are ms; every function runs inside a transaction of its caller, on
either database. On PostgreSQL the persons concerned are locked first, in the order of their ids,
and their facts are read by later statements, so that the snapshot is younger than the lock: a STOP
that commits after this waits, one that committed before is seen.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Connection as Connection
from sqlalchemy import and_, any_, bindparam, func, insert, or_, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import ColumnElement

from bot.jsons import dumps
from bot.store.careful import add_spend
from bot.store.standing import ConsentRow, SuppressionRow
from bot.store.tables import (
    audit,
    consent,
    event,
    marker,
    message,
    person,
    person_key,
    spend,
    suppression,
)

Row = dict[str, Any]
#: A row of `message` as it was read; sealed values are still sealed.
OutRow = Mapping[str, Any]


Among = Callable[[Any, str], ColumnElement[bool]]


class _Statement:
    """A statement over many ids, in the form that each dialect runs fastest.

    PostgreSQL takes the ids as one array, so the statement stays the same and prepared whatever
    their number; SQLite has no arrays and takes a list.
    """

    def __init__(self, make: Callable[[Among], Any]) -> None:
        self._array = make(
            lambda column, name: column == any_(bindparam(name, type_=ARRAY(column.type)))
        )
        self._list = make(lambda column, name: column.in_(bindparam(name, expanding=True)))

    def on(self, conn: Connection) -> Any:
        return self._array if conn.dialect.name == "postgresql" else self._list


_m = message.c
# Written out, so that the partial indexes apply.
_READY: ColumnElement[bool] = text("state IN ('waiting', 'deferred')")  # type: ignore[assignment]
_OPEN: ColumnElement[bool] = text(  # type: ignore[assignment]
    "state IN ('claimed', 'handed_over', 'uncertain')"
)
# An IN of its own would be rendered anew for each row of many.
_SENT = or_(_m.state == "handed_over", _m.state == "uncertain")
_DRAFT = (
    _m.id, _m.brand, _m.person_id, _m.conversation_id, _m.channel, _m.sender, _m.provider_id,
    _m.body, _m.language, _m.kind, _m.purpose, _m.promotes, _m.flow, _m.version, _m.step, _m.asks,
    _m.campaign, _m.arm, _m.in_reply_to, _m.state, _m.lane, _m.due_at, _m.expires_at, _m.attempts,
    _m.parts, _m.cost_micros, _m.decision, _m.error, _m.created_at, _m.handed_over_at,
)  # fmt: skip
_CANDIDATES = (
    select(*_DRAFT)
    .where(_READY, _m.lane == bindparam("lane"), _m.due_at <= bindparam("now"))
    .order_by(_m.due_at, _m.id)
    .limit(bindparam("most"))
)
_HAS_READY = (
    select(_m.id)
    .where(_READY, _m.lane == bindparam("lane"), _m.due_at <= bindparam("now"))
    .limit(1)
)
_STILL_READY = _Statement(lambda among: select(_m.id).where(among(_m.id, "ids"), _READY))
_LOCK = _Statement(
    lambda among: (
        select(person.c.id).where(among(person.c.id, "ids")).order_by(person.c.id).with_for_update()
    )
)
_PERSONS = _Statement(
    lambda among: select(
        person.c.id, person.c.brand, person.c.number_hmac, person.c.number, person.c.language,
        person.c.country, person.c.zone, person.c.version, person.c.guard,
        person.c.last_heard_at, person_key.c.wrapped,
    )
    .outerjoin(person_key, person_key.c.person_id == person.c.id)
    .where(among(person.c.id, "ids"))
)  # fmt: skip
_CONSENTS = _Statement(lambda among: select(
    consent.c.person_id, consent.c.purpose, consent.c.channel, consent.c.state, consent.c.basis,
    consent.c.at, consent.c.ledger_seq, consent.c.double_opt_in,
).where(among(consent.c.person_id, "ids")))  # fmt: skip
_SUPPRESSIONS = _Statement(lambda among: select(
    suppression.c.number_hmac, suppression.c.sender, suppression.c.brand, suppression.c.purpose,
    suppression.c.channel, suppression.c.at, suppression.c.via, suppression.c.chosen,
    suppression.c.reply_to_kind,
).where(
    among(suppression.c.number_hmac, "numbers"), suppression.c.lifted_at.is_(None)
))  # fmt: skip
_SPENT = _Statement(
    lambda among: (
        select(spend.c.brand, func.sum(spend.c.micros))
        .where(among(spend.c.brand, "brands"), spend.c.day == bindparam("day"))
        .group_by(spend.c.brand)
    )
)
# The three that run for every text go to the driver as they stand: building their parameters
# through SQLAlchemy costs more than running them.
_RELEASE = (
    "UPDATE message SET state = 'handed_over', decision = {decision}, cost_micros = {cost_micros},"
    " handed_over_at = {at}, lease_until = {lease_until}, epoch = {epoch} WHERE id = {row}"
)
_GUARD = "UPDATE person SET guard = {guard}, version = version + 1 WHERE id = {who}"
# A callback may have come before the receipt: then the carrier's word stands.
_ACCEPT = (
    "UPDATE message SET provider_id = {provider}, lease_until = NULL, state ="
    " CASE WHEN state IN ('handed_over', 'uncertain') THEN {state} ELSE state END WHERE id = {row}"
)
_REFUSE = (
    update(message)
    .where(_m.id == bindparam("row"))
    .values(
        state=bindparam("state"),
        due_at=bindparam("due_at"),
        decision=bindparam("decision"),
        error=bindparam("error"),
        settled_at=bindparam("settled_at"),
    )
)
# Only the very hand-over that is spoken of: another one may have happened since.
_SAME_SEND = and_(
    _m.id == bindparam("row"),
    _SENT,
    _m.handed_over_at == bindparam("since"),
)
_CLOSE = (
    update(message)
    .where(_SAME_SEND)
    .values(
        state=bindparam("state"),
        error=bindparam("error"),
        due_at=bindparam("due_at"),
        lease_until=bindparam("lease_until"),
        attempts=bindparam("attempts"),
        settled_at=bindparam("settled_at"),
    )
)
_BACK = (
    update(message)
    .where(_SAME_SEND)
    .values(
        state="waiting",
        lane=func.coalesce(_m.lane, bindparam("to_lane")),
        due_at=bindparam("due_at"),
        error=bindparam("error"),
        lease_until=None,
        attempts=bindparam("attempts"),
    )
)
_UNANSWERED = (
    select(*_DRAFT)
    .where(_OPEN, _m.lease_until <= bindparam("now"), _m.provider_id.is_(None))
    .order_by(_m.handed_over_at)
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """A person as a release sees them; `number` is sealed, `wrapped` opens it."""

    id: str
    brand: str
    number_hmac: bytes
    number: bytes | None
    language: str
    country: str | None
    zone: str | None
    version: int
    guard: Mapping[str, Any]
    last_heard_at: int | None
    wrapped: bytes | None
    consents: tuple[ConsentRow, ...] = ()
    suppressions: tuple[SuppressionRow, ...] = ()


# -- claiming and deciding ------------------------------------------------------------------------


def claim(conn: Connection, lane: str, now_ms: int, most: int, parts: int) -> list[OutRow]:
    """Rows of a lane that are due, in order, with their persons locked.

    At most `most` rows and about `parts` parts, but always one row when one is due.
    """
    named = {"lane": lane, "now": now_ms, "most": most}
    found = conn.execute(_CANDIDATES, named).mappings().all()
    rows: list[OutRow] = []
    for row in cast("Sequence[OutRow]", found):
        parts -= row["parts"]
        if rows and parts < 0:
            break
        rows.append(row)
    if rows and conn.dialect.name == "postgresql":
        conn.execute(_LOCK.on(conn), {"ids": sorted({row["person_id"] for row in rows})})
        ready = set(conn.scalars(_STILL_READY.on(conn), {"ids": [row["id"] for row in rows]}))
        rows = [row for row in rows if row["id"] in ready]
    return rows


def has_ready(conn: Connection, lane: str, now_ms: int) -> bool:
    """Whether anything is due in a lane."""
    return conn.scalar(_HAS_READY, {"lane": lane, "now": now_ms}) is not None


def facts_of(conn: Connection, person_ids: Collection[str]) -> dict[str, PersonFacts]:
    """What a release must know of these persons, in three statements."""
    if not person_ids:
        return {}
    rows: Sequence[Any] = conn.execute(_PERSONS.on(conn), {"ids": list(person_ids)}).all()
    consents: dict[str, list[ConsentRow]] = {}
    for agreed in conn.execute(_CONSENTS.on(conn), {"ids": list(person_ids)}):
        consents.setdefault(agreed[0], []).append(ConsentRow(*agreed[1:]))
    refusals: dict[bytes, list[SuppressionRow]] = {}
    numbers = list({row.number_hmac for row in rows})
    for refusal in conn.execute(_SUPPRESSIONS.on(conn), {"numbers": numbers}):
        refusals.setdefault(bytes(refusal[0]), []).append(SuppressionRow(*refusal[1:]))
    return {
        one[0]: PersonFacts(  # type: ignore[misc]
            *one,
            consents=tuple(consents.get(one[0], ())),
            suppressions=tuple(refusals.get(bytes(one[2]), ())),
        )
        for one in rows
    }


def spent_on(conn: Connection, brands: Collection[str], day: str) -> dict[str, int]:
    """The cost of a UTC day so far by brand, in millionths of its currency."""
    found = conn.execute(_SPENT.on(conn), {"brands": list(brands), "day": day})
    return {name: int(micros or 0) for name, micros in found}


def write_releases(conn: Connection, rows: Sequence[Row]) -> None:
    """Hand rows over; each has row, decision, cost_micros, at, lease_until, epoch."""
    _many(conn, _RELEASE, [{**row, "decision": dumps(row["decision"])} for row in rows])


def write_refusals(conn: Connection, rows: Sequence[Row]) -> None:
    """Defer, block, cancel or expire; each has row, state, due_at, decision, error, settled_at."""
    if rows:
        conn.execute(_REFUSE, rows)


def write_guards(conn: Connection, guards: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the guards of persons, by id, and move their versions."""
    _many(conn, _GUARD, [{"who": one, "guard": dumps(guards[one])} for one in sorted(guards)])


def write_messages(conn: Connection, rows: Sequence[Row]) -> None:
    """Insert rows of `message` as the gate makes them, their texts sealed under `body`."""
    if rows:
        conn.execute(insert(message), rows)


def write_events(conn: Connection, rows: Sequence[Row]) -> None:
    """Append to the event log."""
    if rows:
        conn.execute(insert(event), rows)


def write_audits(conn: Connection, rows: Sequence[Row]) -> None:
    """Append to the audit log."""
    if rows:
        conn.execute(insert(audit), rows)


def book(conn: Connection, day: str, shard: int, costs: Mapping[str, tuple[int, int]]) -> None:
    """Add to a day's cost: (micros, parts) by brand; both may be negative, to take back."""
    for brand, (micros, parts) in costs.items():
        if micros or parts:
            add_spend(
                conn,
                {"brand": brand, "day": day, "shard": shard, "micros": micros, "parts": parts},
            )


def _many(conn: Connection, statement: str, rows: Sequence[Row]) -> None:
    """Run one statement for many rows; its {names} become the driver's own placeholders."""
    if rows:
        mark = "%({})s" if conn.dialect.name == "postgresql" else ":{}"
        marks = {name: mark.format(name) for name in rows[0]}
        conn.exec_driver_sql(statement.format(**marks), list(rows))


# -- what became of them --------------------------------------------------------------------------


def write_receipts(conn: Connection, rows: Sequence[Row]) -> None:
    """The carrier took these; each has row, provider, state."""
    _many(conn, _ACCEPT, rows)


def write_ends(conn: Connection, rows: Sequence[Row]) -> None:
    """Move rows from handed_over or uncertain; each has row, since and the columns of `_CLOSE`.

    `since` is the `handed_over_at` that the end belongs to.
    """
    if rows:
        conn.execute(_CLOSE, rows)


def put_back(conn: Connection, rows: Sequence[Row]) -> None:
    """Rows that certainly did not leave wait again.

    Each has row, since (the `handed_over_at` of that try), to_lane, due_at, error, attempts.
    What was noted for their release (marketing times) is taken back by `unmark`.
    """
    if rows:
        conn.execute(_BACK, rows)


def push_later(conn: Connection, row: OutRow, due_at: int) -> None:
    """Have the texts to the same person that come after `row` in its lane stay after it."""
    behind = (_m.due_at > row["due_at"]) | ((_m.due_at == row["due_at"]) & (_m.id > row["id"]))
    conn.execute(
        update(message)
        .where(
            _READY,
            _m.lane == row["lane"],
            _m.person_id == row["person_id"],
            _m.id != row["id"],
            behind,
            _m.due_at <= due_at,
        )
        .values(due_at=_m.due_at + (due_at - row["due_at"]))
    )


def unmark(conn: Connection, times: Iterable[tuple[str, int]]) -> None:
    """Take marketing times (person id, ms) out of guards again: those texts did not leave."""
    wanted: dict[str, list[int]] = {}
    for one, at in times:
        wanted.setdefault(one, []).append(at)
    if not wanted:
        return
    locked = select(person.c.id, person.c.guard).where(person.c.id.in_(list(wanted)))
    guards: dict[str, Mapping[str, Any]] = {}
    for one, guard in conn.execute(locked.order_by(person.c.id).with_for_update()).all():
        kept = list(guard.get("marketing", ()))
        for at in wanted[one]:
            if at in kept:
                kept.remove(at)
        guards[one] = {**guard, "marketing": kept}
    write_guards(conn, guards)


def unanswered(conn: Connection, now_ms: int, most: int) -> list[OutRow]:
    """Rows that were handed over and of which nothing was heard within their lease."""
    rows = conn.execute(_UNANSWERED, {"now": now_ms, "most": most})
    return list(cast("Sequence[OutRow]", rows.mappings().all()))


def known_ids(conn: Connection, provider_ids: Collection[str]) -> set[str]:
    """Those of the carrier's ids that already belong to a message of ours."""
    if not provider_ids:
        return set()
    found = conn.scalars(select(_m.provider_id).where(_m.provider_id.in_(list(provider_ids))))
    return {one for one in found if one is not None}


# -- markers --------------------------------------------------------------------------------------


def may_release(conn: Connection) -> bool:
    """Whether the books were compared with the carrier's since the last start.

    Where no start was noted (tests, a single command) nothing has to be waited for.
    """
    names = ("started_at", "reconciled_for")
    found = select(marker.c.name, marker.c.value).where(marker.c.name.in_(names))
    values = {row.name: row.value for row in conn.execute(found)}
    started = values.get("started_at")
    return started is None or values.get("reconciled_for", 0) >= started
