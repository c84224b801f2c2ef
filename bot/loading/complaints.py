"""What is wrong in a file, where, what is allowed and what to write instead.

A complaint is plain data: a code, a place and params. Its words live in the catalogue under
`check.<CODE>` (the longer lesson under `check.<CODE>.explain`), so that the terminal, the pages and
an editor all say the same, in French and English.

>>> found = Complaint("flows/a.yml", 3, 5, "Y006", Severity.error, {"key": "stop", "first": "2"})
>>> found.render("en").split(":")[:3]
['flows/a.yml', '3', '5 Y006 "stop" is written twice']
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.catalogue import say


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
        """What is wrong, what is allowed, what to do, in the reader's language, without `write`."""
        return say(f"check.{self.code}", language, **(dict(self.params) or {"code": self.code}))

    def render(self, language: str) -> str:
        """One line: `file:line:column CODE what is wrong, what is allowed, what to do`."""
        place = f"{self.file}:{self.line}:{self.column} {self.code}"
        return f"{place} {self.message(language)} {self.write}".rstrip()

    @property
    def key(self) -> tuple[str, int, int, str, tuple[tuple[str, str], ...]]:
        """What sorts complaints by place, and makes two of them the same one."""
        return (self.file, self.line, self.column, self.code, tuple(sorted(self.params.items())))


def in_order(complaints: Iterable[Complaint]) -> list[Complaint]:
    """Each complaint once, errors first, then by file, line and column."""
    unique = {complaint.key: complaint for complaint in complaints}
    return sorted(
        unique.values(), key=lambda found: (found.severity is not Severity.error, found.key)
    )
