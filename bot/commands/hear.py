"""`parley hear`: what compliance hears in a text, before any flow sees it."""

from __future__ import annotations

import argparse
from typing import Any

from bot.commands._desk import Desk
from bot.commands._parser import Parser


def arguments(parser: Parser) -> None:
    parser.add("text", nargs="*")
    parser.add("--jsonl", metavar="FILE")
    parser.add("--json", action="store_true")


def run(chosen: argparse.Namespace, desk: Desk) -> int:
    from bot.errors import BadInput

    if chosen.jsonl:
        for row in desk.rows(chosen.jsonl):
            if not isinstance(row.get("text"), str):
                raise BadInput(field=f"{chosen.jsonl}: text", why=desk.say("cli.not_a_row"))
            desk.show_json(heard(row["text"], row), lines=True)
        return 0
    if not chosen.text:
        desk.tell(desk.say("cli.hear.nothing"))
        return 2
    text = " ".join(chosen.text)
    found = heard(desk.text("-").rstrip("\n") if text == "-" else text)
    if chosen.json:
        desk.show_json(found, lines=True)
    else:
        why = desk.say(f"hear.{found['why']}")
        words = found["why"] if why.startswith("hear.") else why
        desk.show(desk.say("cli.hear.line", **(found | {"why": words})))
    return 0


def heard(text: str, row: dict[str, Any] | None = None) -> dict[str, str]:
    """`{label, scope, why}` of a text. A row may say what was heard before, under those names."""
    from dataclasses import fields

    from compliance.hearing import HeardBefore, hear

    names = {field.name for field in fields(HeardBefore)}
    before = (row or {}).get("heard_before") or {}
    known = {name: value for name, value in before.items() if name in names}
    hearing = hear(text, HeardBefore(**known))
    return {"label": str(hearing.label), "scope": hearing.scope, "why": hearing.why}
