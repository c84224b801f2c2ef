"""Where everything meets: the only place that sees all rooms, the clock and chance.

`build(settings)` puts an application together; `from_environment()` is this process's one.
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache, partial
from typing import Any

from sqlalchemy import Connection

from bot import ids, logs
from bot.channels import Channel
from bot.errors import SettingsRefused
from bot.settings import Settings, carrier_account, from_env, master_key, problems, running
from bot.store.database import Database, open_database
from bot.store.markers import count, put_marker
from bot.store.vault import Vault
from bot.turns.app import App
from bot.turns.library import Library
from bot.turns.publishing import Watch
from compliance.decide import load_rules

#: Twilio's overrides: three more tries, whatever went wrong (see docs/operations.md).
OVERRIDES = "#rc=3&rp=all"


def system_ms() -> int:
    """The wall clock in ms."""
    return time.time_ns() // 1_000_000


def entropy(count: int) -> bytes:
    """Random bytes fit for keys."""
    return os.urandom(count)


def build(settings: Settings, **instead: Any) -> App:
    """Put an application together. `instead` replaces parts: db, channels, system_ms, ids, dice.

    Raises KeyMissing without a master key, ValueError for a database address that is none.
    """
    # Before anything can fail: an unconfigured log would print what a frame holds.
    logs.configure(settings.log_level)
    clock: Callable[[], int] = instead.get("system_ms") or system_ms
    draw: Callable[[int], bytes] = instead.get("entropy") or entropy
    db: Database = instead.get("db") or open_database(
        settings.database_url, pool_size=max(settings.threads, 2)
    )
    # Words, rules and places are read once, before the first text has to wait for them.
    application = App(
        settings=settings,
        db=db,
        vault=Vault(instead.get("key") or master_key(settings), draw),
        library=Library(db),
        channels=instead.get("channels") or _channels(settings),
        rules=load_rules(),
        carrier_answers=_carrier_answers,
        system_ms=clock,
        ids=instead.get("ids") or ids.Maker(clock, draw),
        dice=instead.get("dice") or random.SystemRandom().random,
        entropy=draw,
    )
    application.redis = instead.get("redis") or cache(partial(_redis, settings))
    application.wake = instead.get("wake") or partial(_wake, application)
    application.hooks.update(
        public_urls=_public_urls(settings),
        callback_for=_callback_for(settings),
        refused=_Refusals(db, application.clock).note,
    )
    if settings.autopublish and settings.flows.is_dir():
        application.hooks["watch"] = Watch(settings.flows)
    if settings.simulated and settings.carrier_url:
        application.customer = _Customer(settings)
    return application


@cache
def from_environment() -> App:
    """The application of this process, from its environment.

    Raises SettingsRefused when something is missing without which nothing is safe: whoever starts
    a web process by itself must not find out later that nobody checked.
    """
    settings = running(from_env(os.environ))
    fatal = [problem for problem in problems(settings) if problem.fatal]
    if fatal:
        for problem in fatal:
            print(problem.text(settings.language), file=sys.stderr)
        raise SettingsRefused
    return build(settings)


app = from_environment


def _channels(settings: Settings) -> dict[str, Channel]:
    """Channels by the word in the webhook's address. The simulated carrier speaks Twilio's."""
    account, token = carrier_account(settings)
    if settings.simulated:
        from dataclasses import replace

        from bot.channels.carrier import make_channel

        here = settings.carrier_url or "http://127.0.0.1:9"
        known = replace(
            settings, carrier_url=here, twilio_account_sid=account, twilio_auth_token=token
        )
        return {"twilio": make_channel(known)}
    from bot.channels.twilio import make_channel as make_twilio

    return {"twilio": make_twilio(settings)}


def carrier_in_process(now_ms: Callable[[], int]) -> Any:
    """A carrier that is a list in this process, for transcripts and `parley talk`."""
    from bot.channels.carrier import InProcessCarrier

    return InProcessCarrier(now_ms)


def _carrier_answers(preset: Any, opt_out_type: str | None, word: str) -> bool:
    from bot.channels.twilio import carrier_answers

    return carrier_answers(preset, opt_out_type, word)


def _public_urls(settings: Settings) -> tuple[str, ...]:
    given = [settings.public_url, settings.public_fallback_url]
    return tuple(address for url in given if url for address in (url, f"{url}{OVERRIDES}"))


def _callback_for(settings: Settings) -> Callable[[str], str]:
    base = f"{settings.public_url}/webhooks/twilio/status?m="
    return lambda message_id: f"{base}{message_id}{OVERRIDES}"


def _redis(settings: Settings) -> Any:
    from redis import Redis

    return Redis.from_url(settings.redis_url, socket_timeout=2, socket_connect_timeout=1)


def _wake(application: App, lane: str) -> None:
    """Ask a worker to drain a lane. With the queue away, the sweeper finds the row later."""
    from bot.jobs.queue import wake

    wake(application, lane)


class _Refusals:
    """Counts refused signatures, written now and then: a flood of them must not write a flood."""

    EVERY = 5.0  # seconds

    def __init__(self, db: Database, clock: Callable[[], int]) -> None:
        self._db = db
        self._clock = clock
        self._count = 0
        self._written = 0.0
        self._lock = threading.Lock()

    def note(self, channel: str) -> None:  # noqa: ARG002
        with self._lock:
            self._count += 1
            now = time.monotonic()
            if now - self._written < self.EVERY:
                return
            self._written, by, self._count = now, self._count, 0
        at = self._clock()

        def write(conn: Connection) -> None:
            count(conn, "refused_signatures", by)
            put_marker(conn, "refused_signature_at", at)

        self._db.write(write)


class _Customer:
    """A person with a phone, as the simulated carrier plays them: for the phone page and `talk`."""

    def __init__(self, settings: Settings) -> None:
        import requests

        self._base = settings.carrier_url
        self._http = requests.Session()
        self._http.trust_env = False

    def move_clock(self, offset_ms: int) -> None:
        """Move the carrier's clock with ours. A carrier that is away learns it when it is asked."""
        self._tell("clock", {"offset_ms": offset_ms})

    def know_senders(self, presets: dict[str, dict[str, str]]) -> None:
        """Tell the carrier what kind of sender each of our numbers is: who answers STOP there."""
        self._tell("settings", {"senders": presets})

    def _tell(self, what: str, data: dict[str, Any]) -> None:
        import requests

        with suppress(requests.RequestException):
            self._http.post(f"{self._base}/{what}", json=data, timeout=5)

    def text(self, *, to: str, from_: str, body: str) -> Any:
        """Text from a number to one of ours; gives what the carrier says of it."""
        answer = self._http.post(
            f"{self._base}/customers/texts",
            json={"from": from_, "to": to, "body": body},
            timeout=20,
        )
        answer.raise_for_status()
        return answer.json()
