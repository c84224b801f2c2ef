"""`parley measures`: the numbers of a period, each with its formula and what it is made of."""

from __future__ import annotations

import argparse
import re

from bot.commands._desk import Desk
from bot.commands._parser import Parser

_SINCE = re.compile(r"(\d{1,4})([hd])")
_MS = {"h": 3_600_000, "d": 86_400_000}


def arguments(parser: Parser) -> None:
    parser.add("--brand")
    parser.add("--flow")
    parser.add("--since", default="7d")
    parser.add("--json", action="store_true")


def run(chosen: argparse.Namespace, desk: Desk) -> int:
    from bot.errors import BadInput
    from bot.measures.report import as_json, rendered, report

    since = _SINCE.fullmatch(chosen.since)
    if since is None:
        raise BadInput(field="--since", why=desk.say("cli.measures.bad_since", found=chosen.since))
    app = desk.app()
    until_ms = app.clock() + 1
    since_ms = until_ms - int(since[1]) * _MS[since[2]]
    brands = desk.brands(chosen.brand)
    results = {
        name: app.db.read(
            lambda conn, name=name: report(conn, name, chosen.flow, since_ms, until_ms)
        )
        for name in brands
    }
    if chosen.json:
        desk.show_json({"brands": [as_json(found) for found in results.values()]})
        return 0
    for name, found in results.items():
        desk.show(rendered(found, desk.language, brands[name].zone))
    return 0
