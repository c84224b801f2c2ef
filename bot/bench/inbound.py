"""`parley bench inbound`: what a whole turn costs, beside the floor of the same run.

A turn is a waiting question answered by text: signature, form, compliance, the engine, the gate,
rows, reply in the answer, all of it durable. Floor and turn alternate in rounds on the same server
class, threads, processes and database, and the median ratio counts.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator

from bot import wiring
from bot.bench import load
from bot.bench.machine import fdatasync_ms, free_port, pss_mb
from bot.channels import Inbound
from bot.settings import Settings, from_env
from bot.store import migrate
from bot.store.database import Database, open_database
from bot.store.markers import put_marker
from bot.store.publications import Published, publish
from bot.turns.inbound import hear_text

BRAND = """
brand: bench
title: Bench
country: FR
zone: Europe/Paris
languages: [en]
senders:
  - {number: "36000", kind: short_code, carrier_answers: short_code, fictional: true}
prices: {FR: 0.045, default: 0.08}
texts:
  bot_line: This is the robot of the bench.
wrong: [Sorry?, A number from 1 to 999., {hand_over: team}]
silent: {after: 20 min, say: Still there?, then: {after: 2 h, end: no_answer}}
"""
FLOW = """
flow: counting
purpose: service
start: {keywords: [COUNT]}
steps:
  - id: many
    ask: "Bench: {qty|none} noted. How many now? (1-999)"
    save: qty
    answer: {integer: {min: 1, max: 999}}
    go: {number: many}
"""
PERSONS = 1200
CONNECTIONS = 16
JUMP = 20 * 60 * 1000  # ms; between rounds, so that ten texts in five minutes are never met


@dataclass(slots=True)
class Round:
    """One round: the floor, then the turn."""

    floor: load.Taken
    turn: load.Taken

    @property
    def ratio(self) -> float:
        return self.turn.rate / self.floor.rate


def run(
    database_url: str, *, rounds: int = 5, seconds: float = 4.0, persons: int = PERSONS
) -> dict[str, Any]:
    """Measure on one database (its tables are made there); gives one object of `runs`."""
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
        bench = _Bench(database_url, Path(folder), persons)
        return bench.run(rounds, seconds)


class _Bench:
    def __init__(self, database_url: str, folder: Path, persons: int) -> None:
        self.folder = folder
        self.persons = [f"+336399{number:05d}" for number in range(80000, 80000 + persons)]
        self.sent = 0
        self.clock = 0
        base = from_env(
            {
                "DATABASE_URL": database_url,
                "PARLEY_DATA": str(folder),
                "PARLEY_KEY": "YmVuY2gga2V5LCBub3QgYSBzZWNyZXQgb2YgYW55YiE=",
                "TWILIO_AUTH_TOKEN": "0" * 32,
                "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
                "PARLEY_CARRIER": "simulated",
                "FLOWS_AUTOPUBLISH": "0",
            }
        )
        self.settings: Settings = base
        self.validator = RequestValidator(base.twilio_auth_token)
        self.dialect = "sqlite" if base.sqlite else "postgresql"

    def run(self, rounds: int, seconds: float) -> dict[str, Any]:
        db = self._prepare()
        measured: list[Round] = []
        memory = 0.0
        with (
            self._server("bot.bench.floor:create_app()") as floor_port,
            self._server("bot.web:create_app()") as turn_port,
        ):
            for number in range(rounds + 1):
                done = self._round(db, floor_port, turn_port, seconds)
                if number:  # the first warms caches and prepared statements
                    measured.append(done)
            memory = pss_mb(self._pids[turn_port])
        db.close()
        return self._report(measured, memory)

    def _prepare(self) -> Database:
        migrate.upgrade(self.settings.database_url)
        db = open_database(self.settings.database_url)
        text = "sid VARCHAR(64), body TEXT"
        db.write(lambda conn: conn.exec_driver_sql(f"CREATE TABLE IF NOT EXISTS floor ({text})"))
        app = wiring.build(
            replace(self.settings, public_url="http://127.0.0.1:1"), db=db, channels={}
        )
        sources = [
            Published("bench", "brand", "bench", "bench-brand", BRAND, True),
            Published("bench", "flow", "counting", "bench-flow", FLOW, True),
        ]
        db.write(
            lambda conn: publish(conn, sources, now=app.system_ms(), by="bench", new_id=app.ids)
        )
        for number in self.persons:
            hear_text(app, self._text(number, "COUNT"))
        return db

    def _text(self, number: str, body: str) -> Inbound:
        self.sent += 1
        return Inbound(
            "twilio", f"SM{self.sent:032x}", self.settings.twilio_account_sid, "36000", number, body
        )

    def _round(self, db: Database, floor_port: int, turn_port: int, seconds: float) -> Round:
        self.clock += JUMP
        db.write(lambda conn: put_marker(conn, "clock_offset", self.clock))
        taken = []
        for port in (floor_port, turn_port):
            requests = self._requests(port, int(seconds * 2500))
            taken.append(load.run(port, requests, connections=CONNECTIONS, seconds=seconds))
        return Round(*taken)

    def _requests(self, port: int, most: int) -> list[bytes]:
        path = "/webhooks/twilio/sms"
        made = []
        limit = min(most, len(self.persons) * 9)
        for number in range(limit):
            self.sent += 1
            form = {
                "MessageSid": f"SM{self.sent:032x}",
                "AccountSid": self.settings.twilio_account_sid,
                "From": self.persons[number % len(self.persons)],
                "To": "36000",
                "Body": str(1 + self.sent % 998),
                "NumMedia": "0",
                "NumSegments": "1",
                "FromCountry": "FR",
                "ToCountry": "FR",
                "ApiVersion": "2010-04-01",
            }
            signature = self.validator.compute_signature(f"http://127.0.0.1:{port}{path}", form)
            made.append(load.form_request(port, path, signature, urlencode(form).encode()))
        return made

    _pids: dict[int, int] = {}  # noqa: RUF012

    @contextmanager
    def _server(self, factory: str) -> Iterator[int]:
        """The web server of this database's mode, the same for floor and turn."""
        port = free_port()
        environ = self._environ(port)
        command = [
            sys.executable,
            "-m",
            "gunicorn",
            "--config",
            "bot/web/gunicorn_conf.py",
            "--bind",
            f"127.0.0.1:{port}",
            "--log-level",
            "warning",
            factory,
        ]
        root = Path(__file__).resolve().parents[2]
        process = subprocess.Popen(command, env=environ, cwd=root, start_new_session=True)
        self._pids[port] = process.pid
        try:
            _wait_for(port, process)
            yield port
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(15)

    def _environ(self, port: int) -> Mapping[str, str]:
        settings = self.settings
        processes, threads = ("1", "8") if self.dialect == "sqlite" else ("2", "4")
        return {
            **os.environ,
            "DATABASE_URL": settings.database_url,
            "PARLEY_DATA": str(self.folder),
            "PARLEY_KEY": settings.key,
            "TWILIO_AUTH_TOKEN": settings.twilio_auth_token,
            "TWILIO_ACCOUNT_SID": settings.twilio_account_sid,
            "PARLEY_CARRIER": "simulated",
            "FLOWS_AUTOPUBLISH": "0",
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
            "PORT": str(port),
            "WEB_CONCURRENCY": processes,
            "WEB_THREADS": threads,
            "LOG_LEVEL": "warning",
        }

    def _report(self, rounds: list[Round], memory: float) -> dict[str, Any]:
        middle = statistics.median
        failures = sum(one.floor.failures + one.turn.failures for one in rounds)
        return {
            "database": self.dialect,
            "ratio": round(middle(one.ratio for one in rounds), 3),
            "p99_ratio": round(
                middle(one.turn.percentile(0.99) / one.floor.percentile(0.99) for one in rounds), 2
            ),
            "floor_rps": round(middle(one.floor.rate for one in rounds)),
            "rps": round(middle(one.turn.rate for one in rounds)),
            "p50_ms": round(middle(one.turn.percentile(0.5) for one in rounds), 2),
            "p99_ms": round(middle(one.turn.percentile(0.99) for one in rounds), 2),
            "fdatasync_ms": round(fdatasync_ms(self.folder), 2),
            "statements": 2,
            "pss_mb": round(memory),
            "rounds": len(rounds),
            "failures": failures,
            "ratios": [round(one.ratio, 3) for one in rounds],
        }


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    import socket

    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError("the server of the bench ended before it answered")
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            time.sleep(0.5)
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the server of the bench did not answer")
