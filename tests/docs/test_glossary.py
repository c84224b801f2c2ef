"""One word for one thing: keys of the language, tables and addresses all lead to the glossary."""

from __future__ import annotations

import re

from marshmallow import Schema, fields

from bot.engine.compile import FlowSchema
from bot.engine.steps import kinds
from bot.engine.steps.ask import SilentSchema
from bot.loading.brand_schema import BrandSchema
from bot.store.tables import metadata
from tests.docs.pages import ROOT

TEXT = (ROOT / "docs" / "glossary.md").read_text("utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TEXT.splitlines()
    if line.startswith("| **")
]


def _column(place: int) -> set[str]:
    return {word for row in ROWS for word in re.findall(r"`([^`]+)`", row[place])}


def _keys(schema: Schema, seen: frozenset[type] = frozenset()) -> set[str]:
    found: set[str] = set()
    if type(schema) in seen:  # `then` of a silence is a silence again
        return found
    for name, field in schema.fields.items():
        found.add(field.data_key or name)
        inner = field
        while isinstance(inner, fields.List):
            inner = inner.inner
        if isinstance(inner, fields.Nested) and name != "texts":
            found |= _keys(inner.schema, seen | {type(schema)})
    return found


def test_every_key_of_the_language_is_in_the_glossary() -> None:
    used = _keys(FlowSchema()) | _keys(BrandSchema()) | _keys(SilentSchema()) | {"if", "else"}
    for kind in kinds().values():
        used |= _keys(kind.schema())
    assert used - _column(2) == set()


def test_every_table_is_in_the_glossary_and_every_one_there_exists() -> None:
    assert set(metadata.tables) == _column(3)


def test_every_address_is_in_the_glossary_and_every_one_there_exists() -> None:
    import ast

    served = set()
    for file in (ROOT / "bot" / "web").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                first = node.args[0] if node.args else None
                is_route = node.func.attr in ("get", "post", "route", "put", "delete")
                if is_route and isinstance(first, ast.Constant) and str(first.value)[:1] == "/":
                    served.add("/" + str(first.value).split("/")[1])
    assert served, "no address was found"
    assert served == _column(4)


def test_no_word_is_explained_twice() -> None:
    words = [row[0] for row in ROWS]
    assert len(words) == len(set(words))
