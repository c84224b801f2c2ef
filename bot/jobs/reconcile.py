"""Job: compare our books with the carrier's, and let releases begin after a start.

A STOP that came while we were away is heard here, before anything that waited may leave. Each start
of a worker or clock notes itself (`note_start`); a drain releases nothing until a run that began
after that note has been answered by the carrier.
"""

from __future__ import annotations

import structlog

from bot.store.markers import marker_in, put_marker, read_marker
from bot.store.outbox import Connection
from bot.turns.app import App

log = structlog.get_logger()
STARTED, RECONCILED = "started_at", "reconciled_for"


def run() -> None:
    """Reconcile once."""
    from bot.wiring import app

    reconcile(app())


def reconcile(app: App) -> bool:
    """Reconcile; true when the carrier answered, so that what waited may be released."""
    from bot.turns import reconcile as books

    started = read_marker(app.db, STARTED) or 0
    report = books.run(app)
    log.info("reconciled", texts=report.texts, stops=report.stops, answered=report.answered)
    if report.answered:

        def done(conn: Connection) -> None:
            put_marker(conn, RECONCILED, max(started, marker_in(conn, RECONCILED) or 0))

        app.db.write(done)
    return bool(report.answered)


def note_start(app: App) -> None:
    """Note that a process began, so that nothing is released before the next reconciliation."""
    now = app.system_ms()

    def note(conn: Connection) -> None:
        put_marker(conn, STARTED, max(now, (marker_in(conn, STARTED) or 0) + 1))

    app.db.write(note)
