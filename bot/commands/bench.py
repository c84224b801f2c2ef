"""`parley bench`: what this machine does, beside a floor of the same run."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bot.commands._desk import Desk
from bot.commands._parser import Parser


def arguments(parser: Parser) -> None:
    for part in parser.parts("inbound", "outbound"):
        part.add("--database", action="append", metavar="URL")
        part.add("--rounds", type=int, default=5)
        part.add("--seconds", type=float, default=4.0)
        part.add("--json", action="store_true")


def run(chosen: argparse.Namespace, desk: Desk) -> int:
    bench = import_module(f"bot.bench.{chosen.part}")
    runs: list[dict[str, Any]] = []
    with TemporaryDirectory(prefix="parley-bench-") as folder:
        for url in chosen.database or [f"sqlite:///{Path(folder) / 'bench.db'}"]:
            runs.append(bench.run(url, rounds=chosen.rounds, seconds=chosen.seconds))
    if chosen.json:
        desk.show_json({"runs": runs}, lines=True)
        return 0
    for one in runs:
        for name, value in one.items():
            desk.show(f"{name:<16}{value}")
        desk.show()
    return 0
