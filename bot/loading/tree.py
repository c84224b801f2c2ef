"""YAML text to a plain tree in which every scalar is text and every node knows its place.

PyYAML makes `yes` a boolean, `12:30` the number 750 and `07700` a number without its zero; here
nothing is resolved: our schemas convert where a number, a duration or a time is asked for. What
YAML would lose in silence (a second key of one name, all after ` #`, an anchor) is a complaint with
the quoted form to write. A broken line is mended in memory and reading goes on, so that all
complaints of a file come at once.

>>> read("keywords: [YES, 12:30, 010]", "a.yml").data
{'keywords': ['YES', '12:30', '010']}
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

from bot.engine.flow import Mark
from bot.loading.complaints import Complaint
from bot.loading.composing import Composer, Plain, TooDeep
from bot.loading.mending import mend

#: Largest file that is read, in bytes of UTF-8.
MAX_BYTES = 256 * 1024
#: So many broken lines are mended and told of in one reading; after that it stops.
MAX_MENDS = 25

_BREAKS = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_UNREADABLE = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_Loader: TypeAlias = Any
#: libyaml where it was built in (ten times faster), the pure parser elsewhere: both are tested.
LOADER: _Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Tree:
    """A file as dicts, lists and texts. Paths are keys joined by dots, list items from 0.

    `marks` holds the place of each node, `keys` the place of the key it stands under; `data` is
    None when nothing could be made of the file.
    """

    file: str
    data: Plain | None
    lines: tuple[str, ...]
    marks: Mapping[str, Mark] = field(default_factory=dict)
    keys: Mapping[str, Mark] = field(default_factory=dict)
    ends: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    complaints: tuple[Complaint, ...] = ()

    def mark(self, path: str) -> Mark:
        """Where a node stands, or the nearest one that contains it."""
        while path and path not in self.marks:
            path = path.rpartition(".")[0]
        return self.marks.get(path, Mark(self.file, 1, 1))

    def key(self, path: str) -> Mark:
        """Where the key of a node stands; the node itself for an item of a list."""
        return self.keys.get(path) or self.mark(path)

    def find(self, path: str, fragment: str) -> Mark:
        """Where the fragment stands inside a node, as written in the file; else the node."""
        while path and path not in self.marks:
            path = path.rpartition(".")[0]
        start = self.mark(path)
        end_line, end_column = self.ends.get(path, (start.line, 0))
        for number in range(start.line, min(end_line, len(self.lines)) + 1):
            line = self.lines[number - 1]
            begin = start.column - 1 if number == start.line else 0
            stop = end_column if number == end_line and end_column else len(line)
            at = line.find(fragment, begin, stop) if fragment else -1
            if at >= 0:
                return Mark(self.file, number, at + 1)
        return start

    def written(self, path: str) -> str:
        """The rest of the line from where a node begins: what its author typed there."""
        mark = self.mark(path)
        if mark.line > len(self.lines):
            return ""
        return self.lines[mark.line - 1][mark.column - 1 :].rstrip()


def read(source: str | bytes, file: str) -> Tree:
    """Read one file. Never raises: what cannot be read is a complaint, located."""
    text, complaints = _decoded(source, file)
    if text is None:
        return Tree(file, None, (), complaints=tuple(complaints))
    lines = tuple(_BREAKS.split(text))
    mended = list(lines)
    composer = Composer(file, lines)
    for _ in range(MAX_MENDS):
        composer = Composer(file, lines)
        try:
            composer.compose(_events("\n".join(mended)))
            break
        except TooDeep:
            break
        except yaml.YAMLError as error:
            found, at, line = mend(
                error, file, lines, mended, composer.open_quote, composer.open_bracket
            )
            if all(found.line != told.line for told in complaints):
                # What follows on a mended line stands some columns further than in the file.
                complaints.append(found)
            if line is None or mended[at] == line:
                break
            mended[at] = line
    mended_lines = {found.line for found in complaints}
    told = mended_lines | {found.line for found in composer.complaints if found.code != "Y008"}
    # A misread line is often left with an empty value as well: that is the same mistake.
    complaints.extend(
        found
        for found in composer.complaints
        if found.line not in (told if found.code == "Y008" else mended_lines)
    )
    return Tree(
        file, composer.data, lines, composer.marks, composer.keys, composer.ends, tuple(complaints)
    )


def _events(text: str) -> Iterator[yaml.Event]:
    events: Iterator[yaml.Event] = yaml.parse(text, Loader=LOADER)
    return events


def _decoded(source: str | bytes, file: str) -> tuple[str | None, list[Complaint]]:
    """The text of a file, with unreadable characters told of and replaced; None when too big."""
    complaints: list[Complaint] = []
    raw = source if isinstance(source, bytes) else source.encode("utf-8", "surrogatepass")
    if len(raw) > MAX_BYTES:
        size = {"size": str(-(-len(raw) // 1024)), "most": str(MAX_BYTES // 1024)}
        return None, [Complaint(file, 1, 1, "Y011", params=size)]
    if isinstance(source, bytes):
        try:
            text = source.decode("utf-8")
        except UnicodeDecodeError as error:
            before = source[: error.start].decode("utf-8", "replace")
            complaints.append(_unreadable(file, before, f"0x{source[error.start]:02X}"))
            text = source.decode("utf-8", "replace")
    else:
        text = source
    text = text.removeprefix("\ufeff")
    bad = _UNREADABLE.search(text)
    if bad is not None:
        complaints.append(_unreadable(file, text[: bad.start()], f"U+{ord(bad.group()):04X}"))
        text = _UNREADABLE.sub("\ufffd", text)
    return text, complaints


def _unreadable(file: str, before: str, what: str) -> Complaint:
    lines = _BREAKS.split(before)
    return Complaint(file, len(lines), len(lines[-1]) + 1, "Y013", params={"character": what})
