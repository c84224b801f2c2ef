"""What is true of one person, read in one go: for transcripts, and for whoever helps a customer.

found = read_truth(conn, vault, "margot", "+33639984107")
found.outcome, found.saved, found.coupons
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select

from bot.store.markers import marker_in, put_marker
from bot.store.tables import (
    consent,
    conversation,
    coupon,
    event,
    message,
    metadata,
    person,
    person_key,
    session,
)
from bot.store.vault import PersonKey, Vault

MARK = "rehearsal"
_STAYS = frozenset({"publication", "marker"})
_WIPES = [delete(table) for table in metadata.sorted_tables if table.name not in _STAYS]


def begin(conn: Connection) -> None:
    """Mark a new database as one that is thrown away."""
    put_marker(conn, MARK, 1)


def wipe(conn: Connection) -> None:
    """Forget everybody. Raises PermissionError for a database that nobody called a rehearsal."""
    if not marker_in(conn, MARK):
        raise PermissionError("this database is no rehearsal and is not wiped")
    for statement in _WIPES:
        conn.execute(statement)


def next_due(conn: Connection) -> int | None:
    """When the next timer rings or the next text may leave (ms); None when nothing waits."""
    wakes = conn.scalar(select(func.min(session.c.wake_at)))
    leaves = conn.scalar(
        select(func.min(func.coalesce(message.c.due_at, message.c.created_at))).where(
            message.c.state.in_(("waiting", "deferred"))
        )
    )
    return min((at for at in (wakes, leaves) if at is not None), default=None)


def read_session(conn: Connection, vault: Vault, brand: str, number: str) -> str | None:
    """The JSON of a number's running session, as it is kept; None when none runs."""
    row = conn.execute(
        select(session.c.state, person_key.c.wrapped, person.c.id)
        .join(person, person.c.id == session.c.person_id)
        .join(person_key, person_key.c.person_id == person.c.id)
        .where(person.c.brand == brand, person.c.number_hmac == vault.number_hmac(number))
    ).first()
    if row is None:
        return None
    return vault.unwrap(row.id, row.wrapped).open_text("session.state", row.state)


@dataclass(frozen=True, slots=True)
class Truth:
    """A person's last conversation and what is kept of them; empty for somebody unknown.

    `state` is bot, person or ended; `answers` are those of the running session; `categories` the
    category of the last answer to each step (`flow/step`), running or not.
    """

    person_id: str = ""
    language: str = ""
    flow: str = ""
    version: str = ""
    state: str = ""
    outcome: str = ""
    team: str = ""
    handed_over: bool = False
    answers: Mapping[str, Any] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)
    consents: Mapping[str, str] = field(default_factory=dict)
    converted: tuple[str, ...] = ()
    coupons: Mapping[str, str] = field(default_factory=dict)
    redeemed: tuple[str, ...] = ()


def read_truth(conn: Connection, vault: Vault, brand: str, number: str) -> Truth:
    """What is true of a number (E.164) at a brand. Raises Unreadable when it was erased."""
    who = conn.execute(
        select(person.c.id, person.c.language, person.c.fields, person_key.c.wrapped)
        .join(person_key, person_key.c.person_id == person.c.id)
        .where(person.c.brand == brand, person.c.number_hmac == vault.number_hmac(number))
    ).first()
    if who is None:
        return Truth()
    key = vault.unwrap(who.id, who.wrapped)
    last, happened = _last_conversation(conn, brand, who.id), _happened(conn, brand, who.id)
    coupons = conn.execute(
        select(coupon.c.name, coupon.c.code, coupon.c.redeemed_at).where(
            coupon.c.person_id == who.id
        )
    ).all()
    return Truth(
        person_id=who.id,
        language=who.language,
        flow=last.flow if last else "",
        version=last.version if last else "",
        state=last.state if last else "",
        outcome=(last.outcome or "") if last else "",
        team=(last.team or "") if last else "",
        handed_over=last is not None and last.handed_at is not None,
        answers=_answers(conn, key, who.id),
        categories={
            f"{row.flow}/{row.step}": row.data["category"]
            for row in happened
            if row.kind == "answered"
        },
        fields=json.loads(key.open("person.fields", who.fields)) if who.fields else {},
        consents=_consents(conn, who.id),
        converted=tuple(
            dict.fromkeys(row.data["name"] for row in happened if row.kind == "converted")
        ),
        coupons={row.name: row.code for row in coupons},
        redeemed=tuple(row.name for row in coupons if row.redeemed_at is not None),
    )


def _last_conversation(conn: Connection, brand: str, person_id: str) -> Row[Any] | None:
    return conn.execute(
        select(conversation)
        .where(conversation.c.brand == brand, conversation.c.person_id == person_id)
        .order_by(conversation.c.began_at.desc(), conversation.c.id.desc())
        .limit(1)
    ).first()


def _answers(conn: Connection, key: PersonKey, person_id: str) -> dict[str, Any]:
    state = conn.scalar(select(session.c.state).where(session.c.person_id == person_id))
    if state is None:
        return {}
    return dict(json.loads(key.open("session.state", state)).get("answers", {}))


def _happened(conn: Connection, brand: str, person_id: str) -> list[Row[Any]]:
    """Answers and conversions of a person, in their order."""
    return list(
        conn.execute(
            select(event.c.kind, event.c.flow, event.c.step, event.c.data)
            .where(
                event.c.brand == brand,
                event.c.person_id == person_id,
                event.c.kind.in_(("answered", "converted")),
            )
            .order_by(event.c.at, event.c.id)
        )
    )


def _consents(conn: Connection, person_id: str) -> dict[str, str]:
    rows = conn.execute(
        select(consent.c.purpose, consent.c.state).where(
            consent.c.person_id == person_id, consent.c.channel == "sms"
        )
    )
    return {row.purpose: row.state for row in rows}
