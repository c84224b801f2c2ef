"""What is wrong in a flow's data, by its path in the tree; `bot.loading` knows line and column.

>>> flatten({"steps": {0: {"say": [Refusal("F010")]}}})
[Problem(path='steps.0.say', code='F010', params={})]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.understanding.fields import Refusal

#: The sentences that marshmallow says by itself, and the complaint that each stands for.
_OF_MARSHMALLOW = {
    "Missing data for required field.": "F002",
    "Field may not be null.": "F010",
    "Invalid input type.": "F005",
    "Invalid type.": "F005",
    "Not a valid mapping type.": "F005",
    "Not a valid list.": "F006",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong. `path` is the place in the tree (`steps.3.answer.choice`, from 0).

    `code` is that of the complaint, `params` fill its words (catalogue: `check.<code>`).
    """

    path: str
    code: str
    params: Mapping[str, str] = field(default_factory=dict)


def join(path: str, *keys: object) -> str:
    """A path with more keys behind it."""
    return ".".join([*([path] if path else []), *(str(key) for key in keys if str(key) != "")])


def flatten(messages: object, path: str = "") -> list[Problem]:
    """The problems in the nested messages of marshmallow's ValidationError."""
    if isinstance(messages, dict):
        found = []
        for key, inner in messages.items():
            found += flatten(inner, path if key == "_schema" else join(path, key))
        return found
    if isinstance(messages, list | tuple):
        return [problem for inner in messages for problem in flatten(inner, path)]
    if isinstance(messages, Refusal):
        return [Problem(path, messages.code, messages.params)]
    code = _OF_MARSHMALLOW.get(str(messages), "F000")
    params = {"key": path.rpartition(".")[2], "found": str(messages)}
    return [Problem(path, code, params)]
