"""Workers as real processes, killed in the middle of a drain; the carrier's books are counted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from bot import wiring
from bot.lifeline import die_with_parent
from bot.settings import carrier_account, from_env
from bot.store.markers import put_marker, read_marker
from bot.turns.publishing import publish_folder
from tests.jobs.conftest import FLOWS, KEY, SENDER, Office, settings_of
from tests.support.processes import wait_until
from tests.support.valkey import Valkey

ROOT = Path(__file__).resolve().parents[2]
TEXTS = 60


@contextmanager
def process(*arguments: str, environ: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env={**os.environ, **environ},
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=die_with_parent(signal.SIGKILL),
    ) as one:
        try:
            yield one
        finally:
            one.kill()


def counts(url: str) -> Counter[str]:
    """How often the carrier was handed each message of ours."""
    found = requests.get(f"{url}/books", timeout=5).json()["messages"]
    return Counter(one["message_id"] for one in found if one.get("message_id"))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_kills_of_workers_and_of_the_queue_lose_nothing_and_send_nothing_twice(
    database_url: str, valkey: Valkey, tmp_path: Path
) -> None:
    valkey.flush()
    settings = settings_of(database_url, valkey.url, tmp_path)
    account, token = carrier_account(settings)
    carrier = ["bot.channels.simulator", "--webhook", "http://127.0.0.1:9"]
    carrier += ["--account", account, "--token", token, "--sender", f"{SENDER}=short_code"]
    environ = {
        "DATABASE_URL": database_url,
        "REDIS_URL": valkey.url,
        "PARLEY_DATA": str(tmp_path),
        "PARLEY_KEY": settings.key,
        "PUBLIC_URL": settings.public_url,
    }
    with process(*carrier, environ={}) as simulator:
        assert simulator.stdout is not None
        url = json.loads(simulator.stdout.readline())["url"]
        environ["PARLEY_CARRIER_URL"] = url
        app = wiring.build(from_env({**environ, "PARLEY_FLOWS": str(FLOWS)}), key=KEY)
        office = Office(app, _Now(app), None)  # type: ignore[arg-type]
        publish_folder(app, FLOWS, by="test")
        ids = [
            office.offer(purpose="transactional", due_at=app.clock() + 40 * number)
            for number in range(TEXTS)
        ]
        with process("bot.jobs.clock", environ=environ):
            for kill in range(2):
                with process("bot.jobs.worker", environ=environ) as worker:
                    before = sum(counts(url).values())
                    enough = before + 5
                    wait_until(lambda n=enough: sum(counts(url).values()) >= n, 120, "a drain")
                    worker.kill()
                    worker.wait()
                if kill == 0:
                    valkey.kill()
                    valkey.start()
                _jump(app, 60_000)
            with process("bot.jobs.worker", environ=environ):
                for _ in range(12):
                    _jump(app, 150_000)
                    try:
                        wait_until(lambda: len(counts(url)) == TEXTS, 6, "the rest")
                        break
                    except AssertionError:
                        continue
        assert sorted(counts(url)) == sorted(ids)
        assert set(counts(url).values()) == {1}
        app.db.close()


class _Now:
    """The application's own clock, as a virtual one is called."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def __call__(self) -> int:
        return int(self._app.clock())


def _jump(app: Any, ms: int) -> None:
    """Let so much time pass for everybody, by the offset that all processes share."""
    offset = (read_marker(app.db, "clock_offset") or 0) + ms
    app.db.write(lambda conn: put_marker(conn, "clock_offset", offset))
