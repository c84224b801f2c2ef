"""A text that people read, one wording per language, with `{placeholders}`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Text:
    """One text or one per language (ISO 639-1). `path` says where in the YAML it stands.

    A text given without a language is kept under the brand's first language and serves all.
    """

    by_language: Mapping[str, str] = field(default_factory=dict)
    path: str = ""

    def in_language(self, language: str) -> str:
        """The wording for a language, or the first one there is."""
        found = self.by_language.get(language)
        if found is not None:
            return found
        return next(iter(self.by_language.values()), "")
