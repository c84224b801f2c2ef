"""Numbers and days as people write them, in French and English.

>>> percent(0.2591, "fr"), percent(0.2591, "en")
('25,9\\u202f%', '25.9%')
>>> whole(1204, "fr"), whole(1204, "en")
('1\\u202f204', '1,204')
"""

from __future__ import annotations

from datetime import date

from bot.catalogue import say

THIN = "\u202f"  # a narrow no-break space, as French print sets it


def percent(share: float, language: str) -> str:
    """A share of [0, 1] with one decimal."""
    text = f"{share * 100:.1f}"
    return f"{text.replace('.', ',')}{THIN}%" if language == "fr" else f"{text}%"


def points(share: float, language: str) -> str:
    """The size of a difference of shares in points of percentage, without its sign."""
    text = f"{abs(share) * 100:.1f}"
    return text.replace(".", ",") if language == "fr" else text


def whole(number: int, language: str) -> str:
    """A whole number with its thousands apart."""
    text = f"{number:,}"
    return text.replace(",", THIN) if language == "fr" else text


def day(when: date, language: str) -> str:
    """A day with its month in words: 16 novembre, 16 November."""
    months = say("measures.months", language).split()
    first = "1er" if language == "fr" and when.day == 1 else str(when.day)
    return f"{first} {months[when.month - 1]}"
