"""The carrier's books laid beside ours: what was lost, what left twice, what left past a STOP."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bot.store import chain
from bot.store.tables import message, person, suppression
from bot.turns.app import App
from compliance.ledger import verify
from tests.faults.town import BRAND, Customer

_OPEN = ("waiting", "deferred", "claimed", "handed_over", "uncertain")
_REFUSED = ("blocked", "cancelled", "expired")
_REPLIES = ("conversational_reply", "help_reply", "opt_out_confirmation", "opt_in_confirmation",
            "consent_request")  # fmt: skip
# A call may begin this long after the decision it stands on (ms): bot/sending/gate.py FACTS_LAST.
_ON_ITS_WAY = 10_000
# What a cap or a holiday puts off by that much (ms) waits in good order.
_NEXT_DAY = 24 * 3600_000


@dataclass
class Verdict:
    """What a comparison found; every list has to be empty, and `unknown` and `stuck` 0."""

    texts: int = 0
    ours_in: int = 0
    sent: int = 0
    proactive: int = 0
    uncertain_resolved: int = 0
    unknown: int = 0
    put_off: int = 0
    lost_texts: list[str] = field(default_factory=list)
    kept_twice: list[str] = field(default_factory=list)
    lost_sends: list[str] = field(default_factory=list)
    sent_twice: list[str] = field(default_factory=list)
    sent_though_refused: list[str] = field(default_factory=list)
    sent_unknown: list[str] = field(default_factory=list)
    past_a_stop: list[str] = field(default_factory=list)
    stop_forgotten: list[str] = field(default_factory=list)
    persons_twice: list[str] = field(default_factory=list)
    stuck: dict[str, int] = field(default_factory=dict)
    ledger_lines: int = 0
    ledger_broken: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        wrong = (
            self.lost_texts, self.kept_twice, self.lost_sends, self.sent_twice,
            self.sent_though_refused, self.sent_unknown, self.past_a_stop, self.stop_forgotten,
            self.persons_twice, self.stuck, self.ledger_broken,
        )  # fmt: skip
        return not any(wrong) and not self.unknown

    def as_json(self) -> dict[str, Any]:
        """Counts, and up to five examples of whatever is wrong."""
        told = {name: v[:5] if isinstance(v, list) else v for name, v in asdict(self).items()}
        return {"clean": self.clean, **told}


def carriers_books(path: Path) -> dict[str, list[dict[str, Any]]]:
    """The entries of the simulated carrier's file by kind."""
    found: dict[str, list[dict[str, Any]]] = {}
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as conn:
        for kind, data in conn.execute("SELECT kind, data FROM entry ORDER BY n"):
            found.setdefault(kind, []).append(json.loads(data))
    return found


def compare(app: App, books: Path, customers: Iterable[Customer]) -> Verdict:
    """Lay both books side by side. The stack must be at rest."""
    theirs = carriers_books(books)
    ours = app.db.read(lambda conn: list(conn.execute(select(message)).all()))
    verdict = Verdict(texts=len(theirs.get("text", ())))
    _texts(verdict, theirs.get("text", []), [row for row in ours if row.direction == "in"])
    sends = [one for one in theirs.get("message", []) if one["direction"] != "carrier"]
    out = [row for row in ours if row.direction == "out"]
    _sends(verdict, sends, out)
    _stops(verdict, app, sends, out, customers)
    _persons(verdict, app)
    later = app.clock() + _NEXT_DAY
    open_ = [row for row in out if row.state in _OPEN]
    put_off = [row for row in open_ if row.state == "deferred" and row.due_at >= later]
    verdict.put_off = len(put_off)
    verdict.stuck = dict(Counter(row.state for row in open_) - Counter(["deferred"] * len(put_off)))
    verdict.unknown = sum(row.state == "unknown" for row in out)
    verdict.proactive = sum(row.in_reply_to is None and _left(row) for row in out)
    verdict.uncertain_resolved = sum(
        row.error is not None and row.state not in (*_OPEN, *_REFUSED) for row in out
    )
    verdict.ledger_lines, verdict.ledger_broken = _ledger(app)
    return verdict


def _left(row: Any) -> bool:
    return row.handed_over_at is not None and row.state not in (*_REFUSED, *_OPEN)


def _message_id(sent: dict[str, Any]) -> str | None:
    return str(sent["status_callback"] or "").partition("m=")[2].partition("#")[0] or None


def _texts(verdict: Verdict, theirs: list[dict[str, Any]], ours: list[Any]) -> None:
    kept = Counter(row.provider_id for row in ours)
    verdict.ours_in = len(ours)
    verdict.lost_texts = [f"{t['sid']} {t['body']!r}" for t in theirs if not kept[t["sid"]]]
    verdict.kept_twice = [sid for sid, times in kept.items() if times > 1]


def _sends(verdict: Verdict, theirs: list[dict[str, Any]], ours: list[Any]) -> None:
    rows = {row.id: row for row in ours}
    times = Counter(_message_id(sent) for sent in theirs)
    verdict.sent = len(theirs)
    verdict.sent_twice = [str(one) for one, count in times.items() if count > 1]
    verdict.sent_unknown = [str(one) for one in times if one not in rows]
    for row in ours:
        if _left(row) and not times[row.id]:
            verdict.lost_sends.append(f"{row.id} {row.state} {row.error} {row.kind}")
        if row.state in _REFUSED and times[row.id]:
            verdict.sent_though_refused.append(f"{row.id} {row.state} {row.kind}")


def _stops(
    verdict: Verdict,
    app: App,
    theirs: list[dict[str, Any]],
    ours: list[Any],
    customers: Iterable[Customer],
) -> None:
    rows = {row.id: row for row in ours}
    by_number: dict[str, list[dict[str, Any]]] = {}
    for sent in theirs:
        by_number.setdefault(sent["to"], []).append(sent)
    standing = select(suppression.c.number_hmac).where(
        suppression.c.lifted_at.is_(None), suppression.c.purpose.is_(None)
    )
    refused = {bytes(one) for one in app.db.read(lambda conn: list(conn.scalars(standing)))}
    for one in customers:
        if one.stopped and app.vault.number_hmac(one.number) not in refused:
            verdict.stop_forgotten.append(one.number)
        for since, until in one.stops:
            if since is None:
                continue
            for sent in by_number.get(one.number, ()):
                row = rows.get(_message_id(sent) or "")
                if row is None or row.kind in _REPLIES or row.handed_over_at is None:
                    continue
                late = row.handed_over_at > since or sent["created_ms"] > since + _ON_ITS_WAY
                if late and (until is None or row.handed_over_at < until):
                    verdict.past_a_stop.append(f"{row.id} {row.kind} to {one.number}")


def _persons(verdict: Verdict, app: App) -> None:
    twice = (
        select(func.min(person.c.id))
        .group_by(person.c.brand, person.c.number_hmac)
        .having(func.count() > 1)
    )
    verdict.persons_twice = app.db.read(lambda conn: list(conn.scalars(twice)))


def _ledger(app: App) -> tuple[int, list[str]]:
    def read(conn: Any) -> tuple[int, list[str]]:
        lines = list(chain.chain(conn, BRAND))
        broken = verify(iter(lines), chain.head(conn, BRAND))
        return len(lines), [] if not broken else [str(broken)]

    return app.db.read(read)
