"""Folding: what people type on a phone, made plain, so that one word has one spelling.

NFKC, case, accents, letters of other alphabets that look like ours, zero-width characters, quotes,
punctuation, emoji and letters with spaces between them. What is left is a list of words, with "."
where a sentence ends and "," where one breaks off.

>>> words_of("«Ѕ Т О Р», SVP!")
['stop', ',', 'svp', '.']
"""

from __future__ import annotations

import re
import unicodedata

# Letters of other alphabets, small capitals and badges that pass for Latin letters at a glance.
_LOOKALIKES = str.maketrans(
    {
        **dict(zip("абвгеёзікмнорстухѕјԁԛѡһ", "abbreeзikmhopctyxsjdqwh", strict=True)),
        **dict(zip("αβεζηικμνορστυχςγ", "abeznikmvopstuxsy", strict=True)),
        **dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnoprstuvwyz", strict=True)),
        **{chr(0x1F150 + i): chr(97 + i) for i in range(26)},
        **{chr(0x1F170 + i): chr(97 + i) for i in range(26)},
        **{chr(0x1F1E6 + i): chr(97 + i) for i in range(26)},
        "в": "b",
        "г": "r",
        "з": "3",
        "œ": "oe",
        "æ": "ae",
        "ß": "ss",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ı": "i",
        "’": "'",
        "‘": "'",
        "ʼ": "'",
        "`": "'",
        "´": "'",
        "′": "'",
        "…": ".",
        "。": ".",
        "¿": ".",
        "¡": ".",
        "؟": "?",
    }
)
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u20e3\ufe00-\ufe0f\ufeff\ufff9-\ufffb]+"
)
_ODD_APOSTROPHES = re.compile("[’‘ʼ`´′]")
_PIECES = re.compile(r"[a-z0-9$@]+|[.!?;:\n\r]+|,|(?:\s[-–—]+\s)|[()]")
_NOT = re.compile(r"n't\b")
_PARTED_NOT = re.compile(r"\b(do|does|did|wo|ca|is|are|was|have|has|could|would|should)n t\b")
_STOP_SIGNS = frozenset("🛑⛔✋")
_INSULTS = frozenset("🖕😡🤬😠👿💩🤮👎😤")
_LEET = str.maketrans("0135$@", "oiessa")


def plain(text: str) -> str:
    """Lower-case text in Latin letters as far as it can be read so; punctuation is kept."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKC", _ODD_APOSTROPHES.sub("'", text))
    text = _INVISIBLE.sub("", text).casefold().translate(_LOOKALIKES)
    text = unicodedata.normalize("NFKD", text)
    return "".join([c for c in text if c < "\u0300" or not unicodedata.combining(c)])


def words_of(text: str) -> list[str]:
    """The words of a text after folding, with "." and "," where they part sentences and clauses."""
    folded = plain(text)
    if "'" in folded:
        # "don't" stays one word; "m'envoyez" and "I'd" become two.
        folded = _NOT.sub("nt", folded)
    if "n t" in folded:
        folded = _PARTED_NOT.sub(r"\1nt", folded)
    found: list[str] = []
    for piece in _PIECES.findall(folded):
        first = piece[0]
        if "a" <= first <= "z" or "0" <= first <= "9" or first in "$@":
            found.append(piece)
        elif first in ",()":
            found.append(",")
        elif not first.isspace() or "\n" in piece:
            found.append(".")
        else:
            found.append(",")
    return _join_spaced(found) if sum(len(p) == 1 and p.isalpha() for p in found) > 2 else found


def _join_spaced(pieces: list[str]) -> list[str]:
    """Put letters with spaces or full stops between them back together: S T O P, s.t.o.p."""
    out: list[str] = []
    run: list[str] = []
    for piece in [*pieces, ""]:
        if len(piece) == 1 and piece.isalpha():
            run.append(piece)
            continue
        if piece in (".", ",") and run and len(run) < 12:
            run.append(piece)
            continue
        letters = "".join(p for p in run if p.isalpha())
        tail = run[-1] if run and not run[-1].isalpha() else ""
        if len(letters) >= 3:
            out.append(letters)
            if tail:
                out.append(tail)
        else:
            out.extend(run)
        run = []
        if piece:
            out.append(piece)
    return out


def unleet(word: str) -> str:
    """A word with figures for letters, read as letters: st0p, $top."""
    return word if word.isalpha() or word.isdigit() else word.translate(_LEET)


def stop_signs_only(text: str) -> bool:
    """Nothing but 🛑, ⛔ or ✋: the only pictures that are a stop by themselves."""
    kept = {c for c in _INVISIBLE.sub("", text) if not c.isspace() and not _is_tone(c)}
    return bool(kept) and kept <= _STOP_SIGNS


def insults_only(text: str) -> bool:
    """Nothing but angry pictures: somebody is cross, but has asked for nothing."""
    kept = {c for c in _INVISIBLE.sub("", text) if not c.isspace() and not _is_tone(c)}
    return bool(kept) and kept <= _INSULTS


def _is_tone(character: str) -> bool:
    return 0x1F3FB <= ord(character) <= 0x1F3FF or character in "!?."
