"""`parley release`: what the Procfile runs before a new version starts."""

from __future__ import annotations

import argparse

from bot.commands import migrate, publish
from bot.commands._desk import Desk
from bot.commands._parser import Parser


def arguments(parser: Parser) -> None:
    """Nothing follows: everything is in the environment."""


def run(chosen: argparse.Namespace, desk: Desk) -> int:  # noqa: ARG001
    from bot.errors import SettingsRefused
    from bot.settings import problems

    complaints = problems(desk.settings)
    for problem in complaints:
        desk.tell(problem.text(desk.language))
    if any(problem.fatal for problem in complaints):
        raise SettingsRefused
    migrated = migrate.run(argparse.Namespace(check=False), desk)
    return migrated or publish.publish(desk, desk.settings.flows, "release")
