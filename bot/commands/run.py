"""`parley run`: everything on this machine, under one supervisor."""

from __future__ import annotations

import argparse

from bot.commands._desk import Desk
from bot.commands._parser import Parser


def arguments(parser: Parser) -> None:
    parser.add("--port", type=int)
    parser.add("--host")
    parser.add("--settings", action="store_true")


def run(chosen: argparse.Namespace, desk: Desk) -> int:
    if chosen.settings:
        return _settings(desk)
    from bot.supervisor import main

    given = [f"--port={chosen.port}"] if chosen.port else []
    given += [f"--host={chosen.host}"] if chosen.host else []
    # It could not run is 2 for every command; the supervisor itself says 1.
    return 2 if main(given) else 0


def _settings(desk: Desk) -> int:
    """Every variable with its default and its meaning; secrets are named, never shown."""
    from bot.settings import VARIABLES, problems

    width = max(len(variable.name) for variable in VARIABLES) + 2
    for variable in VARIABLES:
        default = f" [{variable.default}]" if variable.default else ""
        desk.show(f"{variable.name:<{width}}{variable.meaning(desk.language)}{default}")
    complaints = problems(desk.settings)
    for problem in complaints:
        desk.tell(problem.text(desk.language))
    return 1 if any(problem.fatal for problem in complaints) else 0
