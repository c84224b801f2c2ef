"""Health of the process and its parts, and the status that an operator reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text

from bot.store.database import open_database
from bot.store.health import LIMITS, exit_code, rendered, span, status
from bot.store.markers import count, put_marker
from bot.store.tables import lane, message, session
from bot.web import create_app
from tests.support.clock import VirtualClock
from tests.web import stand

MINUTE = 60_000


@pytest.fixture
def db(database_url: str) -> Any:
    """A migrated database of either kind, reconciled a moment ago."""
    opened = open_database(database_url, durable=False)
    yield opened
    opened.close()


def fresh(db: Any, now: int) -> None:
    db.write(lambda conn: put_marker(conn, "last_reconcile", now - MINUTE))


def outgoing(db: Any, now: int, state: str, **more: Any) -> None:
    row = {"id": f"{state}{len(more)}{now}"[:26], "brand": "margot", "person_id": "p",
           "direction": "out", "channel": "twilio", "sender": "36000", "kind": "marketing",
           "state": state, "created_at": now, "lane": "36000/bulk"} | more  # fmt: skip
    db.write(lambda conn: conn.execute(insert(message), row))


def test_the_process_answers_whatever_else_is_away(app: Any) -> None:
    app.redis = lambda: stand.Here(ok=False)
    app.db.close()
    assert create_app(app).test_client().get("/healthz").get_json() == {"ok": True}


def test_ready_names_the_part_that_is_not(app: Any) -> None:
    browser = create_app(app).test_client()
    good = browser.get("/readyz")
    assert (good.status_code, good.get_json()) == (
        200, {"ok": True, "database": True, "migrations": True, "queue": True},
    )  # fmt: skip
    app.redis = lambda: stand.Here(ok=False)
    away = browser.get("/readyz")
    assert (away.status_code, away.get_json()["queue"]) == (503, False)


def test_a_database_that_was_not_migrated_is_not_ready(
    tmp_path: Path, app: Any, clock: VirtualClock
) -> None:
    browser = create_app(app).test_client()
    app.db.write(lambda conn: conn.execute(text("UPDATE alembic_version SET version_num = 'old'")))
    assert browser.get("/readyz").get_json()["migrations"] is False
    bare = stand.settings(f"sqlite:///{tmp_path}/bare.db", tmp_path)
    other = create_app(stand.wired(bare, clock, publish=False)).test_client()
    assert other.get("/readyz").get_json() == {
        "ok": False, "database": True, "migrations": False, "queue": True,
    }  # fmt: skip


def test_a_page_without_a_database_is_503_and_says_so(app: Any) -> None:
    def away(_work: Any) -> Any:
        from sqlalchemy.exc import OperationalError

        raise OperationalError("x", {}, Exception("refused"))

    app.db.read = away
    answer = create_app(app).test_client().get("/measures", headers={"Accept": "text/html"})
    assert answer.status_code == 503
    assert "The database does not answer" in answer.text


def test_all_is_well_when_nothing_waits(db: Any, clock: VirtualClock) -> None:
    fresh(db, clock())
    told = status(db, stand.Here(), clock())
    assert told["ok"], told
    assert exit_code(told) == 0
    assert list(told["items"]) == list(LIMITS)
    assert json.loads(json.dumps(told)) == told


def test_each_item_goes_red_past_its_limit_and_alone(db: Any, clock: VirtualClock) -> None:
    now = clock()
    outgoing(db, now, "waiting", due_at=now - 6 * MINUTE)
    outgoing(db, now, "deferred", due_at=now + 60 * MINUTE)
    outgoing(db, now, "claimed", lease_until=now - 2 * MINUTE)
    outgoing(db, now, "uncertain", handed_over_at=now - 20 * MINUTE)
    outgoing(db, now, "sent", handed_over_at=now - 90 * MINUTE)
    row = {"person_id": "p", "brand": "margot", "conversation_id": "c", "flow": "f",
           "version": "v", "owner": "bot", "state": stand.Vault(stand.KEY, bytes)
           .new_key("p")[0].seal("session.state", "{}"), "timers": {},
           "wake_at": now - 5 * MINUTE}  # fmt: skip
    db.write(lambda conn: conn.execute(insert(session), row))
    held = {"name": "36000/bulk", "epoch": 1, "owner": "dead", "lease_until": now - 5 * MINUTE}
    db.write(lambda conn: conn.execute(insert(lane), held))

    def refuse(conn: Any) -> None:
        count(conn, "refused_signatures", 3)
        put_marker(conn, "refused_signature_at", now - MINUTE)

    db.write(refuse)
    items = status(db, stand.Here(), now)["items"]
    red = [name for name, item in items.items() if not item["ok"]]
    assert red == [name for name in LIMITS if name not in ("database", "queue")]
    assert items["oldest_waiting"]["parts"]["lanes"] == {
        "36000/bulk": {"oldest_ms": 6 * MINUTE, "rows": 1}
    }
    assert items["leases_run_out"]["value"] == 2
    assert items["timers_overdue"]["value"] == 1


def test_a_refused_signature_is_forgiven_after_an_hour(db: Any, clock: VirtualClock) -> None:
    now = clock()
    fresh(db, now)

    def refuse(conn: Any) -> None:
        count(conn, "refused_signatures", 3)
        put_marker(conn, "refused_signature_at", now - 61 * MINUTE)

    db.write(refuse)
    assert status(db, stand.Here(), now)["ok"]


def test_never_having_looked_at_the_carriers_books_is_not_fine(
    db: Any, clock: VirtualClock
) -> None:
    told = status(db, stand.Here(), clock())
    assert [name for name, item in told["items"].items() if not item["ok"]] == ["last_reconcile"]


def test_a_queue_or_a_database_that_is_away_is_told_and_raises_nothing(
    db: Any, clock: VirtualClock
) -> None:
    fresh(db, clock())
    told = status(db, stand.Here(ok=False), clock())
    assert (told["ok"], exit_code(told), told["items"]["queue"]["ok"]) == (False, 1, False)

    class Gone:
        def read(self, _work: Any) -> Any:
            raise ConnectionError("gone")

    gone: Any = Gone()
    told = status(gone, lambda: stand.Here(), clock())
    assert list(told["items"]) == ["database", "queue"]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_status_reads_in_both_languages_and_advises(
    db: Any, clock: VirtualClock, language: str
) -> None:
    now = clock()
    outgoing(db, now, "waiting", due_at=now - 6 * MINUTE)
    words = rendered(status(db, stand.Here(), now), language)
    assert "status." not in words
    assert "⚠" in words
    assert ("A-t-il" in words or "worker" in words) and "6 min" in words  # noqa: PT018


def test_a_span_is_told_in_its_largest_whole_unit() -> None:
    minute, hour = MINUTE, 60 * MINUTE
    told = [span(ms, "en") for ms in (0, 59_000, minute, 119 * minute, 2 * hour, 47 * hour)]
    assert told == ["0 s", "59 s", "1 min", "1 h", "2 h", "47 h"]
    assert span(48 * hour, "fr") == "2 jours"
