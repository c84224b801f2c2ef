"""`brand.yml` to a Brand: its words over the product's, prices in millionths, presets filled in.

Whatever is wrong is a complaint with its place. As long as name, title, country and a language can
be read, there is a Brand to check the flows against, so that one run shows the mistakes of both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import marshmallow

from bot.catalogue import LANGUAGES, say
from bot.engine.brand import TEXT_CODES, Brand, ReplyBy, Sender, SenderKind, Staff
from bot.engine.fields import TextField
from bot.engine.lint._texts import has_words
from bot.engine.problems import Problem, flatten, join
from bot.engine.text import Text
from bot.loading.brand_schema import BrandSchema, Country, Micros, Number164
from bot.loading.complaints import Complaint
from bot.loading.locating import located
from bot.loading.tree import Tree, read

_WAYS_ON = {"hand_over": "hand_over", "end": "end", "go": "go_on"}


@dataclass(frozen=True, slots=True)
class BrandRead:
    """What became of a `brand.yml`; `brand` is None when too little of it can be read."""

    brand: Brand | None
    tree: Tree
    complaints: tuple[Complaint, ...]


def content_hash(source: str) -> str:
    """SHA-256 in hex of a source text, blind to line endings, a BOM and blanks at line ends.

    >>> content_hash("a: 1 \\r\\n") == content_hash("a: 1\\n")
    True
    """
    lines = source.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    canonical = "\n".join(line.rstrip(" \t") for line in lines).rstrip("\n") + "\n"
    return hashlib.sha256(canonical.encode("utf-8", "replace")).hexdigest()


def read_brand(source: str | bytes, file: str, folder: str | None = None) -> BrandRead:
    """Read a `brand.yml`. Never raises. `folder` is the name that the brand must have."""
    tree = read(source, file)
    if tree.data is None or not isinstance(tree.data, dict):
        problems = [] if tree.complaints else [Problem("", "F005", {"found": "[...]"})]
        return BrandRead(None, tree, tuple(located(tree, problems)))
    reading = _Reading(tree.data, folder)
    text = source if isinstance(source, str) else source.decode("utf-8", "replace")
    brand = reading.brand(content_hash(text))
    return BrandRead(brand, tree, tuple(located(tree, reading.problems)))


class _Reading:
    """One brand on its way from a plain tree; everything wrong is noted on the way."""

    def __init__(self, raw: Mapping[str, Any], folder: str | None) -> None:
        self.raw = raw
        self.folder = folder
        self.problems: list[Problem] = []
        self.data: dict[str, Any] = {}

    def brand(self, version: str) -> Brand | None:
        """The brand, or None when what every text and flow rests on is missing."""
        try:
            self.data = BrandSchema().load(self.raw)
        except marshmallow.ValidationError as refused:
            self.problems += flatten(refused.messages)
            self.data = refused.valid_data if isinstance(refused.valid_data, dict) else {}
        data = self.data
        if not all(data.get(name) for name in ("brand", "title", "country", "languages")):
            self._note_empty()
            return None
        if self.folder is not None and data["brand"] != self.folder:
            self._note("brand", "B001", found=data["brand"], folder=self.folder)
        country = data["country"]
        caps, wrong = data.get("caps") or {}, self._wrong()
        return Brand(
            name=data["brand"],
            title=data["title"],
            country=country,
            countries=tuple(dict.fromkeys([country, *data.get("countries", ())])),
            zone=data.get("zone", "UTC"),
            languages=tuple(dict.fromkeys(data["languages"])),
            senders=tuple(self._senders()),
            texts=self._texts(),
            wrong=wrong[0],
            wrong_then=wrong[1],
            **self._silent(),
            expires_after_ms=data.get("expires", 24 * 3_600_000),
            cap_per_day=caps.get("per_day", 1),
            cap_per_week=caps.get("per_week", 4),
            cap_per_month=caps.get("per_month", 4),
            ceiling_micros=data.get("ceiling"),
            currency=data.get("currency", "EUR"),
            price_micros=self._prices(),
            teams=tuple(data.get("teams") or ("team",)),
            staff=tuple(Staff(**member) for member in data.get("staff", ()) if len(member) == 3),
            settings=self._settings(),
            keywords=tuple(data.get("keywords", ())),
            hash=version,
        )

    def _note(self, path: str, code: str, **params: object) -> None:
        self.problems.append(Problem(path, code, {k: str(v) for k, v in params.items()}))

    def _note_empty(self) -> None:
        for name in ("languages",):
            if self.data.get(name) == []:
                self._note(name, "F010")

    # Senders

    def _senders(self) -> Iterator[Sender]:
        if self.data.get("senders") == []:
            self._note("senders", "F010")
        seen: set[str] = set()
        for place, raw in enumerate(self.data.get("senders", ())):
            path = join("senders", place)
            if not {"number", "kind", "carrier_answers"} <= set(raw):
                continue
            kind = SenderKind(raw["kind"])
            number = _sender_number(raw["number"], kind)
            if number is None:
                self._note(join(path, "number"), "B005", found=raw["number"], kind=kind)
                continue
            if number in seen:
                self._note(join(path, "number"), "B009", found=number)
                continue
            if kind is SenderKind.alphanumeric and "stop_path" not in raw:
                self._note(path, "B016", found=number)
            seen.add(number)
            yield _sender(raw, number, kind)

    # Texts

    def _texts(self) -> dict[str, Text]:
        data, own = self.data, self.data.get("texts") or {}
        title: str = data["title"]
        found: dict[str, Text] = {}
        for code in TEXT_CODES:
            path = join("texts", code)
            worded = {
                language: say(f"text.{code}", language, brand=title)
                for language in data["languages"]
                if language in LANGUAGES
            }
            if code in own:
                worded = self._own(own[code], path, title)
            found[code] = Text(worded, path)
        for language in data["languages"]:
            missing = [code for code in TEXT_CODES if code not in own]
            if language not in LANGUAGES and missing:
                self._note("texts", "B012", language=language, codes=", ".join(missing))
        return found

    def _own(self, raw: Mapping[str, str], path: str, title: str) -> dict[str, str]:
        """The brand's wording of a text; a language it does not speak is a mistake."""
        languages = self.data["languages"]
        worded: dict[str, str] = {}
        for language, text in raw.items():
            if language and language not in languages:
                allowed = ", ".join(languages)
                self._note(join(path, language), "F023", found=language, allowed=allowed, meant="")
                continue
            worded[language or languages[0]] = text.replace("{brand}", title)
        missing = [language for language in languages if language not in worded]
        if missing and has_words(" ".join(worded.values())):
            self._note(path, "N004", languages=", ".join(missing))
        return worded

    # Repair

    def _wrong(self) -> tuple[tuple[Text, ...], str]:
        texts: list[Text] = []
        then = "hand_over"
        items = self.data.get("wrong") or []
        for place, item in enumerate(items):
            path = join("wrong", place)
            way = next((name for name in _WAYS_ON if isinstance(item, dict) and name in item), "")
            if not way:
                text = self._loaded_text(item, path)
                texts += [text] if text else []
                continue
            then = _WAYS_ON[way]
            teams = self.data.get("teams") or ["team"]
            if place + 1 < len(items):
                self._note(path, "F040")
            if way == "hand_over" and item[way] != teams[0]:
                self._note(join(path, way), "B017", found=item[way], first=teams[0])
        return tuple(texts), then

    def _silent(self) -> dict[str, Any]:
        silent = self.data.get("silent") or {}
        then = silent.get("then") or {}
        said = silent.get("say") or {}
        text = Text(self._own(said, "silent.say", self.data["title"]), "silent.say")
        return {
            "silent_after_ms": silent.get("after"),
            "silent_text": text if said else None,
            "silent_then_after_ms": then.get("after"),
        }

    def _loaded_text(self, raw: Any, path: str) -> Text | None:
        try:
            loaded = TextField().deserialize(raw)
        except marshmallow.ValidationError as refused:
            self.problems += flatten(refused.messages, path)
            return None
        return Text(self._own(loaded, path, self.data["title"]), path)

    # Money and settings

    def _prices(self) -> dict[str, int]:
        raw = self.data.get("prices", {})
        if not isinstance(raw, dict):
            self._note("prices", "F005", found=raw)
            return {}
        prices: dict[str, int] = {}
        for country, price in raw.items():
            try:
                if country != "default":
                    Country().deserialize(country)
                prices[country] = int(Micros().deserialize(price) or 0)
            except marshmallow.ValidationError as refused:
                self.problems += flatten(refused.messages, join("prices", country))
        return prices

    def _settings(self) -> dict[str, str]:
        raw = self.data.get("settings", {})
        if not isinstance(raw, dict):
            self._note("settings", "F005", found=raw)
            return {}
        for name, value in raw.items():
            if not isinstance(value, str):
                self._note(join("settings", name), "F011", found="{...}")
        return {name: value for name, value in raw.items() if isinstance(value, str)}


def _sender_number(number: str, kind: SenderKind) -> str | None:
    """The number as it is kept, or None when a sender of this kind cannot have it."""
    if kind is SenderKind.short_code:
        return number if number.isascii() and number.isdigit() and 3 <= len(number) <= 8 else None
    if kind is SenderKind.alphanumeric:
        plain = number.replace(" ", "")
        named = plain.isascii() and plain.isalnum() and not plain.isdigit()
        return number if named and len(number) <= 11 else None
    try:
        return str(Number164().deserialize(number))
    except marshmallow.ValidationError:
        return None


def _sender(raw: Mapping[str, Any], number: str, kind: SenderKind) -> Sender:
    preset, answers = raw["carrier_answers"]
    return Sender(
        number=number,
        kind=kind,
        preset=preset,
        carrier_answers=answers,
        fictional=raw.get("fictional", False),
        reply=ReplyBy(raw.get("reply", ReplyBy.response)),
        parts_per_second=raw.get("parts_per_second", 10.0),
        pool=raw.get("pool"),
        service_sid=raw.get("service_sid"),
        stop_path=raw.get("stop_path"),
    )
