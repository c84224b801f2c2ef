"""`parley status`: what waits, what is late, what needs a person, each with its limit."""

from __future__ import annotations

import argparse

from bot.commands._desk import Desk
from bot.commands._parser import Parser


def arguments(parser: Parser) -> None:
    parser.add("--json", action="store_true")


def run(chosen: argparse.Namespace, desk: Desk) -> int:
    from bot.store.health import exit_code, rendered, status

    app = desk.app()
    try:
        now = app.clock()
    except Exception:
        now = app.system_ms()  # the database is away; the status says so
    told = status(app.db, app.redis, now)
    if chosen.json:
        desk.show_json(told)
    else:
        desk.show(rendered(told, desk.language))
    return exit_code(told)
