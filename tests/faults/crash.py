"""Kills everything, again and again, while customers text and offers leave; then counts.

    python -m tests.faults.crash --kills 200 --texts 20000 --database postgresql

The whole stack runs as real processes (web, worker, clock, Valkey, the simulated carrier); the
carrier alone is spared, since it stands for the world. At the end the carrier's books are laid
beside ours: 0 lost, 0 twice, 0 past a STOP, nothing stuck, the ledger whole. Exit 0 when clean.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import requests
from sqlalchemy import func, or_, select

from bot.jobs.reconcile import reconcile
from bot.store.tables import message
from bot.turns.app import App
from bot.wiring import build
from tests.faults.town import Campaign, Town, people
from tests.faults.verdict import Verdict, compare
from tests.support.postgres import Cluster
from tests.support.processes import is_alive, tree
from tests.support.stack import ROOT, Stack

MINUTE = 60_000
DAY = 24 * 60 * MINUTE
PARIS = ZoneInfo("Europe/Paris")
FAULTS: dict[str, Any] = {
    "delay_ms": [0, 40], "reorder_ms": [50, 400],
    "lose": 0.03, "duplicate": 0.05, "reorder": 0.1,
    "fail": [{"code": 20429, "probability": 0.02}, {"code": 30003, "probability": 0.02}],
    "die_after_accept": {"probability": 0.02}, "die_before_accept": {"probability": 0.02},
    "lose_inbound": {"probability": 0.01},
}  # fmt: skip
# What is killed, and how often beside the others. `fork` is gunicorn's worker, `web` its master.
VICTIMS = {"fork": 6, "web": 3, "worker": 6, "clock": 2, "queue": 3, "queue wiped": 2}


@dataclass(frozen=True, slots=True)
class Plan:
    """How much happens; the same seed draws the same texts, kills and faults."""

    kills: int = 25
    texts: int = 1500
    seed: int = 1
    jumps: int = 6
    settle_seconds: float = 180


@dataclass
class Crash:
    """One run on a stack that was started already."""

    stack: Stack
    plan: Plan
    dice: random.Random = field(init=False)
    app: App = field(init=False)
    town: Town = field(init=False)
    killed: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.plan.seed)
        self.app = build(self.stack.settings)

    def run(self) -> Verdict:
        """Customers text, things are killed, everything comes to rest, the books are compared."""
        self._to_the_clock(10, 5)
        customers = people(self.plan.texts, self.plan.seed)
        self.town = Town(self.stack.carrier_url, self.app.clock, customers)
        self._carrier("faults", {"seed": self.plan.seed} | FAULTS)
        self._disturb(Campaign(self.app, self.plan.seed))
        self._carrier("faults", None)
        self._come_to_rest()
        verdict = compare(self.app, self.stack.data / "carrier.db", customers)
        self.app.db.close()
        return verdict

    # -- while it runs

    def _disturb(self, campaign: Campaign) -> None:
        plan, town = self.plan, self.town
        kills = sorted(self.dice.randrange(plan.texts // 20, plan.texts) for _ in range(plan.kills))
        jumps = [plan.texts * (n + 1) // (plan.jumps + 1) for n in range(plan.jumps)]
        offers = list(range(plan.texts // 20, plan.texts, max(1, plan.texts // 40)))
        town.start()
        while not town.over() or kills:
            over = town.over()
            if kills and (over or town.done >= kills[0]):
                kills.pop(0)
                self.kill(self.dice.choices(list(VICTIMS), list(VICTIMS.values()))[0])
            if offers and town.done >= offers[0]:
                offers.pop(0)
                campaign.write(max(5, plan.texts // 100))
            if jumps and town.done >= jumps[0]:
                jumps.pop(0)
                town.pause()
                self._jump(24 * MINUTE)
                town.go.set()
            time.sleep(0.02)

    def kill(self, victim: str) -> None:
        """`kill -9` of one process; one that is down already is let be."""
        self.killed[victim] += 1
        name = {"fork": "web", "queue wiped": "queue"}.get(victim, victim)
        pid = self.stack.part(name)
        if victim == "fork":
            forks = [one for one in tree(pid) if one != pid]
            pid = self.dice.choice(forks) if forks else pid
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        if victim == "queue wiped":
            while is_alive(pid):
                time.sleep(0.001)
            # The next one may be coming up already; what it has made by then may stay.
            for path in (self.stack.data / "valkey").rglob("*"):
                with suppress(OSError):
                    path.unlink()

    # -- until it is at rest

    def _come_to_rest(self) -> None:
        """Let time pass until nothing is open: uncertain sends are asked about, retries are due."""
        end = time.monotonic() + self.plan.settle_seconds
        while time.monotonic() < end:
            self._wait_for_carrier()
            if not self._open() and reconcile(self.app) and not self._open():
                break
            if self._open():
                self._jump(3 * MINUTE)
                self._wait_while_due(8)
            hour = datetime.fromtimestamp(self.app.clock() / 1000, PARIS).hour
            if not 10 <= hour < 18:
                self._to_the_clock(10, 5)

    def _open(self, *, due: bool = False) -> int:
        """How many of our texts have not come to an end; `due`: that could move by now.

        What was put off by a day or more (a cap) waits in good order.
        """
        now = self.app.clock()
        ready = message.c.state.in_(("waiting", "deferred")) & (message.c.due_at < now + DAY)
        gone = message.c.state.in_(("claimed", "handed_over", "uncertain"))
        moves = or_(ready & (message.c.due_at <= now), gone & (message.c.lease_until <= now))
        wanted = select(func.count()).where(moves if due else or_(ready, gone))
        return int(self.app.db.read(lambda conn: conn.scalar(wanted)) or 0)

    def _wait_while_due(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and self._open(due=True):
            time.sleep(0.2)

    def _wait_for_carrier(self, seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and self._carrier("pending"):
            time.sleep(0.2)

    # -- the common clock

    def _to_the_clock(self, hour: int, minute: int) -> None:
        """On to the next working day in the middle of the week, at this time in Paris."""
        now = datetime.fromtimestamp(self.app.clock() / 1000, PARIS)
        then = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
        while then <= now or then.isoweekday() not in (2, 3, 4):
            then += timedelta(days=1)
        self._jump(round((then - now).total_seconds() * 1000))

    def _jump(self, ms: int) -> None:
        self.app.set_clock_offset(self.app.clock() - self.app.system_ms() + ms)

    def _carrier(self, what: str, data: dict[str, Any] | None = None) -> Any:
        url = f"{self.stack.carrier_url}/{what}"
        with requests.Session() as http:
            http.trust_env = False
            if what != "faults":
                return http.get(url, timeout=30).json()["pending"]
            if data is None:
                return http.delete(url, timeout=10)
            answer = http.post(url, json=data, timeout=10)
            answer.raise_for_status()
            return answer


def flows_for_crowds(folder: Path) -> Path:
    """The sample brand with money, caps and pace for thousands."""
    flows = folder / "flows"
    shutil.copytree(ROOT / "flows" / "margot", flows / "margot")
    brand = flows / "margot" / "brand.yml"
    text = brand.read_text()
    for was, now in (
        (r"(?m)^ceiling: .*$", "ceiling: 100000.00"),
        (r"caps: \{[^}]*\}", "caps: {per_day: 10, per_week: 50, per_month: 100}"),
        (r"parts_per_second: \d+", "parts_per_second: 400"),
    ):
        text, changed = re.subn(was, now, text)
        assert changed, was
    brand.write_text(text)
    return flows


@contextmanager
def database(kind: str) -> Iterator[str]:
    """The address of a database: the stack's own SQLite file, or a PostgreSQL of its own."""
    if kind == "sqlite":
        yield ""
        return
    with Cluster() as cluster:
        yield cluster.url(cluster.create())


def crash(plan: Plan, kind: str, folder: Path) -> dict[str, Any]:
    """One whole run; gives what is printed as JSON."""
    began = time.monotonic()
    with database(kind) as url:
        environ = {"PARLEY_FLOWS": str(flows_for_crowds(folder)), "PARLEY_LOG_LEVEL": "warning"}
        with Stack(folder / "data", database_url=url, environ=environ) as stack:
            run = Crash(stack, plan)
            verdict = run.run()
    told = {"database": kind, "kills": dict(run.killed), "seed": plan.seed}
    return told | {"seconds": round(time.monotonic() - began)} | verdict.as_json()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--texts", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--keep", type=Path, help="a folder to leave data and logs in")
    chosen = parser.parse_args(arguments)
    folder = chosen.keep or Path(tempfile.mkdtemp(prefix="parley-crash-", dir="/tmp"))
    folder.mkdir(parents=True, exist_ok=True)
    plan = Plan(chosen.kills, chosen.texts, chosen.seed, settle_seconds=900)
    try:
        told = crash(plan, chosen.database, folder)
    finally:
        if chosen.keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(told, indent=1))
    return 0 if told["clean"] else 1


if __name__ == "__main__":
    sys.exit(main())
