"""One person's whole way with everything as real processes, on each database."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests
from sqlalchemy import func, select

from bot.store.tables import message
from bot.wiring import build
from tests.faults.town import BRAND, SENDER, Campaign
from tests.support.processes import wait_until
from tests.support.stack import ROOT, Stack

ANA = "+33639980001"
MINUTE = 60_000


class Phone:
    """Ana's phone, the common clock, and what both sides know."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.app = build(stack.settings)
        self.http = requests.Session()
        self.http.trust_env = False
        self.seen = 0

    def text(self, body: str) -> list[str]:
        """Text, and read what the answer says."""
        said = {"from": ANA, "to": SENDER, "body": body}
        answer = self.http.post(f"{self.stack.carrier_url}/customers/texts", json=said, timeout=60)
        told = answer.json()
        assert told["attempts"][-1]["outcome"] == "200", told
        self.seen = len(self.received())
        return list(told["replies"])

    def received(self) -> list[str]:
        """Every text of ours that reached Ana, in order."""
        thread = self.http.get(f"{self.stack.carrier_url}/customers/{ANA}/texts", timeout=10)
        return [one["body"] for one in thread.json()["texts"] if one.get("to") == ANA]

    def comes(self, words: str, seconds: float = 30) -> None:
        """Something new reaches Ana by itself."""
        wait_until(
            lambda: any(words in one for one in self.received()[self.seen :]), seconds, words
        )
        self.seen = len(self.received())

    def jump(self, ms: int) -> None:
        self.app.set_clock_offset(self.app.clock() - self.app.system_ms() + ms)

    def to_ten_in_the_morning(self) -> None:
        now = datetime.fromtimestamp(self.app.clock() / 1000, ZoneInfo("Europe/Paris"))
        then = now.replace(hour=10, minute=0, second=0, microsecond=0)
        while then <= now or then.isoweekday() not in (2, 3, 4):
            then += timedelta(days=1)
        self.jump(round((then - now).total_seconds() * 1000))

    def states(self) -> dict[str, int]:
        """How many of our texts stand where."""
        wanted = (
            select(message.c.state, func.count())
            .where(message.c.direction == "out")
            .group_by(message.c.state)
        )
        return dict(self.app.db.read(lambda c: list(c.execute(wanted).all())))  # type: ignore

    def parley(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "bot.cli", *arguments], cwd=ROOT, env=self.stack.environ,
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip


@pytest.fixture(params=["sqlite", "postgresql"])
def phone(request: pytest.FixtureRequest, start_stack: Callable[..., Stack]) -> Any:
    url = "" if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))
    made = Phone(start_stack(database_url=url))
    yield made
    made.app.db.close()


def test_from_join_to_stop_and_back_with_everything_as_real_processes(phone: Phone) -> None:
    phone.to_ten_in_the_morning()

    # Opt-in, asked and answered.
    (asked,) = phone.text("JOIN")
    assert "STOP" in asked
    confirmed, gift = phone.text("oui")
    assert "C'est noté" in confirmed
    assert "MARGOT-" in gift

    # An order: wrong answers climb their ladder, silence is noticed after its time.
    assert "Quelle pizza" in phone.text("PIZZA")[0]
    assert phone.text("euh") == ["Je n'ai pas compris. Répondez 1, 2 ou 3."]
    assert "toujours pas" in phone.text("banane")[0]
    phone.jump(21 * MINUTE)
    phone.comes("Toujours là ?")
    assert phone.text("2") == ["Combien ? De 1 à 20."]
    assert phone.text("3") == ["A quel nom ?"]
    assert "3 x margherita" in phone.text("Zoé")[0].casefold()
    assert "Merci Zoé" in phone.text("oui")[0]

    # Something proactive arrives while she agrees ...
    campaign = Campaign(phone.app, 1)
    phone.jump(25 * 60 * MINUTE)
    phone.to_ten_in_the_morning()
    assert campaign.write(1) == 1
    phone.comes("offre n° 1")

    # ... and nothing after one STOP with one confirmation, whatever waited.
    assert "vous ne recevrez plus" in phone.text("Stop.")[0]
    assert phone.text("STOP") == []
    silent_since = len(phone.received())
    campaign_after_stop(phone)
    phone.jump(26 * 60 * MINUTE)
    time.sleep(4)
    assert len(phone.received()) == silent_since

    # START lifts the refusal; consent is asked for, and waits for its answer.
    assert any("OUI" in one for one in phone.text("START"))
    assert campaign.write(1) == 0
    assert phone.text("oui")

    # Receipts have come, the ledger holds, the measures count.
    wait_until(lambda: set(phone.states()) <= {"delivered", "blocked", "cancelled"}, 30, "receipts")
    assert phone.parley("ledger", "verify").returncode == 0
    measured = phone.parley("measures", "--json")
    assert measured.returncode == 0
    (margot,) = json.loads(measured.stdout)["brands"]
    found = {one["name"]: (one["numerator"], one["denominator"]) for one in margot["measures"]}
    assert found == {
        "response": (1, 1), "conversion": (3, 3), "redemption": (0, 1), "opt_out": (1, 1),
    }  # fmt: skip
    page = requests.get(f"{phone.stack.url}/measures", timeout=10)
    assert page.status_code == 200


def campaign_after_stop(phone: Phone) -> None:
    """An offer is submitted as if her consent still stood: the release has to refuse it."""
    from sqlalchemy import insert

    from bot.sending.gate import Caps, Draft, submit
    from bot.sending.way import open_number, standing_of
    from bot.store import outbox
    from bot.store.standing import ConsentRow
    from bot.store.tables import person

    app, now = phone.app, phone.app.clock()

    def read(conn: Any) -> dict[str, Any]:
        who = conn.scalar(
            select(person.c.id).where(person.c.number_hmac == app.vault.number_hmac(ANA))
        )
        facts = outbox.facts_of(conn, [who])[who]
        key, number = open_number(app.vault, facts)
        granted = ConsentRow("marketing", "sms", "granted", "consent", now - MINUTE, 1, "done")
        standing = standing_of(facts, number, 0)
        from dataclasses import replace

        stale = replace(standing, consents=(granted,), suppressions=(), guard={})
        draft = Draft(
            app.ids(), BRAND, who, SENDER, "Chez Margot : encore une offre. STOP au 36000", "fr",
            purpose="marketing", proactive=True,
        )  # fmt: skip
        (row,) = submit([draft], stale, app.brands()[BRAND], Caps("twilio"), app.rules, now)
        assert row["state"] in ("waiting", "deferred")
        row["body"] = key.seal("message.body", row.pop("clear"))
        return dict(row)

    row = app.db.read(read)
    app.db.write(lambda conn: conn.execute(insert(message), row))
    app.wake(f"{SENDER}/bulk")
