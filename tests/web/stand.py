"""A wired application for tests of pages, and the lives of people it has met."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from bot.settings import Carrier, Settings
from bot.store.database import open_database
from bot.store.tables import (
    consent,
    conversation,
    event,
    ledger,
    message,
    person,
    person_key,
    session,
    suppression,
)
from bot.store.vault import PersonKey, Vault
from bot.wiring import build
from tests.support.clock import Dice, Ids, VirtualClock

KEY = bytes(range(32))
TOKEN = "an-operators-token-of-forty-characters-"
SAMPLE = Path(__file__).resolve().parents[2] / "flows"


def settings(database_url: str, data: Path, **more: Any) -> Settings:
    """Settings of the embedded mode, with a key."""
    made = Settings(
        data=data, flows=SAMPLE, database_url=database_url,
        key=base64.b64encode(KEY).decode(), public_url="http://127.0.0.1:8000",
    )  # fmt: skip
    return replace(made, **more)


def production(database_url: str, data: Path, **more: Any) -> Settings:
    """Settings with a real carrier."""
    return settings(
        database_url, data, carrier=Carrier.TWILIO, token=TOKEN, host="0.0.0.0",
        public_url="https://sms.example.com", twilio_account_sid="AC" + "0" * 32,
        twilio_auth_token="t" * 32, autopublish=False, **more,
    )  # fmt: skip


@dataclass
class Customer:
    """Notes what would have been texted; `fails` plays a carrier that is away."""

    texts: list[tuple[str, str, str]] = field(default_factory=list)
    fails: bool = False

    def text(self, *, to: str, from_: str, body: str) -> None:
        if self.fails:
            raise ConnectionError("nobody there")
        self.texts.append((from_, to, body))

    def move_clock(self, offset_ms: int) -> None:
        """The carrier's clock moves with ours; this one has none."""

    def know_senders(self, presets: object) -> None:
        """The carrier is told who answers STOP on which number; this one answers nothing."""


class Here:
    """Says that the queue answers, or not."""

    def __init__(self, *, ok: bool = True) -> None:
        self._ok = ok

    def ping(self) -> bool:
        if not self._ok:
            raise ConnectionError("away")
        return True


def wired(told: Settings, clock: VirtualClock, *, publish: bool = True) -> Any:
    """The application, as wiring builds it, with the sample brand published."""
    from bot.turns.publishing import publish_folder

    app = build(
        told, db=open_database(told.database_url, durable=False), key=KEY, system_ms=clock,
        ids=Ids(clock), dice=Dice(), entropy=Dice("entropy").bytes, redis=lambda: Here(),
        wake=lambda _lane: None,
    )  # fmt: skip
    app.customer = Customer()
    if publish:
        publish_folder(app, told.flows, by="test")
    return app


class Life:
    """Writes what happened to one person into the tables, as the rooms that act would."""

    def __init__(self, app: Any, number: str = "+33639984107", brand: str = "margot") -> None:
        self.app, self.brand = app, brand
        self.vault: Vault = app.vault
        self.person_id: str = app.ids()
        self.key: PersonKey
        self.key, wrapped = self.vault.new_key(self.person_id)
        self._number = number
        self._seq = 0
        self._write(
            person, id=self.person_id, brand=brand, number_hmac=self.vault.number_hmac(number),
            number=self.key.seal("person.number", number), language="fr", country="FR",
            zone="Europe/Paris", version=1, guard={}, created_at=app.clock(),
        )  # fmt: skip
        self._write(person_key, person_id=self.person_id, key_id=self.vault.key_id, wrapped=wrapped)

    def _write(self, table: Any, **row: Any) -> None:
        self.app.db.write(lambda conn: conn.execute(insert(table), row))

    def text(self, body: str, trace: list[dict[str, Any]] | None = None, **more: Any) -> str:
        """A text from the person."""
        return self._message(
            body, direction="in", kind="text", state="received", trace=trace or [], **more
        )

    def reply(self, body: str, to: str | None = None, state: str = "delivered", **more: Any) -> str:
        """A text of ours; it answers `to` when given."""
        decision = more.pop("decision", None) or {
            "outcome": "allow", "reason": "ok_user_initiated",
            "findings": [{"check": "reply", "outcome": "allow", "reason": "ok_user_initiated",
                          "rule": "POLICY", "version": "1"}],
        }  # fmt: skip
        kind = "conversational_reply" if to else "marketing"
        return self._message(
            body, direction="out", kind=kind, state=state, in_reply_to=to, decision=decision,
            **more,
        )  # fmt: skip

    def _message(self, body: str, **row: Any) -> str:
        made: str = self.app.ids()
        now = self.app.clock()
        base = {
            "id": made, "brand": self.brand, "person_id": self.person_id, "channel": "twilio",
            "sender": "36000", "body": self.key.seal("message.body", body), "language": "fr",
            "created_at": now, "parts": 1,
        }  # fmt: skip
        if row["direction"] == "out" and row["state"] not in ("blocked", "waiting", "deferred"):
            base["handed_over_at"] = now
        self._write(message, **(base | row))
        return made

    def event(self, kind: str, **more: Any) -> None:
        base = {"id": self.app.ids(), "brand": self.brand, "at": self.app.clock(), "kind": kind,
                "person_id": self.person_id}  # fmt: skip
        self._write(event, **(base | more))

    def stop(self) -> None:
        self._write(
            suppression, id=self.app.ids(), number_hmac=self.vault.number_hmac(self._number),
            brand=self.brand, at=self.app.clock(), via="text",
        )  # fmt: skip

    def consent(self, state: str = "granted") -> None:
        self._write(
            consent, person_id=self.person_id, purpose="marketing", channel="sms", state=state,
            basis="consent", at=self.app.clock(), ledger_seq=1,
        )  # fmt: skip

    def ledger(self, what: str, message_id: str, line: str = "{}") -> None:
        self._seq += 1
        mark = hashlib.sha256(str(self._seq).encode()).hexdigest()
        self._write(
            ledger, brand=self.brand, seq=self._seq, prev_hash=mark, hash=mark[::-1], line=line,
            person_id=self.person_id, event=what, message_id=message_id, at=self.app.clock(),
        )  # fmt: skip

    def owned(self, team: str = "orders") -> None:
        """A person of a team has the conversation."""
        talk = self.app.ids()
        self._write(
            conversation, id=talk, brand=self.brand, person_id=self.person_id, flow="commande",
            version="v", state="person", began_at=self.app.clock(), team=team,
        )  # fmt: skip
        self._write(
            session, person_id=self.person_id, brand=self.brand, conversation_id=talk,
            flow="commande", version="v", owner="person", timers={},
            state=self.key.seal("session.state", "{}"),
        )  # fmt: skip
        self.event("handed_off", conversation_id=talk, data={"team": team, "reason": "asked"})


#: Opens a page and holds it against every rule; gives it back.
Open = Callable[..., Any]
