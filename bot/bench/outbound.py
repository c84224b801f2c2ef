"""`parley bench outbound`: decided sends a second, in the process and over HTTP.

Each send is an offer to one person, decided on facts that were read in the transaction that commits
`handed_over`, with its receipt written after. In the process the carrier is a list, so the figure
is what gate, outbox and database take. Over HTTP the same drain speaks to the simulated carrier
with the real twilio client, beside a bare loop of that client in the same run.
"""

from __future__ import annotations

import json
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot import wiring
from bot.bench.machine import fdatasync_ms
from bot.channels import Channel, Outgoing
from bot.channels.carrier import InProcessCarrier, make_channel
from bot.engine.brand import Brand, Sender
from bot.ids import make
from bot.sending.deliver import drain
from bot.sending.gate import Caps, Draft, Released, send, submit
from bot.sending.way import Way, standing_of
from bot.settings import Settings, from_env
from bot.store import careful, lanes, migrate, outbox
from bot.store.changes import Changes, ConsentChange
from bot.store.database import open_database
from bot.store.vault import PersonKey, Vault
from compliance.decide import load_rules
from compliance.ledger import LedgerEvent, LedgerLine

SENDER = "36000"
LANE = f"{SENDER}/bulk"
TEXT = "Bench : deux parts pour une ce midi. STOP au 36000"
BRAND = Brand(
    cap_per_month=10_000,  # rounds are a week apart
    name="bench",
    title="Bench",
    country="FR",
    countries=("FR",),
    zone="Europe/Paris",
    languages=("fr",),
    senders=(Sender(SENDER, parts_per_second=0, fictional=True),),
    price_micros={"default": 45_000},
)
PERSONS = 3000
OVER_HTTP = 250  # texts a round, for the loop and for the drain
WEEK = 7 * 24 * 3600 * 1000  # ms
# A Monday noon in Paris without a holiday for many weeks after it.
NOON = round(datetime(2026, 1, 5, 12, tzinfo=ZoneInfo("Europe/Paris")).timestamp() * 1000)


def run(
    database_url: str, *, rounds: int = 5, seconds: float = 4.0, persons: int = PERSONS
) -> dict[str, Any]:
    """Measure on one database (its tables are made there); gives one object of `runs`.

    Each round sends to every person once; rounds go on until there are `rounds` of them and
    `seconds` have been measured.
    """
    bench = _Bench(database_url, persons)
    try:
        inside = bench.in_process(rounds, seconds)
        loops, drains, http_ages = bench.over_http(rounds)
    finally:
        bench.db.close()
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
        disk = fdatasync_ms(Path(folder))
    ratios = [drained / bare for drained, bare in zip(drains, loops, strict=True)]
    return {
        "database": bench.db.dialect,
        "decided_per_s": round(statistics.median(one.rate for one in inside)),
        "http_ratio": round(statistics.median(ratios), 3),
        "http_loop_per_s": round(statistics.median(loops)),
        "http_per_s": round(statistics.median(drains)),
        "facts_age_ms": max(one.age_ms for one in inside),
        "http_facts_age_ms": http_ages,
        "fdatasync_ms": round(disk, 2),
        "rounds": len(inside),
        "rates": [round(one.rate) for one in inside],
        "http_ratios": [round(one, 3) for one in ratios],
    }


@dataclass(frozen=True, slots=True)
class _Round:
    """How fast one round went, and how old the oldest facts were when their text was sent."""

    rate: float
    seconds: float
    age_ms: int


class _Bench:
    def __init__(self, database_url: str, persons: int) -> None:
        migrate.upgrade(database_url)
        self.db = open_database(database_url)
        self.rules = load_rules()
        self.vault = Vault(b"bench key, not a secret of any.!", wiring.entropy)
        self.weeks = 0
        self.began = time.monotonic_ns()
        self.keys: dict[str, PersonKey] = {}
        self.persons = self._people(persons)

    def clock(self) -> int:
        """Monday noon, a week later each round, and running on from there."""
        return NOON + self.weeks * WEEK + (time.monotonic_ns() - self.began) // 1_000_000

    def new_id(self) -> str:
        return make(self.clock(), wiring.entropy(10))

    def in_process(self, rounds: int, seconds: float) -> list[_Round]:
        """Rounds with the carrier called in this process; the first only warms up."""
        done: list[_Round] = []
        measured = 0.0
        carrier = InProcessCarrier(self.clock)
        while len(done) < rounds + 1 or measured < seconds:
            done.append(self._round(carrier, self.persons))
            measured += done[-1].seconds if len(done) > 1 else 0.0
        return done[1:]

    def over_http(self, rounds: int) -> tuple[list[float], list[float], int]:
        """Rates of a bare loop and of the drain, in turn, and the greatest age of facts (ms)."""
        loops, drains, age = [], [], 0
        with _simulator() as channel:
            for number in range(rounds + 1):
                bare = self._loop(channel)
                drained = self._round(channel, self.persons[:OVER_HTTP])
                if number:
                    loops.append(bare)
                    drains.append(drained.rate)
                    age = max(age, drained.age_ms)
        return loops, drains, age

    def _loop(self, channel: Channel) -> float:
        """What the client does when nobody decides and nothing is kept."""
        began = time.monotonic()
        for number in range(OVER_HTTP):
            to = f"+336399{80000 + number:05d}"
            outgoing = Outgoing(self.new_id(), SENDER, to, TEXT, "")
            send(channel, Released(outgoing, 0), 0)
        return OVER_HTTP / (time.monotonic() - began)

    def _round(self, channel: Channel, persons: Sequence[str]) -> _Round:
        self.weeks += 1
        self._fill(persons)
        way = self._way(channel)
        now = self.clock()
        raised = self.db.write(lambda conn: lanes.raise_epochs(conn, [LANE], now, now))
        began = time.monotonic()
        done = drain(way, LANE, raised[0][1], "bench", slice_ms=600_000)
        taken = time.monotonic() - began
        if done.sent != len(persons):
            raise RuntimeError(f"{done.sent} of {len(persons)} texts were sent")
        return _Round(done.sent / taken, taken, max(done.ages_ms))

    def _way(self, channel: Channel) -> Way:
        return Way(
            db=self.db,
            vault=self.vault,
            rules=self.rules,
            brands=lambda: {BRAND.name: BRAND},
            channel=lambda _name: channel,
            clock=self.clock,
            ids=self.new_id,
            dice=lambda: 0.0,
            callback=lambda _id: "",
            on_stopped=lambda _conn, _row, _now: None,
        )

    def _people(self, count: int) -> list[str]:
        """Persons who agreed to offers, each with a line in the ledger that proves it."""
        made = [self._person(number) for number in range(count)]
        for first in range(0, count, 250):
            self._keep(made[first : first + 250])
        return [one.person_id for one in made]

    def _keep(self, people: Sequence[Changes]) -> None:
        def work(conn: outbox.Connection) -> None:
            for one in people:
                careful.apply(conn, one)

        self.db.write(work)

    def _person(self, number: int) -> Changes:
        one, now = self.new_id(), self.clock()
        e164 = f"+336399{80000 + number:05d}"
        key, wrapped = self.vault.new_key(one)
        self.keys[one] = key
        changes = Changes(BRAND.name, one, None)
        changes.new_person = {
            "id": one,
            "brand": BRAND.name,
            "number_hmac": self.vault.number_hmac(e164),
            "number": key.seal("person.number", e164),
            "language": "fr",
            "country": "FR",
            "zone": BRAND.zone,
            "version": 1,
            "guard": {},
            "created_at": now,
            "last_heard_at": now,
        }
        changes.new_key = {"person_id": one, "key_id": self.vault.key_id, "wrapped": wrapped}
        changes.ledger = [LedgerLine(LedgerEvent.confirm, now, BRAND.name, person_id=one)]
        changes.consents = [
            ConsentChange("marketing", "sms", "granted", "consent", now, 0, double_opt_in="done")
        ]
        return changes

    def _fill(self, persons: Sequence[str]) -> None:
        """One offer for each person, submitted through the gate."""
        now = self.clock()
        facts = self.db.read(lambda conn: outbox.facts_of(conn, persons))
        rows = []
        for one in persons:
            key = self.keys[one]
            number = key.open_text("person.number", facts[one].number)
            draft = Draft(
                message_id=self.new_id(),
                brand=BRAND.name,
                person_id=one,
                sender=SENDER,
                body=TEXT,
                language="fr",
                purpose="marketing",
                proactive=True,
            )
            standing = standing_of(facts[one], number, 0)
            (row,) = submit([draft], standing, BRAND, Caps("twilio"), self.rules, now)
            row["body"] = key.seal("message.body", row.pop("clear"))
            rows.append(row)
        for first in range(0, len(rows), 500):
            self._insert(rows[first : first + 500])

    def _insert(self, rows: Sequence[dict[str, Any]]) -> None:
        self.db.write(lambda conn: outbox.write_messages(conn, rows))


@contextmanager
def _simulator() -> Iterator[Channel]:
    """The simulated carrier as a process of its own, and the channel to it."""
    command = [sys.executable, "-m", "bot.channels.simulator", "--webhook", "http://127.0.0.1:9"]
    command += ["--sender", f"{SENDER}=short_code"]
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = json.loads(process.stdout.readline())["url"]
            yield make_channel(_settings(url))
        finally:
            process.send_signal(signal.SIGTERM)


def _settings(url: str) -> Settings:
    return from_env({"PARLEY_CARRIER": "simulated", "PARLEY_CARRIER_URL": url})
