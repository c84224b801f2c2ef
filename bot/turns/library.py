"""The published brands and flows, compiled, as this process knows them.

Compiled once per content hash and kept; refreshed when a turn sees that the serial has moved.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.engine.brand import Brand, Sender
from bot.engine.flow import Flow
from bot.engine.turn_types import Flows
from bot.loading.publication import compile_brand, compile_flow_source
from bot.store.database import Database
from bot.store.publications import Published, read_published, source_of
from bot.understanding.folding import fold
from compliance.vocabulary import Words, words_for


@dataclass(frozen=True, slots=True)
class BrandShelf:
    """One brand with its flows, as a turn needs them."""

    brand: Brand
    flows: Flows
    words: Words
    older: dict[str, Flow]
    """The flows by version, as `flows.by_version`; grows when an older version is asked for."""


@dataclass(frozen=True, slots=True)
class Shelves:
    """All published brands of one serial; `by_sender` lists who is on a number, in name order."""

    serial: int = -1
    brands: Mapping[str, BrandShelf] = field(default_factory=dict)
    by_sender: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def senders(self) -> frozenset[str]:
        """All our own numbers: what we never answer."""
        return frozenset(self.by_sender)


class Library:
    """Reads publications and compiles them; safe for many threads."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._shelves = Shelves()
        self._compiled: dict[tuple[str, str, str, str], Flow] = {}
        self._refreshing = threading.Lock()

    def at(self, serial: int) -> Shelves:
        """The shelves of at least that serial."""
        if self._shelves.serial < serial or self._shelves.serial < 0:
            self._refresh(serial)
        return self._shelves

    def current(self) -> Shelves:
        """The shelves as the database has them now."""
        return self._refresh(None)

    def known(self) -> Shelves:
        """The shelves that are known already, read once if none are."""
        return self._shelves if self._shelves.serial >= 0 else self._refresh(None)

    def add_older(self, shelf: BrandShelf, version: str) -> bool:
        """Put an older version that a session stands on beside the current ones; false if gone."""
        source = self._db.read(lambda conn: source_of(conn, version))
        if source is None or source.kind != "flow":
            return False
        shelf.older[version] = self._flow(shelf.brand, source)
        return True

    def _refresh(self, serial: int | None) -> Shelves:
        with self._refreshing:
            if serial is not None and self._shelves.serial >= max(serial, 0):
                return self._shelves
            found, sources = self._db.read(read_published)
            if found != self._shelves.serial:
                self._shelves = self._shelve(found, sources)
            return self._shelves

    def _shelve(self, serial: int, sources: list[Published]) -> Shelves:
        brands: dict[str, BrandShelf] = {}
        by_sender: dict[str, list[str]] = {}
        for source in sorted(sources, key=lambda one: one.name):
            if source.kind == "brand" and source.active:
                brand = compile_brand(source.name, source.source)
                brands[source.name] = self._shelf(brand, sources)
                for sender in brand.senders:
                    by_sender.setdefault(sender.number, []).append(source.name)
        return Shelves(serial, brands, {number: tuple(who) for number, who in by_sender.items()})

    def _shelf(self, brand: Brand, sources: list[Published]) -> BrandShelf:
        current: dict[str, Flow] = {}
        by_version: dict[str, Flow] = {}
        for source in sources:
            if source.kind != "flow" or source.brand != brand.name:
                continue
            flow = self._flow(brand, source)
            by_version[source.hash] = flow
            if source.active:
                current[flow.name] = flow
        flows = Flows(brand, current, by_version)
        return BrandShelf(brand, flows, _words(brand, current.values()), by_version)

    def _flow(self, brand: Brand, source: Published) -> Flow:
        key = (brand.name, brand.hash, source.name, source.hash)
        flow = self._compiled.get(key)
        if flow is None:
            flow = compile_flow_source(source.name, source.source, brand, version=source.hash)
            self._compiled[key] = flow
        return flow


def _words(brand: Brand, flows: Iterable[Flow]) -> Words:
    """The reserved words, and the brand's own words that no mistyping is corrected out of."""
    own = {
        word for flow in flows for keyword in flow.start.keywords for word in fold(keyword).split()
    }
    own |= {word for text in (brand.title, *brand.keywords) for word in fold(text).split()}
    return words_for(own)


def sender_of(brand: Brand, number: str) -> Sender | None:
    """The brand's sender of that number, or its first one for a number it does not have."""
    return brand.sender(number) or (brand.senders[0] if brand.senders else None)
