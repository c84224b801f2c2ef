"""The floor: the least that a webhook which loses nothing can do, on the same server and disk.

Flask, Twilio's signature check, one durable commit of one row, a TwiML answer. Measured in the same
run as the turn, so that a ratio says what all the rest of Parley costs.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable

from flask import Flask, Response, request
from sqlalchemy import Connection
from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse

from bot.store.database import Database, PostgreSQL, SQLite, open_database

_INSERT = "INSERT INTO floor (sid, body) VALUES "


def create_app() -> Flask:
    """The bare application; its settings come from the environment of the bench."""
    app = Flask(__name__)
    address = f"http://127.0.0.1:{os.environ['PORT']}"
    validator = RequestValidator(os.environ["TWILIO_AUTH_TOKEN"])
    keep = _keeper(open_database(os.environ["DATABASE_URL"]))

    @app.post("/webhooks/twilio/sms")
    def sms() -> Response:
        signature = request.headers.get("X-Twilio-Signature", "")
        if not validator.validate(address + request.path, request.form, signature):
            return Response(status=403)
        keep(request.form["MessageSid"], request.form["Body"])
        answer = MessagingResponse()
        answer.message("Noted. How many?")
        return Response(str(answer), content_type="text/xml")

    return app


def _keeper(db: Database) -> Callable[[str, str], None]:
    """One durable row, by the commit path of the turn: SQLite's group commit, psycopg's pool."""
    if isinstance(db, SQLite):

        def keep(sid: str, body: str) -> None:
            def insert(raw: sqlite3.Connection, _core: Connection) -> None:
                raw.execute(f"{_INSERT}(?, ?)", (sid, body))

            db.writer.run(insert)

        return keep
    assert isinstance(db, PostgreSQL)

    def keep_there(sid: str, body: str) -> None:
        with db.raw() as conn:
            conn.execute(f"{_INSERT}(%s, %s)", (sid, body), prepare=True)

    return keep_there
