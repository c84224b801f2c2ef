"""A line that YAML cannot read: what its author meant, and the line as it should have been.

YAML names the sign it stumbled over; the author wants to know what to write. Each function takes
the parser's error and gives the complaint and the mended line, so that reading can go on behind it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import yaml

from bot.loading.complaints import Complaint
from bot.loading.quoting import (
    LONGEST,
    flow_entry,
    is_placeholder,
    meant_text,
    parts_of,
    quoted,
)

#: A complaint, the number of the line to mend (from 0) and the mended line; None: give up.
Mended = tuple[Complaint, int, str | None]


@dataclass(frozen=True, slots=True)
class _Trouble:
    """Where the parser stumbled, in lines and columns from 0, and in which of its own words."""

    file: str
    lines: tuple[str, ...]
    now: list[str]
    line: int
    column: int
    context: str
    problem: str
    context_line: int
    context_column: int

    def complain(self, code: str, line: int, column: int, **params: str) -> Complaint:
        return Complaint(self.file, line + 1, column + 1, code, params=params)


def mend(
    error: yaml.YAMLError,
    file: str,
    lines: tuple[str, ...],
    now: list[str],
    open_quote: tuple[int, int, int] | None,
    open_bracket: tuple[int, int] | None,
) -> Mended:
    """What is wrong at this error. `now` are the lines as mended so far, `lines` as written.

    `open_quote` is the last quoted text over several lines, `open_bracket` where the `{` or `[`
    stands that was open when the parser stumbled.
    """
    trouble = _trouble(error, file, lines, now)
    if open_bracket is not None:
        trouble = replace(trouble, context_line=open_bracket[0], context_column=open_bracket[1])
    source = now[trouble.line]
    indent = source[: len(source) - len(source.lstrip(" \t"))]
    if "\t" in indent or source[trouble.column : trouble.column + 1] == "\t":
        return _tab(trouble, source)
    if "quoted scalar" in trouble.context:
        return _quotes(trouble, trouble.context_line, trouble.context_column)
    if open_quote is not None and open_quote[2] == trouble.line:
        return _quotes(trouble, open_quote[0], open_quote[1])
    if len(source) > LONGEST:
        return _unknown(trouble)
    bracket = open_bracket is not None or "flow" in trouble.context
    if bracket and not _begins_text(now[trouble.context_line]):
        return _inside_brackets(trouble)
    return _value(trouble, source)


def _trouble(error: yaml.YAMLError, file: str, lines: tuple[str, ...], now: list[str]) -> _Trouble:
    mark: Any = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    context: Any = getattr(error, "context_mark", None) or mark
    last = len(lines) - 1
    line = min(mark.line, last) if mark else 0
    return _Trouble(
        file=file,
        lines=lines,
        now=now,
        line=line,
        column=mark.column if mark and mark.line <= last else len(lines[last]),
        context=str(getattr(error, "context", None) or ""),
        problem=str(getattr(error, "problem", None) or error),
        context_line=min(context.line, last) if context else line,
        context_column=context.column if context else 0,
    )


def _begins_text(source: str) -> bool:
    """Whether the value of a line is a text that merely begins with a bracket."""
    value = parts_of(source).value
    if value[:1] == "{":
        return is_placeholder(value)
    closed = value.find("]")
    return value[:1] == "[" and 0 <= closed < len(value) - 1 and value[closed + 1] not in ",]}"


def _tab(trouble: _Trouble, source: str) -> Mended:
    indent = source[: len(source) - len(source.lstrip(" \t"))]
    column = source.index("\t") if "\t" in source else trouble.column
    if "\t" in indent:
        line = _indent_meant(trouble, source, indent) + source[len(indent) :]
    else:
        line = source.replace("\t", " ")
    found = trouble.complain("Y010", trouble.line, column, write=line.rstrip())
    return found, trouble.line, line


def _indent_meant(trouble: _Trouble, source: str, indent: str) -> str:
    """The blanks that tabs stand for: under a key that opens a block one level in, else under the
    line above. How wide a tab looks in somebody's editor tells nothing."""
    above = next((line for line in reversed(trouble.now[: trouble.line]) if line.strip()), "")
    column = len(above) - len(above.lstrip(" "))
    if not above or source.lstrip().startswith("- ") or "\t" in above[: column + 1]:
        return indent.replace("\t", "  ")
    while above[column : column + 2] == "- ":
        column += 2
    return " " * (column + 2 if above.rstrip().endswith(":") else column)


def _quotes(trouble: _Trouble, at: int, column: int) -> Mended:
    """A quote that never closes, or closes too early, or a backslash that YAML does not know."""
    source = trouble.now[at]
    parts = parts_of(source)
    if column > parts.start and len(source) <= LONGEST:
        start, end = flow_entry(source, column)
        start = min(start, column)
        write = quoted(meant_text(source[start:end]))
        line = source[:start] + write + source[end:]
    else:
        write = quoted(meant_text(parts.value))
        line = parts.with_value(write)
    return trouble.complain("Y003", at, column, write=write), at, line


def _inside_brackets(trouble: _Trouble) -> Mended:
    """One entry of `{a: b}` or `[a, b]` that needs quotes, or brackets that never close."""
    for at in range(trouble.context_line, min(trouble.line, trouble.context_line + 5) + 1):
        source = trouble.now[at]
        cut = _cut(source) if len(source) <= LONGEST else -1
        if cut >= 0 and source[cut + 1 : cut + 2] not in ("", " "):
            start, end = flow_entry(source, cut)[0], _closing(source, cut)
            write = quoted(source[start:end].rstrip())
            found = trouble.complain("Y004", at, cut, write=write)
            return found, at, source[:start] + write + source[end:]
    at, source = trouble.line, trouble.now[trouble.line]
    if _left_open(trouble):
        return _close(trouble)
    start, end = flow_entry(source, trouble.column)
    text = source[start:end]
    if not text or text[0] in "\"'":
        code = "Y003" if text else "Y001"
        write = quoted(meant_text(text)) if text else ""
    else:
        code, write = "Y002", quoted(text)
    if not write or write == text:
        return _unknown(trouble)
    found = trouble.complain(code, at, start, write=write)
    return found, at, source[:start] + write + source[end:]


def _left_open(trouble: _Trouble) -> bool:
    """Whether a line that is no part of the `{...}` or `[...]` any more follows its beginning."""
    indent = len(parts_of(trouble.now[trouble.context_line]).lead)
    for at in range(trouble.context_line + 1, trouble.line + 1):
        line = trouble.now[at]
        stripped = line.lstrip(" ")
        if stripped[:1] not in ("", "#", "}", "]") and len(line) - len(stripped) <= indent:
            return True
    return trouble.line > trouble.context_line and not trouble.now[trouble.line].strip()


def _close(trouble: _Trouble) -> Mended:
    at, column = trouble.context_line, trouble.context_column
    opened = trouble.now[at]
    sign = "{" if opened[column : column + 1] == "{" else "["
    write = opened[column:].rstrip() + ("}" if sign == "{" else "]")
    found = trouble.complain("Y001", at, column, what=f"{sign} ...", write=write)
    return found, at, opened[:column] + write


def _cut(source: str) -> int:
    """The column of a ` #` that cuts a text, outside quotes; -1 when there is none."""
    quote = ""
    for at, char in enumerate(source):
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'" and source[:at].rstrip()[-1:] in {"", ",", "[", "{", ":", "-"}:
            quote = char
        elif char == "#" and at and source[at - 1] in " \t":
            return at
    return -1


def _closing(source: str, start: int) -> int:
    """Where the entry that was cut ends, looking behind the cut for a comma or bracket."""
    ends = [at for at in (source.find(sign, start) for sign in ",]}") if at >= 0]
    return min(ends, default=len(source))


def _value(trouble: _Trouble, source: str) -> Mended:
    """The value of a line needs quotes as a whole, or the line stands at the wrong indent."""
    at, parts = trouble.line, parts_of(source)
    inside = trouble.column >= parts.start and bool(parts.value)
    moved = "mapping values" in trouble.problem and trouble.column < parts.start
    if "simple key" in trouble.context or "simple key" in trouble.problem:
        return _no_key(trouble)
    if moved or not inside:
        return _indent(trouble, source)
    value = parts.value
    if value[0] in "\"'":
        write = quoted(meant_text(value))
        found = trouble.complain("Y003", at, parts.start, write=write)
    elif value[0] in "&*!":
        write = quoted(value)
        what = value.split(maxsplit=1)[0]
        found = trouble.complain("Y007", at, parts.start, what=what, write=write)
    else:
        write = quoted(value)
        found = trouble.complain("Y002", at, parts.start, write=write)
    return found, at, parts.with_value(write)


def _no_key(trouble: _Trouble) -> Mended:
    """A line that is neither `key: value` nor an item of a list: often a text that was wrapped."""
    at = trouble.context_line
    source = trouble.now[at]
    column = len(source) - len(source.lstrip())
    text = source.strip()
    found = trouble.complain("Y018", at, column, text=text)
    return found, at, "" if text else None


def _indent(trouble: _Trouble, source: str) -> Mended:
    """A line that stands deeper or less deep than its neighbours."""
    at = trouble.line
    column = len(source) - len(source.lstrip())
    above = next((now for now in reversed(trouble.now[:at]) if now.strip()), "")
    wanted = len(parts_of(above).lead)
    found = trouble.complain("Y018", at, column, text=source.strip())
    if not source.strip() or wanted == column:
        return found, at, None
    return found, at, " " * wanted + source.lstrip()


def _unknown(trouble: _Trouble) -> Mended:
    """The parser's own words are English and about YAML, so the place has to speak for itself."""
    near = trouble.now[trouble.line][trouble.column : trouble.column + 20].strip()
    found = trouble.complain("Y001", trouble.line, trouble.column, what=f"{near} ...".strip())
    return found, trouble.line, None
