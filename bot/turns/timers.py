"""Timers that are due: silence, waits, expiry. They survive restarts, fire once, and a stale one
does nothing, since each carries the visit of the step it was set in."""

from __future__ import annotations

import structlog

from bot.engine.turn_types import TimerRang
from bot.store.changes import Changes
from bot.store.lookups import last_sender_of, sessions_due
from bot.store.reading import Key, Picture
from bot.store.turns import Away, take
from bot.turns.app import App
from bot.turns.desk import Desk, Settled, close_desk, day_of, open_desk
from bot.turns.handing import hand_over
from bot.turns.library import sender_of

log = structlog.get_logger()


def ring_due(app: App, limit: int = 200) -> int:
    """Ring the timers of sessions that are due; gives how many sessions were woken."""
    now = app.clock()

    woken = app.db.read(lambda conn: sessions_due(conn, now, limit))
    for brand, person_id in woken:
        try:
            ring(app, brand, person_id)
        except Away:
            raise
        except Exception:
            # One person's trouble must not keep everybody behind them asleep.
            log.exception("timer_not_rung", brand=brand, person_id=person_id)
    return len(woken)


def ring(app: App, brand: str, person_id: str) -> Settled:
    """Ring what is due for one person, the earliest first; safe to repeat."""
    from bot.turns.inbound import flows_for, run_engine

    now = app.system_ms()
    key = Key(brand=brand, number_hmac=b"", provider_id=None, day=day_of(now), person_id=person_id)

    def think(picture: Picture) -> tuple[Changes | None, Settled]:
        at = now + (picture.clock_offset if app.settings.simulated else 0)
        if picture.person is None or picture.session is None:
            return None, Settled(stale=True)
        kind = _first_due(picture.session.timers, at)
        shelf = app.library.at(picture.serial).brands.get(brand)
        if kind is None or shelf is None:
            return None, Settled(stale=True)

        def lay_out() -> Desk:
            number = app.db.read(lambda conn: last_sender_of(conn, brand, person_id))
            sender = sender_of(shelf.brand, number or shelf.brand.senders[0].number)
            assert sender is not None
            desk = open_desk(app, shelf, sender, picture, at)
            desk.moment.timers.pop(kind)
            return desk

        desk = lay_out()
        _due, visit = picture.session.timers[kind]
        try:
            run_engine(app, desk, flows_for(app, desk), TimerRang(kind, visit))
        except Exception:
            log.exception("timer_failed", brand=brand, person_id=person_id, kind=kind)
            desk = lay_out()
            desk.moment.note("failed_turn")
            hand_over(desk, "flow_failed")
        return close_desk(app, desk, None)

    settled = take(app.db, key, think)
    for lane in settled.lanes:
        app.wake(lane)
    return settled


def _first_due(timers: dict[str, list[int]], now: int) -> str | None:
    due = [(due_ms, kind) for kind, (due_ms, _visit) in timers.items() if due_ms <= now]
    return min(due)[1] if due else None
