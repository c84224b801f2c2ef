"""What was written beside what happened: matching with `...`, and two columns when they differ.

>>> matches("Quelle pizza ? ...", "Quelle pizza ? 1 Reine, 2 Margherita")
True
>>> matches("Quelle pizza ?", "Quelle pizza ? 1 Reine")
False
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

ANY = "..."


def matches(written: str, said: str) -> bool:
    """Whether the bot said what is written; blanks count as one, `...` stands for any words."""
    parts = [re.escape(" ".join(part.split())) for part in written.split(ANY)]
    pattern = r"\s*.*?\s*".join(parts)
    return re.fullmatch(pattern, " ".join(said.split()), re.DOTALL) is not None


def columns(
    rows: Sequence[tuple[str, str]], titles: tuple[str, str], mark: int, width: int = 100
) -> str:
    """Two columns side by side, the row at `mark` with an arrow; `width` is the whole width."""
    half = (width - 5) // 2
    lines = [f"  {titles[0]:<{half}} | {titles[1]}", f"  {'-' * half}-+-{'-' * half}"]
    for place, (left, right) in enumerate(rows):
        lines += _row(left, right, half, place == mark)
    return "\n".join(lines)


def _row(left: str, right: str, half: int, marked: bool) -> list[str]:
    lefts, rights = (textwrap.wrap(text, half) or [""] for text in (left, right))
    found = []
    for place in range(max(len(lefts), len(rights))):
        one = lefts[place] if place < len(lefts) else ""
        two = rights[place] if place < len(rights) else ""
        arrow = ">" if marked and place == 0 else " "
        found.append(f"{arrow} {one:<{half}} | {two}".rstrip())
    return found
