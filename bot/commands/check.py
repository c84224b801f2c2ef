"""`parley check`: all that is wrong in a folder of flows, with file, line and column."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bot.commands._desk import Desk
from bot.commands._parser import Parser

if TYPE_CHECKING:
    from bot.loading.complaints import Complaint
    from bot.loading.folder import Library


def arguments(parser: Parser) -> None:
    parser.add("path", nargs="*", type=Path)
    parser.add("--format", choices=("text", "json", "sarif", "github"), default="text")
    parser.add("--no-warnings", action="store_true")
    parser.add("--real-carrier", action="store_true")


def run(chosen: argparse.Namespace, desk: Desk) -> int:
    from bot.loading.check import Options, run_check
    from bot.loading.formats import Format
    from bot.sending.parts import measure

    code = 0
    for root in chosen.path or [desk.settings.flows]:
        options = Options(
            root=root.resolve(),
            format=Format(chosen.format),
            language=desk.language,
            real_carrier=chosen.real_carrier or not desk.settings.simulated,
            warnings=not chosen.no_warnings,
        )
        output, found = run_check(
            options, measure=measure, also=lambda library: list(unreadable(library))
        )
        if output:
            desk.show(output)
        code = max(code, found)
    return code


def unreadable(library: Library) -> Iterator[Complaint]:
    """What is wrong with the transcripts themselves, in every brand of the folder."""
    from bot.transcripts.parse import parse

    for loaded in library.brands.values():
        folder = Path(loaded.brand_file).parent.as_posix()
        for name, text in sorted(loaded.transcripts.items()):
            yield from parse(text, f"{folder}/transcripts/{name}")[1]
