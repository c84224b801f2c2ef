"""A brand's log, written line by line: what was said to whom, what became of it, what came back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, insert

from bot.measures import HOUR_MS
from bot.store.tables import SealedBytes, coupon, event, message, metadata
from tests.support.clock import START, VirtualClock
from tests.support.postgres import Cluster

T0 = round(START.timestamp() * 1000)


@pytest.fixture(params=["sqlite", "postgresql"])
def conn(request: pytest.FixtureRequest) -> Iterator[Connection]:
    """A connection to a database with our tables; a test that asks for it runs on both kinds."""
    if request.param == "sqlite":
        yield from _open("sqlite://")
        return
    cluster: Cluster = request.getfixturevalue("postgres")
    with cluster.database() as url:
        yield from _open(url.replace("postgresql://", "postgresql+psycopg://"))


def _open(url: str) -> Iterator[Connection]:
    engine = create_engine(url)
    metadata.create_all(engine)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


class Log:
    """Writes what happened, as the rooms that act would; `at` counts in hours from the start."""

    def __init__(self, connection: Connection, make_id: Callable[[], str]) -> None:
        self._conn = connection
        self._id = make_id

    def event(self, kind: str, person: str, at: float = 0, **more: Any) -> str:
        """Append one line to the log; `data` and the columns of the table go by name."""
        line = {
            "id": self._id(), "brand": "margot", "at": T0 + round(at * HOUR_MS), "kind": kind,
            "person_id": person, "conversation_id": None, "message_id": None, "flow": "lunch",
            "version": "v", "step": "s", "data": None, **more,
        }  # fmt: skip
        self._conn.execute(insert(event), line)
        return str(line["id"])

    def text(
        self, person: str, at: float = 0, state: str = "delivered", *, after: float = 0.01,
        flow: str | None = "lunch", brand: str = "margot", conversation: str | None = None,
        **marks: Any,
    ) -> str:  # fmt: skip
        """A text of ours that left at `at`, and its receipt `after` hours later."""
        made, when = self._id(), T0 + round(at * HOUR_MS)
        left = None if state in ("waiting", "deferred", "blocked") else when
        done = when + round(after * HOUR_MS) if state == "delivered" else None
        self._conn.execute(
            insert(message),
            {
                "id": made, "brand": brand, "person_id": person, "direction": "out",
                "channel": "twilio", "sender": "36000", "kind": "conversational_reply",
                "state": state, "created_at": when, "handed_over_at": left, "settled_at": done,
                "body": SealedBytes(b"x"), "flow": flow,
            },
        )  # fmt: skip
        data = {"kind": "conversational_reply", "asks": False, "promotes": False,
                "proactive": False, **marks}  # fmt: skip
        self.event("said", person, at, message_id=made, flow=flow, brand=brand, data=data,
                   conversation_id=conversation)  # fmt: skip
        if state == "delivered":
            self.event("delivered", person, at + after, message_id=made, flow=flow, brand=brand)
        return made

    def hears(self, person: str, at: float, label: str = "none", *, answers: bool = False) -> None:
        """A text that came from a person."""
        came = self._id()
        self.event("heard", person, at, message_id=came, data={"label": label, "winner": None})
        if answers:
            self.event("answered", person, at, message_id=came)

    def coupon(
        self, person: str, carrier: str | None, at: float = 0, *, used: bool = False,
        conversation: str | None = None,
    ) -> None:  # fmt: skip
        """A code that a person was given by a text."""
        made = self._id()
        self._conn.execute(
            insert(coupon),
            {
                "id": made, "brand": "margot", "name": "third", "code": made[-8:],
                "person_id": person, "flow": "lunch", "given_at": T0,
                "redeemed_at": T0 + 1 if used else None,
            },
        )  # fmt: skip
        self.event("coupon_given", person, at, message_id=carrier, conversation_id=conversation,
                   data={"coupon": "third", "code_id": made})  # fmt: skip


@pytest.fixture
def log(conn: Connection, make_id: Callable[[], str]) -> Log:
    """The log of the brand margot, empty."""
    return Log(conn, make_id)


@pytest.fixture
def clock() -> VirtualClock:
    """A clock at the start of the log."""
    return VirtualClock()
