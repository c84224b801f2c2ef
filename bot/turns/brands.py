"""Which brand a text is for, where one number may serve several."""

from __future__ import annotations

from bot.channels import Inbound
from bot.engine.brand import Sender
from bot.store.lookups import last_brand_of
from bot.turns.app import App
from bot.turns.library import BrandShelf, Shelves, sender_of
from bot.understanding.folding import fold


class NoBrand(Exception):
    """Nothing is published, so a text cannot be kept for anybody. Publish a brand first."""


def find(app: App, inbound: Inbound) -> tuple[BrandShelf, Sender]:
    """The brand that a text is for and the sender it came to.

    On a shared number a brand's own keyword decides, then the brand that the person wrote to
    last, then the first by name. A number that nobody claims goes to the first brand of all, so
    that the text is kept and a STOP is honoured. Raises NoBrand when there is none.
    """
    shelves = app.library.known()
    if inbound.sender not in shelves.by_sender:
        # Somebody may have published the number since this process looked.
        shelves = app.library.current()
    if not shelves.brands:
        raise NoBrand("nothing is published: run `parley publish`")
    names = shelves.by_sender.get(inbound.sender) or tuple(sorted(shelves.brands))[:1]
    name = names[0] if len(names) == 1 else _one_of(app, inbound, shelves, names)
    shelf = shelves.brands[name]
    sender = sender_of(shelf.brand, inbound.sender)
    if sender is None:
        raise NoBrand(f"{name} has no sender")
    return shelf, sender


def _one_of(app: App, inbound: Inbound, shelves: Shelves, names: tuple[str, ...]) -> str:
    words = fold(inbound.body).split()
    text = " ".join(words)
    for name in names:
        shelf = shelves.brands[name]
        own = {fold(word) for word in shelf.brand.keywords}
        if words and words[0] in own:
            return name
        for flow in shelf.flows.current.values():
            if text in {fold(word) for word in flow.start.keywords}:
                return name
    number_hmac = app.vault.number_hmac(inbound.from_number)
    return app.db.read(lambda conn: last_brand_of(conn, number_hmac, names)) or names[0]
