"""How Parley is: what waits, what hangs, what was refused, each with its limit.

    told = status(db, redis, now_ms)
    print(rendered(told, "fr"))
    sys.exit(exit_code(told))

Each item is plain data: `name`, `value`, `unit` (ms or count), `limit`, `ok`, and what it is made
of under `parts`. `docs/operations.md` says what each means and what to do.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

import psycopg
from sqlalchemy import Connection, and_, case, func, inspect, or_, select, text
from sqlalchemy.exc import InterfaceError, OperationalError, TimeoutError

from bot.catalogue import say
from bot.store.database import Database
from bot.store.markers import marker_in
from bot.store.tables import lane, message, session

SECOND_MS, MINUTE_MS, HOUR_MS = 1_000, 60_000, 3_600_000

# Markers, in ms or as a count; whoever sees the thing happen sets them.
REFUSED = "refused_signatures"
REFUSED_AT = "refused_signature_at"
LAST_RECEIPT = "last_receipt"
LAST_RECONCILE = "last_reconcile"

LIMITS: Mapping[str, int] = {
    "database": 0,
    "queue": 0,
    "oldest_waiting": 5 * MINUTE_MS,  # a lane that is paced may well hold texts for a while
    "leases_run_out": 0,  # the sweeper's next round frees them
    "timers_overdue": 0,
    "uncertain": 0,
    "refused_signatures": HOUR_MS,  # how long a refusal keeps the light red
    "last_receipt": HOUR_MS,  # only while something waits for its receipt
    "last_reconcile": 30 * MINUTE_MS,  # it runs every ten
}
GRACE_MS = MINUTE_MS  # what is late by less than a round of the clock is not late
UNCERTAIN_GRACE_MS = 15 * MINUTE_MS  # reconcile asks the carrier every ten minutes

Item = dict[str, Any]


def status(db: Database, redis: Any, now: int) -> dict[str, Any]:
    """All items at `now` (ms), by name, and `ok` when each is within its limit.

    `redis` is a client or a function that gives one. Never raises: a database that does not
    answer is an item that is not ok, and the rest is then unknown and left out.
    """
    items: dict[str, Item] = {}
    try:
        items.update(db.read(lambda conn: _from_database(conn, now)))
        items["database"] = _item("database", 0, "count")
    except Exception as error:
        items["database"] = _item("database", 1, "count", error=type(error).__name__)
    items["queue"] = _queue(redis)
    ordered = {name: items[name] for name in LIMITS if name in items}
    return {"ok": all(item["ok"] for item in ordered.values()), "now": now, "items": ordered}


def exit_code(told: Mapping[str, Any]) -> int:
    """0 when everything is within its limit, 1 otherwise."""
    return 0 if told["ok"] else 1


def _item(name: str, value: int | None, unit: str, **parts: Any) -> Item:
    """An item that is ok up to its limit; a value of None means that it never happened."""
    limit = LIMITS[name]
    return {
        "name": name, "value": value, "unit": unit, "limit": limit,
        "ok": value is None or value <= limit, "parts": parts,
    }  # fmt: skip


def _from_database(conn: Connection, now: int) -> dict[str, Item]:
    found = (
        _oldest_waiting(conn, now),
        _leases(conn, now),
        _timers(conn, now),
        _uncertain(conn, now),
        _refused(conn, now),
        _receipts(conn, now),
        _reconcile(conn, now),
    )
    return {item["name"]: item for item in found}


def _oldest_waiting(conn: Connection, now: int) -> Item:
    """How long the oldest text that could leave has been waiting, by lane."""
    due = func.coalesce(message.c.due_at, message.c.created_at)
    rows = conn.execute(
        select(message.c.lane, func.min(due), func.count())
        .where(message.c.state.in_(("waiting", "deferred")), due <= now)
        .group_by(message.c.lane)
        .order_by(message.c.lane)
    )
    lanes = {name or "": {"oldest_ms": now - oldest, "rows": count} for name, oldest, count in rows}
    oldest = max((one["oldest_ms"] for one in lanes.values()), default=0)
    return _item("oldest_waiting", oldest, "ms", lanes=lanes)


def _leases(conn: Connection, now: int) -> Item:
    """Texts that were claimed and lanes that were held by somebody who is gone."""
    late = now - GRACE_MS
    claimed = conn.scalar(
        select(func.count()).where(message.c.state == "claimed", message.c.lease_until < late)
    )
    ready = func.coalesce(message.c.due_at, message.c.created_at) <= late
    lanes = conn.scalars(
        select(lane.c.name)
        .where(
            lane.c.owner.is_not(None),
            lane.c.lease_until < late,
            lane.c.name.in_(
                select(message.c.lane).where(
                    message.c.state.in_(("waiting", "deferred")), message.c.lane.is_not(None), ready
                )
            ),
        )
        .order_by(lane.c.name)
    ).all()
    texts = claimed or 0
    return _item("leases_run_out", texts + len(lanes), "count", texts=texts, lanes=list(lanes))


def _timers(conn: Connection, now: int) -> Item:
    """Sessions that should have been woken a while ago."""
    count, earliest = conn.execute(
        select(func.count(), func.min(session.c.wake_at)).where(session.c.wake_at < now - GRACE_MS)
    ).one()
    return _item("timers_overdue", count, "count", oldest_ms=now - earliest if earliest else 0)


def _uncertain(conn: Connection, now: int) -> Item:
    """Texts of which nobody knows yet whether they left; some minutes are given to find out."""
    late = now - UNCERTAIN_GRACE_MS
    total, old = conn.execute(
        select(
            func.count(),
            func.coalesce(func.sum(case((message.c.handed_over_at <= late, 1), else_=0)), 0),
        ).where(
            or_(
                message.c.state == "uncertain",
                and_(message.c.state == "handed_over", message.c.lease_until < late),
            )
        )
    ).one()
    return _item("uncertain", int(old), "count", total=total)


def _refused(conn: Connection, now: int) -> Item:
    """Webhooks whose signature was wrong: how many ever, and how long ago the last one came."""
    count, at = marker_in(conn, REFUSED) or 0, marker_in(conn, REFUSED_AT)
    item = _item("refused_signatures", count, "count", last_ms=now - at if at else None)
    item["ok"] = not count or (at is not None and now - at > LIMITS["refused_signatures"])
    return item


def _receipts(conn: Connection, now: int) -> Item:
    """How long ago the last receipt came; too long only while a text waits for one."""
    limit = LIMITS["last_receipt"]
    at = marker_in(conn, LAST_RECEIPT)
    waits = conn.scalar(
        select(func.count()).where(
            message.c.state.in_(("handed_over", "accepted", "queued", "sending", "sent")),
            message.c.handed_over_at <= now - limit,
            message.c.handed_over_at > (at or 0),
        )
    )
    item = _item("last_receipt", None if at is None else now - at, "ms", waiting=waits or 0)
    item["ok"] = not waits or (at is not None and now - at <= limit)
    return item


def _reconcile(conn: Connection, now: int) -> Item:
    """How long ago the carrier's books were last laid beside ours; never is too long ago."""
    at = marker_in(conn, LAST_RECONCILE)
    item = _item("last_reconcile", None if at is None else now - at, "ms")
    item["ok"] = at is not None and item["ok"]
    return item


def _queue(redis: Any) -> Item:
    try:
        client = redis if hasattr(redis, "ping") else redis()
        client.ping()
    except Exception as error:
        return _item("queue", 1, "count", error=type(error).__name__)
    return _item("queue", 0, "count")


def is_away(error: BaseException) -> bool:
    """Whether an error says that the database did not answer, rather than that we are wrong."""
    away = OperationalError | InterfaceError | TimeoutError
    return isinstance(error, away | psycopg.OperationalError | sqlite3.OperationalError) or (
        error.__cause__ is not None and is_away(error.__cause__)
    )


def rendered(told: Mapping[str, Any], language: str) -> str:
    """The status as a terminal shows it: a sign, a name, the value beside its limit."""
    lines = [_told(item, language) for item in told["items"].values()]
    lines.append(say("status.all_good" if told["ok"] else "status.look", language))
    return "\n".join(lines)


def _told(item: Mapping[str, Any], language: str) -> str:
    name, value = item["name"], item["value"]
    sign = "✓" if item["ok"] else "⚠"
    title = say(f"status.{name}", language)
    if name in ("database", "queue"):
        words = say("status.answers" if item["ok"] else "status.silent", language)
    elif value is None:
        words = say("status.never", language)
    else:
        words = span(value, language) if item["unit"] == "ms" else str(value)
    line = f"{sign} {title:<38} {words}"
    if item["ok"] or name in ("database", "queue"):
        return line
    limit = span(item["limit"], language) if item["unit"] == "ms" else str(item["limit"])
    advice = say(f"status.{name}.do", language)
    return f"{line}  ({say('status.limit', language, limit=limit)})\n  {advice}"


def span(ms: int, language: str) -> str:
    """A duration as people say it, in its largest whole unit: 40 s, 12 min, 3 h, 2 days."""
    for unit, size in (("days", 24 * HOUR_MS), ("h", HOUR_MS), ("min", MINUTE_MS)):
        if ms >= 2 * size or (unit != "days" and ms >= size):
            return say(f"status.span_{unit}", language, n=ms // size)
    return say("status.span_s", language, n=ms // SECOND_MS)


def ready(db: Database, redis: Any, newest: str) -> dict[str, bool]:
    """Whether the database, the queue and the migrations (revision `newest`) are there."""
    try:
        at = db.read(_revision)
        database = True
    except Exception:
        at, database = None, False
    return {"database": database, "migrations": at == newest, "queue": bool(_queue(redis)["ok"])}


def _revision(conn: Connection) -> str | None:
    """The revision the database is at; None when it was never migrated."""
    conn.execute(select(1))
    if not inspect(conn).has_table("alembic_version"):
        return None
    found: str | None = conn.scalar(text("SELECT version_num FROM alembic_version"))
    return found
