"""Whatever a person reads, in French and English: one catalogue for pages and complaints alike.

Texts live in `en/<room>.yml` and `fr/<room>.yml`, one flat mapping a file, `code: text`, with
`{params}` in braces. Codes, YAML keys and JSON stay English; only what is read is translated.

>>> say("catalogue.example", "fr", name="Ana")
'Bonjour Ana.'
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

LANGUAGES = ("en", "fr")
_HERE = Path(__file__).parent


class _Kept(dict[str, object]):
    """Params of a text; a missing one stays visible as {name} instead of raising."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


@cache
def entries(language: str) -> Mapping[str, str]:
    """All texts of a language, by code. Raises ValueError when two files claim one code."""
    found: dict[str, str] = {}
    for path in sorted((_HERE / language).glob("*.yml")):
        data = yaml.load(path.read_text("utf-8"), yaml.CSafeLoader) or {}
        for code, text in data.items():
            if code in found:
                raise ValueError(f"{path.name}: {code} is said twice in the catalogue")
            found[str(code)] = str(text)
    return found


def language_of(wanted: str | None) -> str:
    """The catalogue's language for a wish such as `fr-FR`; English when it has no such words."""
    short = (wanted or "en")[:2].lower()
    return short if short in LANGUAGES else "en"


def say(code: str, language: str, /, **params: object) -> str:
    """The text of `code` in `language`, with its params filled in; the code itself when unknown."""
    text = entries(language_of(language)).get(code)
    if text is None:
        return code
    return text.format_map(_Kept(params)) if params else text.replace("{{", "{").replace("}}", "}")
