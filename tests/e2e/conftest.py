"""A wired application behind its webhooks, on either database, and a carrier that signs its forms.

line.text("JOIN")            # what the customer reads, text by text
line.post(form, signed=False).status_code
"""

from __future__ import annotations

import base64
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, func, select
from twilio.request_validator import RequestValidator
from werkzeug.test import TestResponse

from bot import wiring
from bot.settings import Settings, carrier_account
from bot.store.database import Database, open_database
from bot.store.tables import message, metadata
from bot.turns.app import App
from bot.turns.publishing import publish_folder
from bot.web import create_app
from tests.support.clock import VirtualClock

KEY = bytes(range(32))
ROOT = Path(__file__).resolve().parents[2]
BRANDS = (ROOT / "flows" / "margot", ROOT / "tests" / "data" / "brands" / "atelier")
PUBLIC = "http://127.0.0.1:8000"
ANA, SENDER = "+33639980001", "36000"


@dataclass
class Line:
    """The carrier's line to an application: signed webhooks in, TwiML out."""

    app: App
    client: FlaskClient
    flows: Path
    sids: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def db(self) -> Database:
        return self.app.db

    @property
    def account(self) -> tuple[str, str]:
        """Account and token that the carrier signs with."""
        return carrier_account(self.app.settings)

    def form(self, body: str | None = "", **more: str) -> dict[str, str]:
        """The form of a text; `body=None` leaves the field out."""
        form = {
            "MessageSid": f"SM{next(self.sids):032x}", "AccountSid": self.account[0], "From": ANA,
            "To": SENDER, "NumMedia": "0", "NumSegments": "1",
        }  # fmt: skip
        return form | ({} if body is None else {"Body": body}) | more

    def post(
        self,
        form: Mapping[str, str],
        path: str = "/webhooks/twilio/sms",
        *,
        signed: bool = True,
        public: str = PUBLIC,
    ) -> TestResponse:
        """Post a form as the carrier does, or without its signature."""
        url = f"{public}{path}"
        validator = RequestValidator(self.account[1])
        headers = {"X-Twilio-Signature": validator.compute_signature(url, form)}
        return self.client.post(
            path,
            data=urlencode(form),
            content_type="application/x-www-form-urlencoded",
            headers=headers if signed else {},
        )

    def text(self, body: str | None, **more: str) -> list[str]:
        """Text to the application; gives what its answer says."""
        answer = self.post(self.form(body, **more))
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return said(answer)

    def rows(self, direction: str | None = None) -> list[Any]:
        """The rows of `message`, oldest first."""
        wanted = select(message).order_by(message.c.created_at, message.c.id)
        if direction:
            wanted = wanted.where(message.c.direction == direction)
        return self.db.read(lambda conn: list(conn.execute(wanted).all()))

    def opened(self, row: Any, column: str = "body") -> bytes:
        """A sealed column of a message, opened."""
        from bot.store.tables import person_key

        def read(conn: Connection) -> Any:
            wanted = person_key.c.person_id == row.person_id
            return conn.scalar(select(person_key.c.wrapped).where(wanted))

        key = self.app.vault.unwrap(row.person_id, self.db.read(read))
        return key.open(f"message.{column}", getattr(row, column))

    def counts(self) -> dict[str, int]:
        """How many rows each table has."""

        def read(conn: Connection) -> dict[str, int]:
            return {
                name: conn.scalar(select(func.count()).select_from(table)) or 0
                for name, table in metadata.tables.items()
                if name != "marker"
            }

        return self.db.read(read)


def said(answer: TestResponse) -> list[str]:
    """The texts in a TwiML answer."""
    root = ElementTree.fromstring(answer.data)
    return ["".join(one.itertext()) for one in root.iter("Message")]


def settings_of(database_url: str, data: Path, flows: Path) -> Settings:
    """Settings of the embedded mode."""
    return Settings(
        data=data, flows=flows, database_url=database_url, public_url=PUBLIC,
        key=base64.b64encode(KEY).decode(), redis_url=f"unix://{data}/nobody.sock",
    )  # fmt: skip


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    """A folder with two brands, for a test to write in."""
    folder = tmp_path / "flows"
    for brand in BRANDS:
        shutil.copytree(brand, folder / brand.name)
    return folder


@pytest.fixture
def make_line(tmp_path: Path, flows: Path, clock: VirtualClock) -> Iterator[Callable[..., Line]]:
    """`make_line(database_url, **settings)`: an application with both brands published."""
    made: list[App] = []

    def make(database_url: str, *, publish: bool = True, **more: Any) -> Line:
        settings = replace(settings_of(database_url, tmp_path, flows), **more)
        app = wiring.build(settings, db=open_database(database_url), key=KEY, system_ms=clock)
        made.append(app)
        if publish:
            publish_folder(app, flows, by="test")
        return Line(app, create_app(app).test_client(), flows)

    yield make
    for app in made:
        app.db.close()


@pytest.fixture
def line(database_url: str, make_line: Callable[..., Line]) -> Line:
    """The line to an application on each kind of database."""
    return make_line(database_url)
