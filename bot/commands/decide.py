"""`parley decide`: cases in, decisions out, as the gate would decide, without a database."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from bot.commands._desk import Desk
from bot.commands._parser import Parser

if TYPE_CHECKING:
    from compliance.casefile import Answer


def arguments(parser: Parser) -> None:
    parser.add("--cases", required=True, nargs="+", metavar="FILE")
    parser.add("--json", action="store_true")


def run(chosen: argparse.Namespace, desk: Desk) -> int:
    answers = [found for place in chosen.cases for found in _answers(place)]
    different = [found for found in answers if not found.as_expected]
    if chosen.json:
        for found in answers:
            desk.show_json(found.row(), lines=True)
        return 1 if different else 0
    for found in different:
        expected = _words(*(found.case.expect.get(key) for key in ("decision", "reason")))
        row = found.row()
        decided = _words(row["decision"], row["reason"], row["defer_until"])
        desk.show(desk.say("cli.decide.different", id=row["id"], expected=expected, found=decided))
    if different:
        desk.show(desk.say("cli.decide.some", different=len(different), count=len(answers)))
        return 1
    desk.show(desk.say("cli.decide.all_right", count=len(answers)))
    return 0


def _answers(place: str) -> list[Answer]:
    import yaml

    from bot.errors import BadInput
    from compliance.casefile import answer, read_cases

    try:
        return [answer(case) for case in read_cases(Path(place))]
    except (OSError, ValueError, AttributeError, yaml.YAMLError) as error:
        raise BadInput(field=place, why=str(error)[:500]) from error


def _words(*parts: object) -> str:
    return " ".join(str(part) for part in parts if part is not None)
