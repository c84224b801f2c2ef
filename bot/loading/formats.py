"""Complaints for the eye, for programs, for code scanning and for a pull request.

`text` shows each complaint with its line of the file and a caret under the place; `json`, `sarif`
(2.1.0) and `github` (workflow commands) are for machines.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum

from bot.catalogue import language_of, say
from bot.engine.lint import lints
from bot.loading.complaints import Complaint, Severity

#: Longest piece of a line that is shown, in characters.
_WIDTH = 90


class Format(StrEnum):
    """The formats of `parley check --format`."""

    text = "text"
    json = "json"
    sarif = "sarif"
    github = "github"


def render(
    complaints: Sequence[Complaint],
    files: Mapping[str, tuple[str, ...]],
    format: Format,
    language: str,
) -> str:
    """All complaints in one format, in the reader's language. `files` hold the lines to show."""
    language = language_of(language)
    match format:
        case Format.json:
            return as_json(complaints, files, language)
        case Format.sarif:
            return as_sarif(complaints, language)
        case Format.github:
            return as_github(complaints, language)
    return as_text(complaints, files, language)


def as_text(
    complaints: Sequence[Complaint], files: Mapping[str, tuple[str, ...]], language: str
) -> str:
    """For a terminal: each complaint with its line, and the sum of them."""
    blocks = [_block(found, files, language) for found in complaints]
    return "\n\n".join([*blocks, _sum(complaints, files, language)])


def _block(found: Complaint, files: Mapping[str, tuple[str, ...]], language: str) -> str:
    severity = say(f"check.{found.severity}", language)
    code, _, name = name_of(found.code).partition(" ")
    place = f"{found.file}:{found.line}:{found.column}"
    lines = [f"{place} {code} {severity} {name}".rstrip()]
    source = files.get(found.file, ())
    if 0 < found.line <= len(source) and source[found.line - 1].strip():
        shown, caret = _excerpt(source[found.line - 1], found)
        lines += [f"  {found.line:>4} | {shown}", f"       | {' ' * caret}^"]
    lines.append(f"  {found.message(language)}")
    if found.write:
        lines += [f"      {line}" for line in found.write.splitlines()]
    return "\n".join(lines)


def _excerpt(line: str, found: Complaint) -> tuple[str, int]:
    """The part of a line around the place, and where the caret goes under it."""
    start = max(0, found.column - 1 - _WIDTH // 2) if len(line) > _WIDTH else 0
    shown = line[start : start + _WIDTH].replace("\t", " ")
    return ("…" + shown[1:] if start else shown), found.column - 1 - start


def _sum(
    complaints: Sequence[Complaint], files: Mapping[str, tuple[str, ...]], language: str
) -> str:
    errors = sum(found.severity is Severity.error for found in complaints)
    params = {"errors": errors, "warnings": len(complaints) - errors, "files": len(files)}
    if not complaints:
        return say("check.clean", language, **params)
    first = say("check.sum", language, **params)
    return f"{first}\n{say('check.sum.more', language, code=complaints[0].code)}"


def name_of(code: str) -> str:
    """A code with the name of its lint behind it: `P005 silence-without-a-way`.

    >>> name_of("P005"), name_of("Y001")
    ('P005 silence-without-a-way', 'Y001')
    """
    for lint in lints().values():
        if lint.code == code:
            return f"{code} {lint.name.replace('_', '-')}"
    return code


def as_json(
    complaints: Sequence[Complaint], files: Mapping[str, tuple[str, ...]], language: str
) -> str:
    """One object: the complaints, how many of each severity, how many files were read."""
    errors = sum(found.severity is Severity.error for found in complaints)
    rows = [
        {
            "file": found.file,
            "line": found.line,
            "column": found.column,
            "code": found.code,
            "severity": str(found.severity),
            "message": found.message(language),
            "write": found.write or None,
            "params": {key: value for key, value in found.params.items() if key != "write"},
        }
        for found in complaints
    ]
    whole = {
        "complaints": rows,
        "errors": errors,
        "warnings": len(complaints) - errors,
        "files": len(files),
    }
    return json.dumps(whole, ensure_ascii=False, indent=2)


def as_sarif(complaints: Sequence[Complaint], language: str) -> str:
    """SARIF 2.1.0, as code scanning and editors read it. Columns count Unicode code points."""
    codes = list(dict.fromkeys(found.code for found in complaints))
    rules = [
        {
            "id": code,
            "name": name_of(code).partition(" ")[2] or code,
            "fullDescription": {"text": say(f"check.{code}.explain", language)},
        }
        for code in codes
    ]
    run = {
        "tool": {"driver": {"name": "parley check", "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "results": [_sarif_result(found, codes, language) for found in complaints],
    }
    whole = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json.dumps(whole, ensure_ascii=False, indent=2)


def _sarif_result(found: Complaint, codes: list[str], language: str) -> dict[str, object]:
    region = {"startLine": found.line, "startColumn": found.column}
    place = {"artifactLocation": {"uri": found.file}, "region": region}
    return {
        "ruleId": found.code,
        "ruleIndex": codes.index(found.code),
        "level": str(found.severity),
        "message": {"text": f"{found.message(language)} {found.write}".strip()},
        "locations": [{"physicalLocation": place}],
    }


def as_github(complaints: Sequence[Complaint], language: str) -> str:
    """Workflow commands: GitHub shows each at its line of the pull request."""
    return "\n".join(
        f"::{found.severity} file={_property(found.file)},line={found.line},col={found.column},"
        f"title={found.code}::{_data(f'{found.message(language)} {found.write}'.strip())}"
        for found in complaints
    )


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
