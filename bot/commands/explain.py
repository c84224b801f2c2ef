"""`parley explain F021`: what a code of `check` means, why it matters, how to put it right."""

from __future__ import annotations

import argparse
from difflib import get_close_matches

from bot.commands._desk import Desk
from bot.commands._parser import Parser


def arguments(parser: Parser) -> None:
    parser.add("code", nargs="?", default="")


def run(chosen: argparse.Namespace, desk: Desk) -> int:
    known = codes(desk.language)
    wanted = chosen.code.upper()
    if not wanted:
        for code, text in known.items():
            desk.show(f"{code:<6} {text}")
        return 0
    if wanted not in known:
        near = get_close_matches(wanted, known, n=3, cutoff=0.5)
        code = "cli.explain.unknown_near" if near else "cli.explain.unknown"
        desk.tell(desk.say(code, wanted=wanted, near=", ".join(near)))
        return 2
    desk.show(f"{wanted}  {known[wanted]}")
    lesson = desk.say(f"check.{wanted}.explain")
    if not lesson.startswith("check."):
        desk.show()
        desk.show(lesson)
    return 0


def codes(language: str) -> dict[str, str]:
    """Every code that a complaint may carry, with its sentence; `…` stands for what it names."""
    from bot.catalogue import entries

    found = {}
    for code, text in sorted(entries(language).items()):
        room, _, rest = code.partition(".")
        if room == "check" and rest.isalnum() and rest[:1].isupper() and rest[1:].isdigit():
            found[rest] = text.format_map(_Dots())
    return found


class _Dots(dict[str, str]):
    """Fills whatever a sentence names with three dots."""

    def __missing__(self, name: str) -> str:
        return "…"
