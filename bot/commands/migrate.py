"""`parley migrate`: bring the database to the shape that this version needs."""

from __future__ import annotations

import argparse

from bot.commands._desk import Desk
from bot.commands._parser import Parser


def arguments(parser: Parser) -> None:
    parser.add("--check", action="store_true")


def run(chosen: argparse.Namespace, desk: Desk) -> int:
    from sqlalchemy.exc import OperationalError

    from bot.errors import DatabaseAway
    from bot.store import migrate

    url = desk.settings.database_url
    try:
        if not chosen.check:
            migrate.upgrade(url)
        at = migrate.current(url)
    except OperationalError as error:
        raise DatabaseAway from error
    if at == migrate.newest():
        desk.show(desk.say("cli.migrate.newest", at=at))
        return 0
    desk.show(desk.say("cli.migrate.behind", at=at or "-", newest=migrate.newest()))
    return 1
