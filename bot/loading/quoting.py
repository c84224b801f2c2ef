"""The quoted form of a text, and where in a line of YAML the text stands that needs it.

Marketers write texts, YAML sees punctuation. When a line does not mean what its author meant, the
functions here find the part that was meant as a text and say how to write it.

>>> quoted("{name}, hi")
'"{name}, hi"'
>>> parts_of("- say: Reply: YES").value
'Reply: YES'
"""

from __future__ import annotations

import re
from dataclasses import dataclass

#: Leading blanks and dashes, then at most one key, then what was meant as the value.
_LINE = re.compile(
    r"""^(?P<lead>[ \t]*(?:-[ \t]+)*)
    (?P<key>(?:"[^"]*"|'[^']*'|[^\s"'#\[\]{},&*!|>%@`?-][^:#]*?)[ ]*:(?:[ ]+|$))?
    (?P<value>.*?)
    (?P<comment>[ \t]{2,}\#[ ].*)?$""",
    re.VERBOSE,
)
#: Longer lines are not taken apart: nobody wrote them by hand, and patterns cost time on them.
LONGEST = 5_000
_PLACEHOLDER = re.compile(r"\{[A-Za-z_][\w.]*(?:\|[^{}]*)?\}")


@dataclass(frozen=True, slots=True)
class Parts:
    """A line taken apart: blanks and dashes, a key with its colon, the value, a comment."""

    lead: str
    key: str
    value: str
    comment: str

    @property
    def start(self) -> int:
        """The column, from 0, at which the value begins."""
        return len(self.lead) + len(self.key)

    def with_value(self, value: str) -> str:
        """The line again, with another value."""
        return f"{self.lead}{self.key}{value}{self.comment}"


def parts_of(line: str) -> Parts:
    """A line of block YAML taken apart as its author meant it, whatever YAML makes of it."""
    found = _LINE.match(line) if len(line) <= LONGEST else None
    if found is None:
        return Parts("", "", line, "")
    return Parts(found["lead"], found["key"] or "", found["value"].rstrip(), found["comment"] or "")


def quoted(text: str) -> str:
    """The text in quotes that keep it whole: double ones, single ones where it holds `"` or `\\`.

    >>> quoted("Don't"), quoted('say "hi"')
    ('"Don\\'t"', '\\'say "hi"\\'')
    """
    if any(ord(char) < 32 for char in text):
        return '"' + "".join(_escaped(char) for char in text) + '"'
    if '"' not in text and "\\" not in text:
        return f'"{text}"'
    return "'" + text.replace("'", "''") + "'"


def _escaped(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    return {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(
        char, char if ord(char) >= 32 else f"\\x{ord(char):02x}"
    )


def meant_text(value: str) -> str:
    """The text behind a broken value: quotes that enclose all of it were meant as quotes.

    >>> meant_text("'Don't'"), meant_text('"50%" off'), meant_text('"open')
    ("Don't", '"50%" off', 'open')
    """
    mark = value[:1]
    if mark not in {'"', "'"}:
        return value
    if len(value) > 1 and value.endswith(mark):
        inside = value[1:-1]
        return inside.replace("''", "'") if mark == "'" else inside
    # An apostrophe inside a word closes nothing: 'Don't was opened and never closed.
    if value.count(mark) - len(re.findall(r"(?<=\w)'(?=\w)", value)) * (mark == "'") == 1:
        return value[1:].rstrip()
    return value


def is_placeholder(value: str) -> bool:
    """Whether the value begins with a placeholder of ours: a text, not a mapping of YAML.

    >>> is_placeholder("{name|friend}, hi"), is_placeholder("{say: hi}")
    (True, False)
    """
    return _PLACEHOLDER.match(value) is not None


def flow_entry(line: str, column: int) -> tuple[int, int]:
    """Start and end, from 0, of the value in `{a: b, c: d}` or `[a, b]` that column stands in."""
    if len(line) > LONGEST:
        return 0, len(line)
    column = min(column, max(len(line) - 1, 0))
    opens, quote = [0], ""
    for at in range(column):
        char = line[at]
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'" and line[:at].rstrip()[-1:] in {"", ",", "[", "{", ":"}:
            quote = char
        elif char in "[{":
            opens.append(at + 1)
        elif char == "," and len(opens) > 1:
            opens[-1] = at + 1
        elif char in "]}" and len(opens) > 1:
            opens.pop()
    start, end = opens[-1], len(line)
    for at in range(column, len(line)):
        if line[at] in ",]}":
            end = at
            break
    key = re.match(r"\s*[^\s:\"'{}\[\],][^:,{}\[\]]*:[ ]+", line[start:end])
    if key is not None:
        start += key.end()
    start += len(line[start:end]) - len(line[start:end].lstrip())
    return start, max(start, start + len(line[start:end].rstrip()))
