"""The project's pages of prose, and what stands in them: blocks, links, paths, commands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block of a page; `line` is the first of its text."""

    page: str
    line: int
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """README, docs/ and the pages inside flows/ and compliance/."""
    found = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "flows").glob("*.md")]
    return [*found, *(ROOT / "compliance").glob("*.md")]


def blocks(kind: str) -> list[Block]:
    """All fenced blocks of a kind, on all pages."""
    found = []
    for page in pages():
        text = page.read_text("utf-8")
        for match in _BLOCK.finditer(text):
            if match[1] == kind:
                line = text.count("\n", 0, match.start(2)) + 1
                found.append(Block(page.relative_to(ROOT).as_posix(), line, kind, match[2]))
    return found


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return _BLOCK.sub("", page.read_text("utf-8"))
