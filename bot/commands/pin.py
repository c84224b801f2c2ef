"""`parley pin`: the hash of a PIN for a member of the staff, to put into `brand.yml`."""

from __future__ import annotations

import argparse
import sys

from bot.commands._desk import Desk
from bot.commands._parser import Parser
from bot.errors import BadInput


def arguments(parser: Parser) -> None:
    parser.add("--stdin", action="store_true")


def run(chosen: argparse.Namespace, desk: Desk) -> int:
    from bot.turns.redeeming import pin_hash
    from bot.wiring import entropy

    pin = sys.stdin.readline().strip() if chosen.stdin else _asked(desk)
    if not (pin.isascii() and pin.isdigit() and 4 <= len(pin) <= 12):
        raise BadInput(field="PIN", why=desk.say("cli.pin.digits"))
    desk.show(f'pin_hash: "{pin_hash(pin, entropy(16))}"')
    return 0


def _asked(desk: Desk) -> str:
    """Ask for the PIN twice, so that it stands in no history of the shell and on no screen."""
    from getpass import getpass

    pin = getpass(desk.say("cli.pin.ask"))
    if pin != getpass(desk.say("cli.pin.again")):
        raise BadInput(field="PIN", why=desk.say("cli.pin.differ"))
    return pin
