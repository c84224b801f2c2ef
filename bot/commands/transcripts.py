"""`parley transcripts`: play the written conversations and see that they hold."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from bot.commands._desk import Desk
from bot.commands._parser import Parser


def arguments(parser: Parser) -> None:
    parser.add("path", nargs="*", type=Path)
    parser.add("--coverage", action="store_true")
    parser.add("--through-json", action="store_true")
    parser.add("--json", action="store_true")


def run(chosen: argparse.Namespace, desk: Desk) -> int:
    from bot.transcripts import run as transcripts

    places = chosen.path or [desk.settings.flows]
    missing = [place for place in places if not place.exists()]
    if missing or not transcripts.found_in(places):
        desk.tell(desk.say("transcripts.none", place=", ".join(map(str, missing or places))))
        return 2
    began = time.perf_counter()
    results = transcripts.run_all(places, through_json=chosen.through_json)
    seconds = f"{time.perf_counter() - began:.1f}"
    if chosen.json:
        desk.show_json(transcripts.as_json(results))
        return 1 if results.failed else 0
    for result in results.failed:
        desk.show(transcripts.rendered(result, desk.language))
    if chosen.coverage:
        desk.show(transcripts.rendered_coverage(results, desk.language))
    count, failed = len(results.results), len(results.failed)
    code = "transcripts.some_failed" if failed else "transcripts.ok"
    desk.show(desk.say(code, count=count, failed=failed, seconds=seconds))
    return 1 if failed else 0
