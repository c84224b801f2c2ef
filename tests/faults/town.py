"""A town of scripted customers with phones, and somebody who writes offers to them in bulk.

Everything is drawn from a seed: who texts what, in which order. A customer writes the next text
when the carrier is done with the one before, as a person would.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests
from sqlalchemy import insert, select

from bot.channels import Channel
from bot.sending.gate import Caps, Draft, submit
from bot.sending.way import open_number, standing_of
from bot.store import outbox
from bot.store.tables import consent, message
from bot.turns.app import App

SENDER, BRAND = "36000", "margot"
SCRIPTS: tuple[tuple[str, ...], ...] = (
    ("JOIN", "oui"),
    ("JOIN", "oui", "PIZZA", "2", "3"),
    ("JOIN", "oui", "STOP"),
    ("JOIN", "oui", "bonjour", "STOP", "merci"),
    ("JOIN", "oui", "STOP", "START", "oui"),
    ("JOIN", "oui", "STOP", "START", "oui", "Stop."),
    ("JOIN", "peut-être", "oui"),
    ("OFFRES", "non"),
    ("PIZZA", "2", "3", "Zoé", "oui"),
    ("PIZZA", "euh", "banane", "1", "8"),
    ("PIZZA", "S T O P"),
    ("HELP", "n'importe quoi", "AIDE"),
    ("ARRET", "HELP", "START"),
    ("bonjour", "🍕🍕", "STOP", "STOP"),
)
_STOPS = frozenset({"STOP", "Stop.", "S T O P", "ARRET"})
_BACK = frozenset({"START", "oui", "JOIN"})


@dataclass
class Customer:
    """A phone. `stops` are (answered at, lifted again from) in ms of the common clock."""

    number: str
    script: list[str]
    stops: list[list[int | None]] = field(default_factory=list)

    @property
    def stopped(self) -> bool:
        return bool(self.stops) and self.stops[-1][1] is None


@dataclass
class Town:
    """All customers, on a few threads. `go` is cleared to have them pause."""

    carrier_url: str
    clock: Callable[[], int]
    customers: list[Customer]
    threads: int = 8
    done: int = 0
    busy: int = 0
    go: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    ended: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        self.go.set()
        for place in range(self.threads):
            own = self.customers[place :: self.threads]
            thread = threading.Thread(target=self._live, args=(own, place), daemon=True)
            thread.start()
            self.ended.append(thread)

    def over(self) -> bool:
        return not any(thread.is_alive() for thread in self.ended)

    def pause(self, seconds: float = 90) -> None:
        """Nobody texts any more, and what was texted has been answered or given up."""
        self.go.clear()
        end = time.monotonic() + seconds
        while self.busy and time.monotonic() < end:
            time.sleep(0.05)

    def _live(self, own: list[Customer], place: int) -> None:
        dice = random.Random(place)
        http = requests.Session()
        http.trust_env = False
        left = {one.number: list(one.script) for one in own}
        # A few dozen conversations at a time, so that they are long enough to be interrupted.
        waiting, talking = list(own), []
        while waiting or talking:
            while waiting and len(talking) < 12:
                talking.append(waiting.pop(0))
            one = dice.choice(talking)
            self.go.wait()
            with self.lock:
                self.busy += 1
            try:
                self._text(http, one, left[one.number].pop(0))
            finally:
                with self.lock:
                    self.busy -= 1
                    self.done += 1
            if not left[one.number]:
                talking.remove(one)

    def _text(self, http: requests.Session, one: Customer, body: str) -> None:
        before = self.clock()
        if body in _BACK and one.stopped:
            one.stops[-1][1] = before
        said = {"from": one.number, "to": SENDER, "body": body}
        answer = http.post(f"{self.carrier_url}/customers/texts", json=said, timeout=180)
        attempts = answer.json()["attempts"]
        heard = bool(attempts) and attempts[-1]["outcome"] == "200"
        if body in _STOPS and not one.stopped:
            # A stop that has not reached us yet counts from when we can know of it.
            one.stops.append([self.clock() if heard else None, None])


def people(texts: int, seed: int) -> list[Customer]:
    """Customers enough for about so many texts."""
    dice = random.Random(seed)
    found: list[Customer] = []
    left = texts
    while left > 0:
        script = list(dice.choice(SCRIPTS))[:left]
        left -= len(script)
        found.append(Customer(f"+3363998{len(found):04d}", script))
    return found


class Campaign:
    """Writes offers and notices to people who agreed, through the gate's `submit`, in bulk."""

    def __init__(self, app: App, seed: int) -> None:
        self._app = app
        self._dice = random.Random(seed)
        self._count = 0
        self._channel: Channel = app.channels["twilio"]
        self.written = 0

    def write(self, most: int) -> int:
        """Submit up to `most` texts to people who agreed; gives how many wait now."""
        app = self._app
        agreed = select(consent.c.person_id).where(consent.c.state == "granted").limit(5_000)
        found = app.db.read(lambda conn: list(conn.scalars(agreed)))
        chosen = self._dice.sample(found, min(most, len(found)))
        if not chosen:
            return 0
        rows = app.db.read(lambda conn: self._rows(conn, chosen))
        app.db.write(lambda conn: conn.execute(insert(message), rows))
        waits = sum(row["state"] != "blocked" for row in rows)
        self.written += waits
        app.wake(f"{SENDER}/bulk")
        return waits

    def _rows(self, conn: Any, chosen: list[str]) -> list[dict[str, Any]]:
        app, rows = self._app, []
        brand, now = app.brands()[BRAND], app.clock()
        facts = outbox.facts_of(conn, chosen)
        for person_id in chosen:
            self._count += 1
            key, number = open_number(app.vault, facts[person_id])
            body = f"Chez Margot : offre n° {self._count}, deux parts pour une. STOP au 36000"
            draft = Draft(
                app.ids(), BRAND, person_id, SENDER, body, "fr",
                purpose=self._dice.choice(("marketing", "marketing", "transactional")),
                proactive=True, due_at=now + self._dice.randrange(0, 4_000),
            )  # fmt: skip
            standing = standing_of(facts[person_id], number, 0)
            for row in submit([draft], standing, brand, Caps("twilio"), app.rules, now):
                row["body"] = key.seal("message.body", row.pop("clear"))
                rows.append(row)
        return rows
