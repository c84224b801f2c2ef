"""`parley publish`: what checks clean in a folder goes live."""

from __future__ import annotations

import argparse

from bot.commands._desk import Desk
from bot.commands._parser import Parser


def arguments(parser: Parser) -> None:
    parser.add("brand", nargs="*")
    parser.add("--by", default="")


def run(chosen: argparse.Namespace, desk: Desk) -> int:
    roots = [desk.settings.flows / brand for brand in chosen.brand] or [desk.settings.flows]
    return max(publish(desk, root, chosen.by or user()) for root in roots)


def publish(desk: Desk, root: object, by: str) -> int:
    """Publish a folder and say what came of it; 1 when a file was kept back, 2 without a folder."""
    from pathlib import Path

    from bot.errors import NotFound
    from bot.turns.publishing import publish_folder

    try:
        outcome = publish_folder(desk.app(), Path(str(root)), by=by)
    except FileNotFoundError as error:
        raise NotFound(what=desk.say("cli.publish.folder"), name=str(root)) from error
    for complaint in outcome.complaints:
        desk.tell(complaint.render(desk.language))
    if outcome.changed:
        desk.show(desk.say("cli.publish.done", names=", ".join(outcome.changed)))
    elif not outcome.errors:
        desk.show(desk.say("cli.publish.same"))
    if outcome.errors:
        desk.show(desk.say("cli.publish.refused", count=len(outcome.errors)))
    return 1 if outcome.errors else 0


def user() -> str:
    """Who sits at this terminal, for the record."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "operator"
