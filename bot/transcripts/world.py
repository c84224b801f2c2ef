"""The real program on a throw-away database, under a virtual clock, in this process.

Texts go through the same turn as a webhook's, replies and nudges through the same gate and outbox,
timers ring when the clock passes them. Only the carrier is a list, and nothing waits for a disk.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection

from bot import effects
from bot.channels import Inbound
from bot.engine.brand import Brand
from bot.engine.events import ConsentAsked, ConsentGiven, Event, Origin
from bot.engine.flow import Flow, Purpose
from bot.engine.session import Session
from bot.loading.folder import Library, load_folder
from bot.sending.deliver import drain
from bot.sending.way import Way
from bot.settings import Settings, from_env
from bot.store import lanes, rehearsal
from bot.store.changes import Changes
from bot.store.database import open_database
from bot.store.outbox import OutRow
from bot.store.publications import Published, publish
from bot.store.reading import Key, Picture
from bot.store.tables import metadata
from bot.store.thread import read_thread
from bot.store.turns import take
from bot.transcripts.play import Heard, State
from bot.transcripts.script import Who
from bot.turns.app import App
from bot.turns.desk import close_desk, day_of, open_desk
from bot.turns.inbound import hear_text
from bot.turns.receipts import record_stop
from bot.turns.timers import ring_due
from bot.wiring import build, carrier_in_process

BEFORE_MS = 30 * 24 * 3600 * 1000
"""How long ago somebody who `agreed to marketing` said yes."""
_CONSENTS = {"granted": "given", "pending": "asked"}
_LEASE_MS = 60_000
_KEY = b"transcripts are thrown away .. ."


class Chance:
    """Bytes and dice that are the same in every run."""

    def __init__(self) -> None:
        self.count = 0

    def entropy(self, length: int) -> bytes:
        self.count += 1
        return hashlib.shake_128(b"%d" % self.count).digest(length)

    def dice(self) -> float:
        return int.from_bytes(self.entropy(6), "big") / 2**48


class Stage:
    """One brand's flows on a throw-away database; a transcript after another plays on it.

    with open_stage(Path("flows/margot")) as stage:
        play(transcript, RealWorld(stage, brand, people, transcript.at_ms))
    """

    def __init__(self, folder: Path, data: Path) -> None:
        self.now = 0
        self.chance = Chance()
        self.library: Library = load_folder(folder)
        self.settings = _settings(data)
        self.carrier = carrier_in_process(lambda: self.now)
        db = open_database(f"sqlite:///{data / 'rehearsal.db'}", durable=False)
        db.write(metadata.create_all)
        db.write(rehearsal.begin)
        self.app: App = build(
            self.settings,
            db=db,
            key=_KEY,
            channels={"twilio": self.carrier},
            system_ms=lambda: self.now,
            entropy=self.chance.entropy,
            dice=self.chance.dice,
            redis=lambda: None,
            wake=lambda _lane: None,
        )
        self._publish()

    def _publish(self) -> None:
        sources = [
            Published(one.brand, one.kind, one.name, one.hash, one.text, True)
            for loaded in self.library.brands.values()
            for one in loaded.sources
        ]
        self.app.db.write(
            lambda conn: publish(conn, sources, now=self.now, by="transcripts", new_id=self.app.ids)
        )

    def close(self) -> None:
        """Give the database back."""
        self.app.db.close()


@contextmanager
def open_stage(folder: Path) -> Iterator[Stage]:
    """A stage for a brand's folder, gone with all that was said on it when it closes."""
    with TemporaryDirectory(prefix="parley-") as data:
        stage = Stage(folder, Path(data))
        try:
            yield stage
        finally:
            stage.close()


def _settings(data: Path) -> Settings:
    """Settings of nobody's environment: the simulated carrier, and no folder that is watched."""
    base = from_env({"PARLEY_DATA": str(data), "FLOWS_AUTOPUBLISH": "0"})
    return replace(base, public_url="http://127.0.0.1:9")


class RealWorld:
    """`bot.transcripts.play.World` on the real program, for one brand and some people."""

    def __init__(self, stage: Stage, brand: Brand, people: Sequence[Who], at_ms: int) -> None:
        self.stage = stage
        self.brand = brand
        self.sender = brand.senders[0]
        self._said: list[Heard] = []
        self._sent = len(stage.carrier.sent)
        self._texts = 0
        self._saved: dict[str, dict[str, Any]] = {}
        stage.app.db.write(rehearsal.wipe)
        stage.now = at_ms - BEFORE_MS
        for who in people:
            self._introduce(who)
        stage.now = at_ms

    # What a transcript does

    def now_ms(self) -> int:
        return self.stage.now

    def said(self) -> Sequence[Heard]:
        return self._said

    def text(self, who: Who, words: str) -> None:
        """A text comes in, as the webhook would hand it over; its answers are said at once."""
        self._texts += 1
        inbound = Inbound(
            channel="twilio",
            provider_id=f"SMf{self._texts:031x}",
            account=self.stage.carrier.account_sid,
            sender=self.sender.number,
            from_number=who.number,
            body=words,
            raw=words.encode(),
            from_country=who.country,
        )
        settled = hear_text(self.stage.app, inbound)
        for _id, body in settled.replies:
            self._said.append(Heard(who.number, body, self.stage.now))
        self._deliver()
        self._remember_answers(who)

    def until(self, at_ms: int) -> None:
        """Let time pass, from one thing that is due to the next."""
        stage, again = self.stage, 0
        while True:
            due = stage.app.db.read(rehearsal.next_due)
            if due is None or max(due, stage.now) > at_ms:
                break
            # What stays due after its moment (a lane that rests) is looked at a second later.
            again = again + 1 if due <= stage.now else 0
            stage.now = max(due, stage.now + (1_000 if again > 2 else 0))
            if stage.now > at_ms:
                break
            ring_due(stage.app)
            self._deliver()
        stage.now = max(stage.now, at_ms)

    def unsent(self, who: Who) -> list[tuple[str, str]]:
        """What was not sent, or not yet: the gate's reason and the words, the last one last."""
        app = self.stage.app
        thread = app.db.read(lambda conn: read_thread(conn, app.vault, self.brand.name, who.number))
        return [
            (str(line.decision.get("reason", line.state)), line.body or "")
            for line in thread.lines
            if line.ours and line.state in ("blocked", "deferred", "waiting", "cancelled")
        ]

    def state(self, who: Who) -> State:
        """What is true of a person, from the store."""
        app = self.stage.app
        found = app.db.read(
            lambda conn: rehearsal.read_truth(conn, app.vault, self.brand.name, who.number)
        )
        saved = self._saved.get(who.number, {}) | dict(found.answers)
        return State(
            flow=found.flow,
            conversation="ended" if found.state in ("ended", "") else "open",
            outcome=found.outcome,
            team=found.team,
            handed_over=found.handed_over,
            language=found.language,
            consents={
                purpose: _CONSENTS.get(state, state) for purpose, state in found.consents.items()
            },
            saved=self._answered_last(found, saved),
            remembered=found.fields,
            converted=found.converted,
            coupons=found.coupons,
            redeemed=found.redeemed,
        )

    def through_json(self, people: Sequence[Who]) -> None:
        """Read each running session from its JSON and write it again. Raises AssertionError."""
        for who in people:
            kept = self._session_of(who)
            if kept is None:
                continue
            session = Session.from_json(json.loads(kept))
            again = Session.from_json(json.loads(json.dumps(session.to_json())))
            assert again == session, f"a session of {who.name} does not survive JSON"
            assert session.to_json() == json.loads(kept), f"a session of {who.name} loses something"

    # How it is done

    def _session_of(self, who: Who) -> str | None:
        app, brand = self.stage.app, self.brand.name
        return app.db.read(lambda conn: rehearsal.read_session(conn, app.vault, brand, who.number))

    def _introduce(self, who: Who) -> None:
        """Make a person known: their language, and what they agreed to by a double opt-in."""
        app = self.stage.app
        key = Key(self.brand.name, app.vault.number_hmac(who.number), None, day_of(self.stage.now))
        shelf = app.library.current().brands[self.brand.name]

        def think(picture: Picture) -> tuple[Changes | None, None]:
            desk = open_desk(app, shelf, self.sender, picture, self.stage.now, number=who.number)
            moment = desk.moment
            moment.language = who.language
            moment.changes.person["language"] = who.language
            agreed: list[Event] = []
            origin = Origin("", "", "")
            for purpose in map(Purpose, who.agreed):
                asked = self.brand.texts["opt_in_asked"].in_language(who.language)
                agreed.append(ConsentAsked(origin, purpose, "opt_in_asked", asked, who.language))
                agreed.append(ConsentGiven(origin, purpose, asked_at=self.stage.now))
            effects.settle(agreed, moment)
            return close_desk(app, desk, None)[0], None

        take(app.db, key, think)

    def _deliver(self) -> None:
        """Drain what is due, and hear what the carrier was given."""
        app, stage = self.stage.app, self.stage
        ready = app.db.read(lambda conn: lanes.ready_lanes(conn, stage.now))
        if ready:
            until = stage.now + _LEASE_MS
            raised = app.db.write(lambda conn: lanes.raise_epochs(conn, ready, stage.now, until))
            for lane, epoch in raised:
                drain(self._way(), lane, epoch, owner="transcript")
        for outgoing in stage.carrier.sent[self._sent :]:
            self._said.append(Heard(outgoing.to, outgoing.body, stage.now))
        self._sent = len(stage.carrier.sent)

    def _way(self) -> Way:
        app, stage = self.stage.app, self.stage

        def on_stopped(conn: Connection, row: OutRow, now_ms: int) -> None:
            record_stop(app, conn, SimpleNamespace(**row), now_ms)

        return Way(
            db=app.db,
            vault=app.vault,
            rules=app.rules,
            brands=app.brands,
            channel=app.channel,
            clock=app.clock,
            ids=app.ids,
            dice=app.dice,
            callback=app.hooks["callback_for"],
            on_stopped=on_stopped,
            steady=lambda: stage.now,
            wait=self._rest,
        )

    def _rest(self, ms: int) -> None:
        self.stage.now += ms

    def _remember_answers(self, who: Who) -> None:
        """Keep what was saved so far, since a conversation that ends takes its answers along."""
        kept = self._session_of(who)
        if kept is not None:
            self._saved[who.number] = dict(json.loads(kept).get("answers", {}))

    def _answered_last(self, found: rehearsal.Truth, saved: dict[str, Any]) -> dict[str, Any]:
        """The categories of answers that came and went within one turn, under their names."""
        flow = self._flow(found.flow)
        if flow is None:
            return saved
        late = {
            name: found.categories[f"{flow.name}/{step}"]
            for name, step in flow.saves.items()
            if name not in saved and f"{flow.name}/{step}" in found.categories
        }
        return saved | late

    def _flow(self, name: str) -> Flow | None:
        loaded = self.stage.library.brands.get(self.brand.name)
        return loaded.flows.get(name) if loaded else None
