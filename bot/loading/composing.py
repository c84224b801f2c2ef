"""The tree out of YAML's events: no value is resolved, nothing is lost in silence."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml

from bot.engine.flow import Mark
from bot.loading.complaints import Complaint
from bot.loading.quoting import flow_entry, is_placeholder, parts_of, quoted

Plain: TypeAlias = "str | list[Plain] | dict[str, Plain]"

#: An event of PyYAML, whose marks its types allow to be None; those of a parser never are.
_Event: TypeAlias = Any

#: Deepest nesting that is read. The deepest flow anybody wrote has 9 levels.
MAX_DEPTH = 20

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_ANCHOR = re.compile(r"[&!]\S*[ ]*")


class TooDeep(yaml.YAMLError):
    """The file nests deeper than any conversation needs."""


@dataclass(slots=True)
class _Open:
    """A list or mapping that is being read; `key` is the key whose value comes next."""

    node: list[Plain] | dict[str, Plain]
    path: str | None
    flow: bool
    start: tuple[int, int]
    key: str | None = None
    key_at: tuple[int, int] = (0, 0)
    kept: bool = True
    value_from: int = -1
    """Column at which the last value of a one-line `{...}` began: a comma may have cut it."""


class Composer:
    """Composes one document. Lines and columns of the events count from 0, ours from 1."""

    def __init__(self, file: str, lines: tuple[str, ...]) -> None:
        self.file = file
        self.lines = lines
        self.data: Plain | None = None
        self.marks: dict[str, Mark] = {}
        self.keys: dict[str, Mark] = {}
        self.ends: dict[str, tuple[int, int]] = {}
        self.complaints: list[Complaint] = []
        self.open_quote: tuple[int, int, int] | None = None
        """Line and column of the last quoted text over several lines, and the line it ends on."""
        self._stack: list[_Open] = []
        self._documents = 0

    def compose(self, events: Iterable[_Event]) -> None:
        """Read all events. Raises yaml.YAMLError where YAML itself cannot go on."""
        for event in events:
            match event:
                case yaml.DocumentStartEvent():
                    self._document(event)
                case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                    self._begin(event)
                case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                    self._end(event)
                case yaml.AliasEvent():
                    self._alias(event)
                case yaml.ScalarEvent():
                    self._scalar(event)
                case _:
                    pass
            if self._documents > 1:
                return
        if self.data is None and self._documents <= 1:
            self.complaints.append(Complaint(self.file, 1, 1, "Y017"))

    @property
    def open_bracket(self) -> tuple[int, int] | None:
        """Line and column of the innermost `{` or `[` that is still open, if there is one."""
        if self._stack and self._stack[-1].flow:
            return self._stack[-1].start
        return None

    # Documents, lists and mappings

    def _document(self, event: _Event) -> None:
        self._documents += 1
        if self._documents > 1 or event.version or event.tags:
            self._complain("Y014", event)

    def _begin(self, event: _Event) -> None:
        if len(self._stack) >= MAX_DEPTH:
            self._complain("Y012", event, most=str(MAX_DEPTH))
            raise TooDeep
        self._refuse_properties(event)
        line, column = event.start_mark.line, event.start_mark.column
        node: list[Plain] | dict[str, Plain] = {}
        if isinstance(event, yaml.SequenceStartEvent):
            node = []
        self._check_compact(event, node, line, column)
        path = self._add(node, event)
        self._stack.append(_Open(node, path, bool(event.flow_style), (line, column)))

    def _check_compact(self, event: _Event, node: Plain, line: int, column: int) -> None:
        """Texts that YAML reads as a list or a mapping: `- - dash`, `- ? help`, `[a: b]`."""
        source = self._line(line)
        parts = parts_of(source)
        inside = bool(self._stack) and isinstance(self._stack[-1].node, list)
        if not event.flow_style and source[column : column + 2] == "? ":
            self._complain("Y002", event, write=quoted(parts.value or source[column:].rstrip()))
        elif inside and not event.flow_style and isinstance(node, list):
            if self._stack[-1].start[0] == line or source[:column].strip(" -") == "":
                self._complain("Y009", event, write=quoted(source[column:].rstrip()))
        elif (
            inside
            and self._stack[-1].flow
            and isinstance(node, dict)
            and source[column : column + 1] != "{"
        ):
            start, end = flow_entry(source, column)
            self._complain("Y005", event, write=quoted(source[min(start, column) : end]))

    def _end(self, event: _Event) -> None:
        done = self._stack.pop()
        if done.path is not None:
            self.ends[done.path] = (event.end_mark.line + 1, event.end_mark.column)
        source = self._line(done.start[0])
        if (
            isinstance(done.node, dict)
            and done.flow
            and len(done.node) == 1
            and is_placeholder(source[done.start[1] :])
            and list(done.node.values()) == [""]
        ):
            text = source[done.start[1] : event.end_mark.column]
            self._replace_last(text)
            self.complaints = [
                found
                for found in self.complaints
                if (found.line, found.column) < (done.start[0] + 1, done.start[1] + 1)
            ]
            self._complain_at("Y002", *done.start, write=quoted(text))

    def _replace_last(self, text: str) -> None:
        """Put a text where the mapping that just ended was taken for one."""
        if not self._stack:
            self.data = text
            return
        around = self._stack[-1].node
        if isinstance(around, list):
            around[-1] = text
        elif around:
            around[next(reversed(around))] = text

    # Scalars

    def _alias(self, event: _Event) -> None:
        text = self._rest(event, event.start_mark.column)
        self._complain("Y007", event, what=f"*{event.anchor}", write=quoted(text))
        self._add(text, event)

    def _scalar(self, event: _Event) -> None:
        line, column = event.start_mark.line, event.start_mark.column
        text: str = event.value
        if event.style in ("|", ">"):
            text = text.rstrip("\n")
        elif event.style in ("'", '"') and event.end_mark.line > line:
            self.open_quote = (line, column, event.end_mark.line)
        if event.anchor is not None or event.tag is not None:
            text = self._rest(event, column)
            self._refuse_properties(event, text)
            event.value, event.style = text, '"'
        top = self._stack[-1] if self._stack else None
        if top is not None and isinstance(top.node, dict) and top.key is None:
            self._key(top, text, event)
            return
        self._check_plain(event, text, top)
        self._add(text, event)

    def _check_plain(self, event: _Event, text: str, top: _Open | None) -> None:
        """What a plain text may have lost: all after ` #`, all after a comma, all of it."""
        end = event.end_mark
        source = self._line(end.line)
        tail = source[end.column :]
        gap = len(tail) - len(tail.lstrip(" \t"))
        if event.style in ("|", ">"):
            return
        if tail[gap : gap + 1] == "#" and (gap or not text):
            spaced = tail[gap : gap + 2] in ("#", "# ", "##")
            wordy = not event.style and " " in text and gap == 1
            if not spaced or wordy:
                self._complain_at(
                    "Y004", end.line, end.column + gap, write=self._whole(event, source)
                )
                return
        if event.style or text:
            if top is not None and top.flow and not event.style and "? " in text:
                self._complain("Y002", event, write=quoted(text))
            return
        self._check_empty(event, top)

    def _check_empty(self, event: _Event, top: _Open | None) -> None:
        if top is None:
            return
        if not isinstance(top.node, dict) or top.key is None:
            self._complain("Y008", event, what="-")
            return
        line, column = top.key_at
        source = self._line(line)
        named = source[column + len(top.key) :].lstrip().startswith(":")
        if top.flow and top.value_from >= 0 and not named:
            entry_end = flow_entry(source, column)[1]
            write = quoted(source[top.value_from : entry_end])
            self._complain_at("Y016", line, column, write=write)
        else:
            self._complain_at(
                "Y008", line, column, what=top.key, write=quoted(source[column:].strip())
            )

    # Keys and places

    def _key(self, top: _Open, text: str, event: _Event) -> None:
        line, column = event.start_mark.line, event.start_mark.column
        assert isinstance(top.node, dict)
        if text == "<<" and not event.style:
            self._complain("Y007", event, what="<<", write='"<<"')
        first = None if top.path is None else self.keys.get(_joined(top.path, text))
        top.key, top.key_at, top.kept = text, (line, column), text not in top.node
        if not top.kept:
            where = str(first.line if first else line + 1)
            self._complain("Y006", event, key=text, first=where)
        if not top.flow and self._in_list(line, column) and not _NAME.fullmatch(text):
            value = self._line(line)[column:].rstrip()
            self._complain("Y005", event, key=text, write=quoted(value))
        if top.path is not None and top.kept:
            self.keys[_joined(top.path, text)] = Mark(self.file, line + 1, column + 1)

    def _in_list(self, line: int, column: int) -> bool:
        """Whether the mapping's first key stands right behind the dash of a list item."""
        before = self._line(line)[:column]
        return len(self._stack) > 1 and before.rstrip().endswith("-") and before.strip(" -") == ""

    def _add(self, node: Plain, event: _Event) -> str | None:
        """Put a node under its key or at the end of its list; its path, None if it is dropped."""
        path: str | None = ""
        if not self._stack:
            if self.data is None:
                self.data = node
        else:
            path = self._add_inside(self._stack[-1], node, event)
        if path is not None:
            mark, end = event.start_mark, event.end_mark
            self.marks[path] = Mark(self.file, mark.line + 1, mark.column + 1)
            self.ends[path] = (end.line + 1, end.column)
        return path

    def _add_inside(self, top: _Open, node: Plain, event: _Event) -> str | None:
        if isinstance(top.node, list):
            top.node.append(node)
            return None if top.path is None else _joined(top.path, str(len(top.node) - 1))
        if top.key is None:
            # A list or a mapping where a key belongs, such as `{name}: hello`.
            source = self._line(event.start_mark.line)
            self._complain("Y015", event, write=quoted(parts_of(source).value))
            top.key, top.kept = "", False
            return None
        key, top.key = top.key, None
        if top.flow and isinstance(node, str) and node:
            top.value_from = event.start_mark.column
        if not top.kept:
            return None
        top.node[key] = node
        return None if top.path is None else _joined(top.path, key)

    # Complaining

    def _refuse_properties(self, event: _Event, text: str | None = None) -> None:
        """Anchors and tags: a text that begins with `&` or `!` was meant."""
        tag = getattr(event, "tag", None)
        if event.anchor is None and tag is None:
            return
        what = f"&{event.anchor}" if event.anchor is not None else str(tag)
        rest = self._rest(event, event.start_mark.column) if text is None else text
        self._complain("Y007", event, what=what, write=quoted(rest))

    def _rest(self, event: _Event, column: int) -> str:
        """What stands from a column to the end of the line, or of its entry in `[...]`."""
        source = self._line(event.start_mark.line)
        if self._stack and self._stack[-1].flow:
            return source[column : max(flow_entry(source, column)[1], column)]
        return source[column:].rstrip()

    def _whole(self, event: _Event, source: str) -> str:
        """The quoted form of a text with all that ` #` cut off it."""
        column = event.start_mark.column if event.start_mark.line == event.end_mark.line else 0
        text = source[column:].strip()
        if self._stack and self._stack[-1].flow:
            signs = (text.find(sign, len(event.value)) for sign in ",]}")
            text = text[: min((at for at in signs if at >= 0), default=len(text))]
        if not event.style:
            return quoted(text)
        mark = event.style
        return quoted(text[1:].replace(f"{mark} ", " ", 1))

    def _line(self, number: int) -> str:
        return self.lines[number] if number < len(self.lines) else ""

    def _complain(self, code: str, event: _Event, **params: str) -> None:
        self._complain_at(code, event.start_mark.line, event.start_mark.column, **params)

    def _complain_at(self, code: str, line: int, column: int, **params: str) -> None:
        self.complaints.append(Complaint(self.file, line + 1, column + 1, code, params=params))


def _joined(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
