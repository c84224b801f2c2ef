"""The way out, put together from a wired application."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from bot.sending.pacing import RedisPace
from bot.sending.way import Way, steady_ms
from bot.store.outbox import OutRow
from bot.turns.app import App
from bot.turns.receipts import record_stop


def way_of(app: App) -> Way:
    """What delivering and settling need of this application. Its pace is kept in Redis."""

    def on_stopped(conn: Any, row: OutRow, now_ms: int) -> None:
        record_stop(app, conn, SimpleNamespace(**row), now_ms)

    way = app.hooks.get("way")
    if way is None:
        way = app.hooks["way"] = Way(
            db=app.db,
            vault=app.vault,
            rules=app.rules,
            brands=app.brands,
            channel=app.channel,
            clock=app.clock,
            ids=app.ids,
            dice=app.dice,
            callback=app.hooks["callback_for"],
            on_stopped=on_stopped,
            pace=RedisPace(app.redis(), steady_ms),
        )
    return way
