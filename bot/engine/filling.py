"""Placeholders in texts: `{name}`, `{name|fallback}`; `{{` and `}}` are braces.

>>> fill("Hello {name|friend}, {{7}}", lambda name: "")
'Hello friend, {7}'
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[A-Za-z0-9_-]+)*")


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A name to fill in; `fallback` is None when the author gave none."""

    name: str
    fallback: str | None = None


@lru_cache(maxsize=8192)
def parts(text: str) -> tuple[str | Placeholder, ...]:
    """A text taken apart, once: what stays and what is filled in. Lone braces stay."""
    found: list[str | Placeholder] = []
    at = 0
    for match in _PART.finditer(text):
        found.append(text[at : match.start()])
        at = match.end()
        inner = match[1]
        if inner is None:
            found.append(match[0][0])
            continue
        name, bar, fallback = inner.partition("|")
        if _NAME.fullmatch(name.strip()):
            found.append(Placeholder(name.strip(), fallback if bar else None))
        else:
            found.append(match[0])
    found.append(text[at:])
    return tuple(part for part in found if part != "")


def placeholders(text: str) -> tuple[Placeholder, ...]:
    """The placeholders of a text, in order."""
    return tuple(part for part in parts(text) if isinstance(part, Placeholder))


def stray(text: str) -> str | None:
    """The first brace that is neither a placeholder nor doubled, with what follows; else None."""
    for match in _PART.finditer(text):
        inner = match[1]
        if match[0] in ("{", "}"):
            return text[match.start() : match.start() + 12]
        if inner is not None and not _NAME.fullmatch(inner.partition("|")[0].strip()):
            return match[0][:20]
    return None


def fill(text: str, value: Callable[[str], str]) -> str:
    """Fill a text in. `value` gives what a name stands for, "" when there is nothing.

    What is filled in is never read as a placeholder again.
    """
    if "{" not in text and "}" not in text:
        return text
    return "".join(
        part if isinstance(part, str) else value(part.name) or part.fallback or ""
        for part in parts(text)
    )
