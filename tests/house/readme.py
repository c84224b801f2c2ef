"""Writes the generated part of README.md: `python -m tests.house.readme`.

The table of environment variables stands between `<!-- settings -->` and `<!-- /settings -->`.
"""

from __future__ import annotations

import re

from bot.settings import table
from tests.house.source import ROOT

README = ROOT / "README.md"
_PLACE = re.compile(r"(<!-- settings -->\n)(.*?)(<!-- /settings -->)", re.DOTALL)


def with_table(text: str) -> str:
    """The README's text with the table as the settings have it now."""
    return _PLACE.sub(lambda found: f"{found[1]}{table('en')}\n{found[3]}", text)


if __name__ == "__main__":
    README.write_text(with_table(README.read_text("utf-8")), "utf-8")
