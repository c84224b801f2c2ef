"""The texts that a measure starts from: when each left, and whether it is known to have arrived.

A text belongs to the period in which it left us, so that a receipt which comes late adds to the
day it speaks of. *Delivered* is what the carrier confirmed. *Unconfirmed* left, and nobody has said
since what became of it: such a text stands apart and is never counted as delivered.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.sql.selectable import Subquery

from bot.measures import Scope
from bot.store.tables import event, message

DELIVERED = ("delivered", "read")
UNCONFIRMED = (
    "handed_over",
    "uncertain",
    "accepted",
    "queued",
    "sending",
    "sent",
    "unknown",
)
LONGEST_WAIT_MS = 31 * 24 * 3_600_000
"""No text waits longer than this between being said and leaving; it only bounds what is read."""


def texts(scope: Scope, *only: ColumnElement[bool]) -> Subquery:
    """One row a text that left in the scope and was delivered or is unconfirmed.

    Columns: message_id, person_id, left_at, known_at (when it was last known to be on its way or
    there: a window that opens at `left_at` closes so long after this), delivered (0 or 1). `only`
    narrows the `said` events further; their table is `event`.
    """
    left_at = func.coalesce(message.c.handed_over_at, event.c.at)
    receipt = event.alias("receipt")
    confirmed_at = (
        select(func.min(receipt.c.at))
        .where(
            receipt.c.brand == scope.brand,
            receipt.c.person_id == event.c.person_id,
            receipt.c.kind == "delivered",
            receipt.c.message_id == event.c.message_id,
        )
        .correlate(event)
        .scalar_subquery()
    )
    wanted = [
        event.c.brand == scope.brand,
        event.c.kind == "said",
        event.c.person_id.is_not(None),
        event.c.at >= scope.since_ms - LONGEST_WAIT_MS,
        event.c.at < scope.until_ms,
        message.c.brand == scope.brand,
        message.c.direction == "out",
        message.c.state.in_(DELIVERED + UNCONFIRMED),
        left_at >= scope.since_ms,
        left_at < scope.until_ms,
        *only,
    ]
    if scope.flow is not None:
        wanted.append(event.c.flow == scope.flow)
    return (
        select(
            event.c.message_id.label("message_id"),
            event.c.person_id.label("person_id"),
            left_at.label("left_at"),
            func.coalesce(confirmed_at, message.c.settled_at, left_at).label("known_at"),
            case((message.c.state.in_(DELIVERED), 1), else_=0).label("delivered"),
        )
        .select_from(event.join(message, message.c.id == event.c.message_id))
        .where(*wanted)
        .subquery("texts")
    )


def persons(sent: Subquery, followed: ColumnElement[bool]) -> Select[tuple[object, ...]]:
    """One row a person of `sent`: reached when one text was delivered, counted when one that was
    delivered is `followed` by what the measure looks for."""
    counts = case((and_(sent.c.delivered == 1, followed), 1), else_=0)
    return select(
        sent.c.person_id.label("unit"),
        sent.c.person_id.label("person_id"),
        func.min(sent.c.left_at).label("at"),
        func.max(sent.c.delivered).label("confirmed"),
        func.max(counts).label("counted"),
    ).group_by(sent.c.person_id)


def within(sent: Subquery, at: ColumnElement[int], window_ms: int) -> ColumnElement[bool]:
    """Whether a moment lies inside a text's window.

    The window opens when the text left, because an answer can be quicker than the receipt; it
    closes `window_ms` after the delivery was confirmed.
    """
    return and_(at >= sent.c.left_at, at <= sent.c.known_at + window_ms)


def flag(name: str) -> ColumnElement[bool]:
    """Whether a `said` event carries this mark in its data."""
    marked: ColumnElement[bool] = event.c.data[name].as_boolean().is_(True)
    return marked


def either(*marks: str) -> ColumnElement[bool]:
    """Whether a `said` event carries at least one of these marks."""
    return or_(*(flag(name) for name in marks))
