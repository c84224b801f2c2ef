"""What the carrier knows: messages, texts, callbacks and blocks, in memory and in one file.

    books = Books("carrier.db")
    books.keep(message)
    books.as_json()["messages"]

This is the carrier's file and not the house's: it holds one table of JSON entries, so that the
books survive a `kill -9` of the carrier or of anybody else.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

FINAL = frozenset({"delivered", "undelivered", "failed", "canceled", "read"})


@dataclass(slots=True)
class Message:
    """A text to a customer. `direction` is Twilio's word, or "carrier" for the carrier's own."""

    n: int
    sid: str
    direction: str
    sender: str | None
    to: str
    body: str
    status: str
    created_ms: int
    updated_ms: int
    parts: int
    service_sid: str | None = None
    status_callback: str | None = None
    validity_seconds: int | None = None
    sent_ms: int | None = None
    error_code: int | None = None
    fate: int | None = None
    in_reply_to: str | None = None
    history: list[str] = field(default_factory=list)

    @property
    def message_id(self) -> str | None:
        """The app's own id, where its callback address carries one (`?m=`)."""
        query = parse_qs(urlsplit(self.status_callback or "").query)
        return query.get("m", [None])[0]


@dataclass(slots=True)
class Text:
    """A text from a customer, with every attempt to bring it to the app."""

    n: int
    sid: str
    from_number: str
    to: str
    body: str
    created_ms: int
    parts: int
    media: list[str] = field(default_factory=list)
    label: str | None = None
    opt_out_type: str | None = None
    attempts: list[dict[str, Any]] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Callback:
    """One status callback and what became of it: an HTTP status, an error, or "lost"."""

    n: int
    sid: str
    status: str
    url: str
    at_ms: int
    outcome: str


_Entry = TypeVar("_Entry", Message, Text, Callback)
_KINDS: dict[type, str] = {Message: "message", Text: "text", Callback: "callback"}


class Books:
    """All entries, in the order in which they were opened. Safe to use from several threads."""

    def __init__(self, path: str = ":memory:") -> None:
        self._lock = threading.RLock()
        self._file = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._file.execute("PRAGMA journal_mode=WAL")
        self._file.execute("PRAGMA synchronous=NORMAL")
        self._file.execute("PRAGMA busy_timeout=5000")
        self._file.execute(
            "CREATE TABLE IF NOT EXISTS entry"
            " (kind TEXT, id TEXT, n INTEGER, data TEXT, PRIMARY KEY (kind, id))"
        )
        self.messages: dict[str, Message] = {}
        self.texts: dict[str, Text] = {}
        self.callbacks: list[Callback] = []
        self.blocks: set[tuple[str, str]] = set()
        self.offset_ms = 0
        self._last = 0
        self._read()

    def _read(self) -> None:
        for kind, key, n, data in self._file.execute(
            "SELECT kind, id, n, data FROM entry ORDER BY n"
        ):
            entry = json.loads(data)
            self._last = max(self._last, n)
            match kind:
                case "message":
                    self.messages[key] = Message(**entry)
                case "text":
                    self.texts[key] = Text(**entry)
                case "callback":
                    self.callbacks.append(Callback(**entry))
                case "block":
                    self.blocks.add((entry["customer"], entry["sender"]))
                case "clock":
                    self.offset_ms = entry["offset_ms"]

    def number(self) -> int:
        """The next number of an entry; never given twice, restarts included."""
        with self._lock:
            self._last += 1
            return self._last

    def keep(self, entry: _Entry) -> _Entry:
        """Write an entry down, new or changed."""
        with self._lock:
            match entry:
                case Message():
                    self.messages[entry.sid] = entry
                    key = entry.sid
                case Text():
                    self.texts[entry.sid] = entry
                    key = entry.sid
                case Callback():
                    self.callbacks.append(entry)
                    key = str(entry.n)
            self._write(_KINDS[type(entry)], key, entry.n, asdict(entry))
        return entry

    def block(self, customer: str, sender: str) -> None:
        with self._lock:
            self.blocks.add((customer, sender))
            data = {"customer": customer, "sender": sender}
            self._write("block", f"{customer} {sender}", self.number(), data)

    def unblock(self, customer: str, sender: str) -> None:
        with self._lock:
            self.blocks.discard((customer, sender))
            self._file.execute(
                "DELETE FROM entry WHERE kind = 'block' AND id = ?", (f"{customer} {sender}",)
            )

    def set_offset(self, offset_ms: int) -> None:
        """How far the carrier's clock is ahead of real time; a restart must not turn it back."""
        with self._lock:
            self.offset_ms = offset_ms
            self._write("clock", "offset", 0, {"offset_ms": offset_ms})

    def _write(self, kind: str, key: str, n: int, data: dict[str, Any]) -> None:
        self._file.execute(
            "INSERT INTO entry (kind, id, n, data) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (kind, id) DO UPDATE SET data = excluded.data",
            (kind, key, n, json.dumps(data)),
        )

    def as_json(self) -> dict[str, Any]:
        """Everything, as the tests compare it with the app's own tables."""
        with self._lock:
            return {
                "messages": [
                    {**asdict(message), "message_id": message.message_id}
                    for message in self.messages.values()
                ],
                "inbound": [asdict(text) for text in self.texts.values()],
                "callbacks": [asdict(callback) for callback in self.callbacks],
                "blocks": sorted(self.blocks),
            }

    def thread(self, customer: str, after: int = 0) -> list[dict[str, Any]]:
        """What one customer's phone shows: texts both ways, oldest first, after an entry."""
        with self._lock:
            own: list[Text | Message] = [
                text
                for text in self.texts.values()
                if text.from_number == customer and text.n > after
            ]
            own += [
                message
                for message in self.messages.values()
                if message.to == customer and message.n > after
            ]
            return [asdict(entry) for entry in sorted(own, key=lambda entry: entry.n)]

    def close(self) -> None:
        with self._lock:
            self._file.close()
