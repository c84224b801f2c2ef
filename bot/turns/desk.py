"""From what was read to a desk to work at, and from the desk to the rows that are written."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from bot.channels import Inbound
from bot.effects.moment import Moment
from bot.engine.brand import Brand, Sender
from bot.engine.flow import Purpose
from bot.engine.session import Session
from bot.engine.turn_types import Heard, Person
from bot.jsons import dump_bytes, loads
from bot.sending import gate
from bot.store.changes import Changes, Row
from bot.store.reading import Picture
from bot.store.standing import Standing
from bot.store.vault import PersonKey, Unreadable
from bot.turns.app import App
from bot.turns.library import BrandShelf
from compliance.places import decide_place
from compliance.types import Reason

#: A person who was told within this time that a machine answers is not told again (ms).
GREETED_FOR = 12 * 3600 * 1000


@dataclass(slots=True)
class Desk:
    """A moment with the session that runs in it and the shelf of its brand."""

    moment: Moment
    shelf: BrandShelf
    session: Session | None
    picture: Picture
    opened: Session | None = None
    """The session as it was read."""
    answering: bool = True
    """A webhook waits for the replies."""
    unreadable: bool = False
    """There is a session that this version of the program cannot read."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What a turn came to: texts for the webhook's own answer, and lanes that want a drain."""

    inbound_id: str | None = None
    replies: tuple[tuple[str, str], ...] = ()
    lanes: tuple[str, ...] = ()
    duplicate_of: str | None = None
    stale: bool = False


def day_of(now_ms: int) -> str:
    """The UTC day (YYYY-MM-DD) that a cost is booked on."""
    return _day(now_ms // 86_400_000)


@lru_cache(maxsize=64)
def _day(days: int) -> str:
    return datetime.fromtimestamp(days * 86_400, UTC).strftime("%Y-%m-%d")


def open_desk(
    app: App,
    shelf: BrandShelf,
    sender: Sender,
    picture: Picture,
    now: int,
    *,
    number: str | None = None,
    channel: str = "twilio",
    inbound_id: str | None = None,
) -> Desk:
    """Lay out what was read. `number` is needed for a person who is not known yet."""
    brand = shelf.brand
    if picture.person is None:
        assert number is not None
        standing, key, changes = _newcomer(app, brand, picture, number, now)
        fields: dict[str, Any] = {}
    else:
        standing, key, changes, fields = _known(app, brand, picture)
    session, unreadable = _session_of(picture, key)
    moment = Moment(
        brand=brand,
        sender=sender,
        channel=channel,
        standing=standing,
        key=key,
        changes=changes,
        now=now,
        new_id=app.ids,
        rules_version=app.rules.version,
        inbound_id=inbound_id,
        conversation=session.conversation if session else None,
        fields=fields,
        language=standing.language,
        timers=dict(picture.session.timers) if picture.session else {},
        marks=standing.guard,
    )
    return Desk(moment, shelf, session, picture, session, unreadable=unreadable)


def _session_of(picture: Picture, key: PersonKey) -> tuple[Session | None, bool]:
    """The session, and whether there is one that cannot be read: then a person takes over."""
    if picture.session is None:
        return None, False
    try:
        state = key.open("session.state", picture.session.state)
        return Session.from_json(loads(state)), False
    except (Unreadable, LookupError, TypeError, ValueError, AttributeError):
        return None, True


def engine_person(desk: Desk) -> Person:
    """What the engine may know of the person."""
    moment = desk.moment
    told = moment.marks.get("greeted_at", 0)
    return Person(
        id=moment.standing.person_id,
        language=moment.language,
        fields=moment.fields,
        consents=frozenset(
            Purpose(one.purpose)
            for one in moment.standing.consents
            if one.state == "granted" and one.purpose in Purpose.__members__
        ),
        coupons=desk.picture.coupons,
        greeted=bool(told) and moment.now - told < GREETED_FOR,
    )


def close_desk(
    app: App,
    desk: Desk,
    inbound: Inbound | None,
    trace: Iterable[Heard] = (),
) -> tuple[Changes, Settled]:
    """Let the gate decide on what would be said, and give all rows of the turn."""
    moment = desk.moment
    changes = moment.changes
    _see_to_nudges(desk, heard=inbound is not None)
    settled = _pass_the_gate(app, desk)
    if inbound is not None:
        changes.messages.insert(0, _inbound_row(moment, inbound, trace))
        changes.person["last_heard_at"] = moment.now
    if moment.fields_changed:
        clear = dump_bytes(moment.fields)
        changes.person["fields"] = moment.key.seal("person.fields", clear)
    changes.person["guard"] = moment.marks
    _session_row(desk)
    _merge_updates(changes)
    if changes.new_person is not None:
        changes.new_person.update(changes.person)
    return changes, settled


def _known(
    app: App, brand: Brand, picture: Picture
) -> tuple[Standing, PersonKey, Changes, dict[str, Any]]:
    row = picture.person
    assert row is not None
    key = app.vault.unwrap(row.id, row.wrapped)
    standing = Standing(
        person_id=row.id,
        brand=brand.name,
        number=key.open_text("person.number", row.number),
        number_hmac=bytes(row.number_hmac),
        language=row.language,
        country=row.country,
        zone=row.zone,
        version=row.version,
        guard=dict(row.guard),
        consents=picture.consents,
        suppressions=picture.suppressions,
        last_heard_at=row.last_heard_at,
        spent_micros=picture.spent_micros,
    )
    fields = loads(key.open("person.fields", row.fields)) if row.fields else {}
    return standing, key, Changes(brand.name, row.id, row.version), fields


def _newcomer(
    app: App, brand: Brand, picture: Picture, number: str, now: int
) -> tuple[Standing, PersonKey, Changes]:
    person_id = app.ids()
    key, wrapped = app.vault.new_key(person_id)
    country, zone = decide_place(number, fictional=app.settings.simulated)
    language = _first_language(brand, country)
    number_hmac = app.vault.number_hmac(number)
    changes = Changes(brand.name, person_id, None)
    changes.new_person = {
        "id": person_id,
        "brand": brand.name,
        "number_hmac": number_hmac,
        "number": key.seal("person.number", number),
        "language": language,
        "country": country,
        "zone": zone,
        "version": 1,
        "created_at": now,
    }
    changes.new_key = {"person_id": person_id, "key_id": app.vault.key_id, "wrapped": wrapped}
    standing = Standing(
        person_id=person_id,
        brand=brand.name,
        number=number,
        number_hmac=number_hmac,
        language=language,
        country=country,
        zone=zone,
        version=1,
        suppressions=picture.suppressions,
        spent_micros=picture.spent_micros,
    )
    return standing, key, changes


_FRENCH_SPEAKING = frozenset({"FR", "BE", "LU", "MC", "GP", "MQ", "GF", "RE", "YT", "NC", "PF"})


def _first_language(brand: Brand, country: str | None) -> str:
    """A first guess until the person writes: French where it is spoken, English elsewhere."""
    guess = "fr" if country in _FRENCH_SPEAKING else "en"
    return guess if country and guess in brand.languages else brand.languages[0]


def _see_to_nudges(desk: Desk, *, heard: bool) -> None:
    """A nudge that has to wait for its hours dies with its question, whichever way that ends.

    Silence ends it at the next timer, so it expires then; a text ends it by being the answer.
    """
    moment, before, after = desk.moment, desk.opened, desk.session
    due = [due_ms for due_ms, _visit in moment.timers.values()]
    if due:
        moment.drafts = [
            replace(draft, expires_at=min(due)) if draft.proactive and draft.asks else draft
            for draft in moment.drafts
        ]
    if not heard or before is None or not before.nudges:
        return
    if after is None or after.visit != before.visit:
        moment.changes.answered.append(before.conversation)


def _pass_the_gate(app: App, desk: Desk) -> Settled:
    moment = desk.moment
    guard, automatic, marketing = moment.marks, 0, 0
    replies: tuple[tuple[str, str], ...] = ()
    exchange: str | None = None
    rows: list[Row] = []
    standing = moment.standing
    if standing.language != moment.language:
        standing = replace(standing, language=moment.language)
    caps = gate.Caps(moment.channel, response=desk.answering)
    answers = [draft for draft in moment.drafts if not draft.proactive]
    if answers:
        said = [moment.evidence, *(draft.body for draft in answers)]
        exchange = app.vault.mark("|".join(said))
        answer = gate.settle_replies(
            answers,
            standing,
            moment.brand,
            moment.sender,
            caps,
            app.rules,
            moment.now,
            exchange=exchange,
        )
        rows.extend(answer.rows)
        replies, automatic, marketing = tuple(answer.to_render), answer.automatic, answer.marketing
        if answer.loop:
            _silence_loop(desk)
        _note_budget(moment, answer)
    proactive = [draft for draft in moment.drafts if draft.proactive]
    if proactive:
        rows.extend(gate.submit(proactive, standing, moment.brand, caps, app.rules, moment.now))
    for row in rows:
        row["body"] = moment.key.seal("message.body", row.pop("clear"))
        _note_said(moment, row)
    moment.changes.messages.extend(rows)
    _book(moment, rows)
    moment.marks = gate.next_guard(
        guard, moment.now, automatic=automatic, exchange=exchange, marketing=marketing
    )
    moment.marks.update(moment.marks_after)
    lanes = {row["lane"] for row in rows if row["state"] in ("waiting", "deferred")}
    return Settled(moment.inbound_id, replies, tuple(sorted(lanes)))


def _note_budget(moment: Moment, answer: gate.Replies) -> None:
    """Note that the day's ceiling is near, or that it keeps a text from leaving."""
    kept_back = any(one.decision.reason is Reason.budget_reached for one in answer.rulings)
    state = "reached" if kept_back else answer.budget
    if state is not None:
        moment.note("budget", state=state)


def _silence_loop(desk: Desk) -> None:
    """Two machines that answer each other: the bot is silent, a person is told."""
    from bot.turns.handing import hand_over

    desk.moment.note("loop")
    hand_over(desk, "loop")


def _note_said(moment: Moment, row: Row) -> None:
    decision = row["decision"]
    moment.changes.events.append(
        {
            "id": moment.new_id(),
            "brand": moment.brand.name,
            "at": moment.now,
            "kind": "said",
            "person_id": moment.standing.person_id,
            "conversation_id": row["conversation_id"],
            "message_id": row["id"],
            "flow": row["flow"],
            "version": row["version"],
            "step": row["step"],
            "data": {
                "kind": row["kind"],
                "asks": row["asks"],
                "promotes": row["promotes"],
                "proactive": row["in_reply_to"] is None,
                "outcome": decision["outcome"],
                "reason": decision["reason"],
            },
        }
    )


def _book(moment: Moment, rows: list[Row]) -> None:
    """Book the cost of what leaves in this very turn; a release books its own."""
    leaving = [row for row in rows if row["state"] == "handed_over"]
    parts = sum(row["parts"] for row in leaving)
    if parts:
        moment.changes.spend.append(
            {
                "brand": moment.brand.name,
                "day": day_of(moment.now),
                "shard": zlib.crc32(moment.standing.person_id.encode()) % 16,
                "micros": sum(row["cost_micros"] for row in leaving),
                "parts": parts,
            }
        )


def _inbound_row(moment: Moment, inbound: Inbound, trace: Iterable[Heard]) -> Row:
    return {
        "id": moment.inbound_id,
        "brand": moment.brand.name,
        "person_id": moment.standing.person_id,
        "conversation_id": moment.conversation,
        "direction": "in",
        "channel": inbound.channel,
        "sender": inbound.sender,
        "provider_id": inbound.provider_id,
        "body": moment.key.seal("message.body", inbound.body),
        "raw": moment.key.seal("message.raw", inbound.raw),
        "language": moment.language,
        "kind": "text",
        "promotes": False,
        "asks": False,
        "state": "received",
        "attempts": 0,
        "parts": inbound.parts,
        "cost_micros": 0,
        "trace": [
            {"who": one.who, "what": one.what, "verdict": one.verdict, "won": one.won}
            for one in trace
        ],
        "created_at": moment.now,
    }


def _session_row(desk: Desk) -> None:
    moment, session = desk.moment, desk.session
    if session is None:
        moment.changes.session_gone = desk.picture.session is not None
        return
    due = [due_ms for due_ms, _visit in moment.timers.values()]
    state = dump_bytes(session.to_json())
    moment.changes.session = {
        "person_id": moment.standing.person_id,
        "brand": moment.brand.name,
        "conversation_id": session.conversation,
        "flow": session.flow,
        "version": session.version,
        "step": session.step,
        "owner": "person" if session.owned_by_person else "bot",
        "state": moment.key.seal("session.state", state),
        "timers": moment.timers,
        "wake_at": min(due) if due else None,
    }


def _merge_updates(changes: Changes) -> None:
    """One update for each conversation, since one statement may touch a row only once."""
    merged: dict[str, Row] = {}
    for row in changes.conversation_updates:
        merged.setdefault(row["id"], {}).update(row)
    opened = {row["id"]: row for row in changes.conversations}
    for id_, row in list(merged.items()):
        if id_ in opened:
            opened[id_].update(row)
            del merged[id_]
    changes.conversation_updates = list(merged.values())
