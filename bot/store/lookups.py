"""Small questions that turns ask beside the picture of a person."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Row, or_, select

from bot.store.tables import (
    audit,
    coupon,
    message,
    person,
    person_key,
    session,
    suppression,
)

_OWED = ("opt_out_confirmation", "help_reply")
_PIECE = 500  # ids asked about at a time


def last_brand_of(conn: Connection, number_hmac: bytes, names: Collection[str]) -> str | None:
    """The brand, among these, that a number wrote to last."""
    return conn.scalar(
        select(person.c.brand)
        .where(person.c.number_hmac == number_hmac, person.c.brand.in_(names))
        .order_by(person.c.last_heard_at.desc().nulls_last())
        .limit(1)
    )


def last_sender_of(conn: Connection, brand: str, person_id: str) -> str | None:
    """The sender that a person texted last: the one they know us by."""
    return conn.scalar(
        select(message.c.sender)
        .where(
            message.c.person_id == person_id,
            message.c.brand == brand,
            message.c.direction == "in",
        )
        .order_by(message.c.id.desc())
        .limit(1)
    )


def sessions_due(conn: Connection, now: int, limit: int) -> list[tuple[str, str]]:
    """(brand, person id) of sessions whose earliest timer is due, the longest overdue first."""
    rows = conn.execute(
        select(session.c.brand, session.c.person_id)
        .where(session.c.wake_at <= now)
        .order_by(session.c.wake_at)
        .limit(limit)
    )
    return [(row.brand, row.person_id) for row in rows]


def replies_to(conn: Connection, inbound_id: str) -> list[Row[Any]]:
    """The replies that travelled in the answer to a text: id, person_id, body, wrapped (sealed).

    A refusal since then counts: but for the confirmation of a stop and for HELP, nothing is said
    again to somebody who wrote this text first and said stop after it.
    """
    heard = select(message.c.person_id).where(message.c.id == inbound_id).scalar_subquery()
    asked = message.alias("asked")
    refused_since = (
        select(suppression.c.id)
        .join(person, person.c.number_hmac == suppression.c.number_hmac)
        .join(asked, asked.c.person_id == person.c.id)
        .where(
            asked.c.id == inbound_id,
            suppression.c.lifted_at.is_(None),
            suppression.c.at > asked.c.created_at,
            or_(suppression.c.brand.is_(None), suppression.c.brand == person.c.brand),
        )
    )
    return list(
        conn.execute(
            select(message.c.id, message.c.person_id, message.c.body, person_key.c.wrapped)
            .join(person_key, person_key.c.person_id == message.c.person_id)
            .where(
                message.c.person_id == heard,
                message.c.id > inbound_id,
                message.c.in_reply_to == inbound_id,
                message.c.lane.is_(None),
                message.c.handed_over_at.is_not(None),
                or_(message.c.kind.in_(_OWED), ~refused_since.exists()),
            )
            .order_by(message.c.id)
        )
    )


def states_of(conn: Connection, provider_ids: Sequence[str]) -> dict[str, str]:
    """The states of those messages, of either direction, that we have, by the carrier's id."""
    found: dict[str, str] = {}
    for start in range(0, len(provider_ids), _PIECE):
        piece = provider_ids[start : start + _PIECE]
        rows = conn.execute(
            select(message.c.provider_id, message.c.state).where(message.c.provider_id.in_(piece))
        )
        found.update((row.provider_id, row.state) for row in rows)
    return found


def tries(
    conn: Connection, brand: str, actor: str, action: str, outcome: str, since: int
) -> list[int]:
    """When (ms, in order) somebody tried something with that outcome, by the audit log."""
    found = conn.scalars(
        select(audit.c.at)
        .where(
            audit.c.brand == brand,
            audit.c.actor == actor,
            audit.c.action == action,
            audit.c.outcome == outcome,
            audit.c.at > since,
        )
        .order_by(audit.c.at)
    )
    return list(found)


def coupon_of(conn: Connection, brand: str, code: str) -> Row[Any] | None:
    """The coupon of a code."""
    return conn.execute(
        select(coupon).where(coupon.c.brand == brand, coupon.c.code == code)
    ).first()
