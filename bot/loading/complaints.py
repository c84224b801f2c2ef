"""What is wrong in a file, where, what is allowed and what to write instead.

A complaint is plain data: a code, a place and params. Its words live in the catalogue under
`check.<CODE>` (the longer lesson under `check.<CODE>.explain`), so that the terminal, the pages and
an editor all say the same, in French and English.

>>> found = Complaint("flows/a.yml", 3, 5, "Y006", Severity.error, {"key": "stop", "first": "2"})
>>> found.render("en").split(" here;")[0]
'flows/a.yml:3:5 Y006 "stop" is written twice'
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.catalogue import say

#: Params that add a sentence of their own where there is something to say.
_MORE = ("borrowed", "part", "meant", "write")


class Severity(StrEnum):
    """An error keeps a flow from being published, a warning does not."""

    error = "error"
    warning = "warning"


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing to put right. `line` and `column` count from 1, columns in characters.

    `params` fill the words of the catalogue; `write`, where given, is the form to write instead and
    is shown on a line of its own.
    """

    file: str
    line: int
    column: int
    code: str
    severity: Severity = Severity.error
    params: Mapping[str, str] = field(default_factory=dict)

    @property
    def write(self) -> str:
        """What to write instead, ready to copy; empty where there is no one form."""
        return self.params.get("write", "")

    def message(self, language: str) -> str:
        """What is wrong, what is allowed, what to do; `write` goes behind it."""
        params = {"at": self.code, **self.params}
        said = [_filled(f"check.{self.code}", language, params)]
        more = (name for name in _MORE if params.get(name))
        said += [_filled(f"check.with.{name}", language, params) for name in more]
        return " ".join(said)

    def render(self, language: str) -> str:
        """One line: `file:line:column CODE what is wrong, what is allowed, what to do`."""
        place = f"{self.file}:{self.line}:{self.column} {self.code}"
        return f"{place} {self.message(language)} {self.write}".rstrip()

    @property
    def key(self) -> tuple[str, int, int, str, tuple[tuple[str, str], ...]]:
        """What sorts complaints by place, and makes two of them the same one."""
        return (self.file, self.line, self.column, self.code, tuple(sorted(self.params.items())))


def _filled(code: str, language: str, params: Mapping[str, str]) -> str:
    """A text of the catalogue; a param named `language` fills `{lang}`, as `say` has one too."""
    words = {("lang" if name == "language" else name): value for name, value in params.items()}
    return say(code, language, **words)


def in_order(complaints: Iterable[Complaint]) -> list[Complaint]:
    """Each complaint once, errors first, then by file, line and column."""
    unique = {complaint.key: complaint for complaint in complaints}
    return sorted(
        unique.values(), key=lambda found: (found.severity is not Severity.error, found.key)
    )
