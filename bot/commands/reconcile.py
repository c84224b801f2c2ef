"""`parley reconcile`: ask the carrier what we missed; texts first, a STOP before all."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from bot.commands._desk import Desk
from bot.commands._parser import Parser


def arguments(parser: Parser) -> None:
    parser.add("--json", action="store_true")


def run(chosen: argparse.Namespace, desk: Desk) -> int:
    from bot.turns import reconcile

    report = reconcile.run(desk.app())
    if chosen.json:
        desk.show_json(asdict(report))
    elif report.answered:
        desk.show(
            desk.say(
                "cli.reconcile.done",
                texts=report.texts, stops=report.stops, receipts=report.receipts,
            )
        )  # fmt: skip
    else:
        desk.tell(desk.say("cli.reconcile.silent"))
    return 0 if report.answered else 2
