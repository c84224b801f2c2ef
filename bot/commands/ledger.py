"""`parley ledger`: prove the chain of consents, show its lines."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from bot.commands._desk import Desk
from bot.commands._parser import Parser

if TYPE_CHECKING:
    from sqlalchemy import Connection


def arguments(parser: Parser) -> None:
    verify, show = parser.parts("verify", "show")
    verify.add("--brand")
    verify.add("--json", action="store_true")
    show.add("--brand")
    who = show.add_mutually_exclusive_group()
    show.add("--number", to=who)
    show.add("--person", to=who)
    show.add("--json", action="store_true")


def run(chosen: argparse.Namespace, desk: Desk) -> int:
    return _verify(chosen, desk) if chosen.part == "verify" else _show(chosen, desk)


def _verify(chosen: argparse.Namespace, desk: Desk) -> int:
    from bot.store.chain import brands_with_lines, chain, head, unproven
    from compliance.ledger import Broken, verify

    def walk(conn: Connection) -> list[dict[str, Any]]:
        found = []
        for brand in [chosen.brand] if chosen.brand else brands_with_lines(conn):
            end = head(conn, brand)
            broken = verify(chain(conn, brand), end or (0, "0" * 64))
            if broken is None and (missing := unproven(conn, brand)) is not None:
                broken = Broken(brand, missing, "proof")
            found.append(
                {
                    "brand": brand,
                    "holds": broken is None,
                    "lines": end[0] if end else 0,
                    "head": end[1] if end else None,
                    "seq": broken.seq if broken else None,
                    "why": broken.why if broken else None,
                }
            )
        return found

    found = desk.app().db.read(walk)
    if chosen.json:
        desk.show_json({"ok": all(one["holds"] for one in found), "brands": found})
    else:
        for one in found:
            desk.show(_told(one, desk))
        if not found:
            desk.show(desk.say("cli.ledger.show.empty"))
    return 0 if all(one["holds"] for one in found) else 1


def _told(one: dict[str, Any], desk: Desk) -> str:
    if one["holds"]:
        end = (one["head"] or "-")[:12]
        return desk.say("cli.ledger.verify.holds", brand=one["brand"], count=one["lines"], head=end)
    why = desk.say(f"cli.ledger.verify.why_{one['why']}")
    return desk.say("cli.ledger.verify.broken", brand=one["brand"], seq=one["seq"], why=why)


def _show(chosen: argparse.Namespace, desk: Desk) -> int:
    from bot.store.chain import brands_with_lines, chain, person_of

    app = desk.app()

    def read(conn: Connection) -> list[tuple[str, list[dict[str, Any]] | None]]:
        found: list[tuple[str, list[dict[str, Any]] | None]] = []
        for brand in [chosen.brand] if chosen.brand else brands_with_lines(conn):
            person = chosen.person
            if chosen.number:
                person = person_of(conn, app.vault, brand, chosen.number)
                if person is None:
                    found.append((brand, None))
                    continue
            rows = [
                json.loads(one.line) | {"seq": one.seq, "hash": one.hash}
                for one in chain(conn, brand, person)
            ]
            found.append((brand, rows))
        return found

    shown = 0
    for brand, rows in app.db.read(read):
        if rows is None:
            desk.tell(desk.say("cli.ledger.show.nobody", brand=brand))
            continue
        for row in rows:
            shown += 1
            if chosen.json:
                desk.show_json(row, lines=True)
            else:
                desk.show(_line(row))
    if not shown and not chosen.json:
        desk.show(desk.say("cli.ledger.show.empty"))
    return 0


def _line(row: dict[str, Any]) -> str:
    """0312  2026-11-17 10:42:03Z  confirm   marketing  keyword  wording 9c41e07a  01JD..."""
    from datetime import UTC, datetime

    at = datetime.fromtimestamp(row["occurred_at"] / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    wording = (row.get("wording_hash") or "-")[:8]
    return (
        f"{row['brand']} {row['seq']:04d}  {at}  {row['event']:<8}  {row['purpose']:<13}  "
        f"{row['method']:<8}  {wording:<8}  {row['person_id'] or '-'}  {row['hash'][:12]}"
    )
