"""Whether this process runs (`/healthz`), and whether it can do its work (`/readyz`)."""

from __future__ import annotations

from functools import cache
from typing import Any

from flask import Blueprint, Response, jsonify

from bot.store.health import ready
from bot.web import page

health = Blueprint("health", __name__)


@health.get("/healthz")
def healthz() -> Response:
    """The process answers. Nothing else is asked, so that a slow database restarts nobody."""
    return jsonify(ok=True)


@health.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Database, queue and migrations: 200 when all three are there, 503 otherwise."""
    app = page.app()
    parts: dict[str, Any] = ready(app.db, app.redis, _newest())
    ok = all(parts.values())
    return jsonify(ok=ok, **parts), 200 if ok else 503


@cache
def _newest() -> str:
    """The revision this build needs; looked up once, when somebody first asks."""
    from bot.store.migrate import newest

    return newest()
