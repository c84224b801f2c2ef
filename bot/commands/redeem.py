"""`parley redeem`: take a customer's code at the counter, once."""

from __future__ import annotations

import argparse

from bot.commands._desk import Desk
from bot.commands._parser import Parser
from bot.commands.publish import user


def arguments(parser: Parser) -> None:
    parser.add("code")
    parser.add("--brand")
    parser.add("--by", default="")


def run(chosen: argparse.Namespace, desk: Desk) -> int:
    brands = desk.brands(chosen.brand)
    if not brands:
        return 2
    if len(brands) > 1:
        desk.tell(desk.say("cli.which_brand", known=", ".join(brands)))
        return 2
    brand = next(iter(brands.values()))
    given = chosen.code.strip().upper()
    outcome = redeem(desk, brand.name, given, f"cli:{chosen.by or user()}")
    words = brand.texts[f"coupon_{outcome}"].in_language(desk.language)
    desk.show(words.replace("{code}", given))
    return 0 if outcome == "used" else 1


def redeem(desk: Desk, brand: str, given: str, by: str) -> str:
    """Use a code up in a turn of the person who holds it: `used`, `used_already`, `unknown`."""
    from bot.store.changes import Changes
    from bot.store.coupons import holder_of
    from bot.store.reading import Key, Picture
    from bot.store.turns import take
    from bot.turns import redeeming
    from bot.turns.desk import close_desk, day_of, open_desk

    app = desk.app()
    holder = app.db.read(lambda conn: holder_of(conn, brand, given))
    if holder is None:
        return "unknown"
    now = app.clock()
    key = Key(brand, b"", None, day_of(now), person_id=holder)

    def think(picture: Picture) -> tuple[Changes | None, str]:
        shelf = app.library.at(picture.serial).brands[brand]
        turn = open_desk(app, shelf, shelf.brand.senders[0], picture, now)
        outcome = redeeming.redeem(app, turn, given, by=by)
        turn.moment.audit(by, "redeem", outcome, code=app.vault.mark(given))
        return close_desk(app, turn, None)[0], outcome

    outcome: str = take(app.db, key, think)
    return outcome
