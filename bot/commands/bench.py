"""`parley bench`: what this machine does, beside a floor of the same run."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.commands._desk import Desk
from bot.commands._parser import Parser


def arguments(parser: Parser) -> None:
    for part in parser.parts("inbound", "outbound"):
        part.add("--database", action="append", choices=("sqlite", "postgresql"))
        part.add("--rounds", type=int, default=5)
        part.add("--seconds", type=float, default=4.0)
        part.add("--json", action="store_true")


def run(chosen: argparse.Namespace, desk: Desk) -> int:
    bench = import_module(f"bot.bench.{chosen.part}")
    wanted = chosen.database or ["sqlite", *([] if desk.settings.sqlite else ["postgresql"])]
    runs = []
    for kind in dict.fromkeys(wanted):
        with _database(kind, desk) as url:
            runs.append(bench.run(url, rounds=chosen.rounds, seconds=chosen.seconds))
    if chosen.json:
        desk.show_json({"runs": runs}, lines=True)
        return 0
    for one in runs:
        for name, value in one.items():
            desk.show(f"{name:<16}{value}")
        desk.show()
    return 0


@contextmanager
def _database(kind: str, desk: Desk) -> Iterator[str]:
    """A database of its own for a run, thrown away after it."""
    if kind == "sqlite":
        with TemporaryDirectory(prefix="parley-bench-") as folder:
            yield f"sqlite:///{Path(folder) / 'bench.db'}"
        return
    from bot.bench.scratch import scratch
    from bot.errors import Refused

    if desk.settings.sqlite:
        raise Refused(why=desk.say("cli.bench.no_postgresql"))
    with scratch(desk.settings.database_url) as url:
        yield url
