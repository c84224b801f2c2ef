"""How many SMS parts a text takes, in which encoding, and which characters make it dearer.

One character outside the GSM alphabet turns the whole text to UCS-2, where a part holds 70 instead
of 160: an "ê" or a curly apostrophe more than doubles the price of a French text.

>>> measure("Bonjour, ça va ?")
Parts(encoding='UCS-2', units=16, parts=1, room=54, offenders=(('ç', 'c'),))

Sources: 3GPP TS 23.038 (alphabet and extension table) and TS 23.040 (a part of several loses six
octets to its header). Where a text is cut follows Twilio's calculator, which never cuts what a
reader sees as one character; `tests/sending/data/segments.json` holds its answers.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = "\f^{}\\[~]|€"  # each takes two units: an escape and a character
_ALPHABET = frozenset(_BASIC + _EXTENDED)
_OUTSIDE = re.compile(f"[^{re.escape(_BASIC + _EXTENDED)}]")
_TWO_UNITS = re.compile(f"[{re.escape(_EXTENDED)}]")
# Everything but these may belong to a cluster (accents apart, joined emoji, flags) or to a pair.
_MAY_JOIN = re.compile(
    "[^\0-\u02ff\u0370-\u0482\u048a-\u0590\u1e00-\u1fff\u2010-\u2027\u202f-\u205f\u2070-\u20cf"
    "\u2100-\u2bff\u3000-\u3029\u3040-\u3098\u309b-\ua66e\uff01-\uff9d]"
)
_TWINS = {
    "’": "'", "‘": "'", "‚": "'", "´": "'", "`": "'", "“": '"', "”": '"', "„": '"', "«": '"',
    "»": '"', "–": "-", "—": "-", "−": "-", "‑": "-", "…": "...", "•": "-", "·": ".", "×": "x",
    "œ": "oe", "Œ": "OE", "ÿ": "y", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "\t": " ",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parts:
    """What a text takes on the wire.

    `encoding` is "GSM-7" or "UCS-2", `units` counts septets or UTF-16 code units, `parts` the SMS
    segments that are paid for, `room` the units left in the last of them. `offenders` are the
    characters outside GSM-7, each once in order of appearance, with a plain twin where one exists.
    """

    encoding: str
    units: int
    parts: int
    room: int
    offenders: tuple[tuple[str, str | None], ...] = ()


def measure(text: str) -> Parts:
    """Measure a text. An empty one still takes a part; lone surrogates count as one unit."""
    if _OUTSIDE.search(text) is None:
        wide = len(_TWO_UNITS.findall(text))
        units = len(text) + wide
        if units <= 160:
            return Parts("GSM-7", units, 1, 160 - units)
        return Parts("GSM-7", units, *_cut(text, _TWO_UNITS if wide else None, units, 153))
    units = len(text.encode("utf-16-le", "surrogatepass")) // 2
    outside = [char for char in dict.fromkeys(text) if char not in _ALPHABET]
    offenders = tuple((char, _twin(char)) for char in outside)
    if units <= 70:
        return Parts("UCS-2", units, 1, 70 - units, offenders)
    return Parts("UCS-2", units, *_cut(text, _MAY_JOIN, units, 67), offenders)


def _cut(text: str, splittable: re.Pattern[str] | None, units: int, size: int) -> tuple[int, int]:
    """Parts of `size` units, and the room in the last one, keeping clusters whole."""
    if splittable is None or splittable.search(text) is None:
        parts = -(-units // size)
        return parts, parts * size - units
    widths = [1 + (char in _EXTENDED) for char in text] if size == 153 else _clusters(text)
    parts, room = 1, size
    for width in widths:
        if width > room:
            # A cluster that fits no part at all is cut like anything else.
            more = max(1, -(-(width - room) // size)) if width > size else 1
            parts, room = parts + more, size * more + (room if width > size else 0)
        room -= width
    return parts, room


def _clusters(text: str) -> list[int]:
    """The widths in UTF-16 units of what readers see as one character each (after UAX #29)."""
    widths: list[int] = []
    joins, flag, previous = False, False, ""
    for char in text:
        width = 1 + (char > "\uffff")
        is_flag = "\U0001f1e6" <= char <= "\U0001f1ff"
        if (
            widths
            and previous not in "\r\n"
            and (
                _extends(char)
                or (joins and _pictures(char))
                or (flag and is_flag)
                or ("\U0001f3fb" <= char <= "\U0001f3ff" and _pictures(previous))
            )
        ):
            widths[-1] += width
            flag = False
        else:
            widths.append(width)
            flag = is_flag
        joins = char == "\u200d"
        if not _extends(char) or not previous:
            previous = char
    return widths


def _extends(char: str) -> bool:
    """Whether a character belongs to the one before it: accents, selectors, joiners."""
    return char >= "\u0300" and (
        char in "\u200c\u200d\uff9e\uff9f" or unicodedata.category(char) in ("Mn", "Me", "Mc")
    )


def _pictures(char: str) -> bool:
    """Whether a character is a picture, which a joiner or a skin tone may follow."""
    return char >= "\u2600" and unicodedata.category(char) == "So"


@lru_cache(maxsize=1024)
def _twin(char: str) -> str | None:
    """What could be written instead without leaving GSM-7, or None."""
    twin = _TWINS.get(char)
    if twin is None:
        plain = unicodedata.normalize("NFKD", char)
        twin = "".join(part for part in plain if not unicodedata.combining(part))
    return twin if twin and twin != char and _OUTSIDE.search(twin) is None else None
