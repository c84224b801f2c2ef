"""Writes the reference of keys into both pages of flows/: `python -m tests.docs.reference`.

It is made from the schemas that read the files, so a key that is accepted is explained, and a key
that is explained is accepted.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from marshmallow import Schema, fields

from bot.engine import steps
from bot.engine.compile import FlowSchema, StartSchema
from bot.engine.steps.ask import SilentSchema
from bot.loading import brand_schema
from bot.understanding import answers

ROOT = Path(__file__).resolve().parents[2]
PAGES = {"en": ROOT / "flows" / "README.md", "fr": ROOT / "flows" / "LISEZMOI.md"}
_PLACE = re.compile(r"(<!-- reference -->\n)(.*?)(<!-- /reference -->)", re.DOTALL)
_WORDS: dict[str, dict[str, str]] = {
    "en": {
        "head": "| key | meaning | example |",
        "flow": "A flow: `flows/<brand>/flows/x.yml`",
        "start": "`start`: who may begin it",
        "every": "Every step may say",
        "silent": "`silent`: what happens when nothing comes",
        "answers": "Answers: exactly one kind behind `answer`",
        "brand": "A brand: `flows/<brand>/brand.yml`",
        "needed": "needed",
        "kind": "| kind | understands | example |",
    },
    "fr": {
        "head": "| clé | sens | exemple |",
        "flow": "Un scénario : `flows/<marque>/flows/x.yml`",
        "start": "`start` : qui peut le lancer",
        "every": "Toute étape peut dire",
        "silent": "`silent` : ce qui se passe quand rien ne vient",
        "answers": "Réponses : exactement un type derrière `answer`",
        "brand": "Une marque : `flows/<marque>/brand.yml`",
        "needed": "obligatoire",
        "kind": "| type | comprend | exemple |",
    },
}
#: What each kind of answer understands; a test fails when a kind is missing here.
ANSWERS: dict[str, tuple[str, str, str]] = {
    "choice": (
        "One of several, by word, number, letter or a near spelling; the value is the category.",
        "Un choix parmi plusieurs : mot, numéro, lettre, ou presque ; la valeur est la catégorie.",
        "choice: {veg: [veg, vegetarian], fish: {fr: [poisson], en: [fish]}}",
    ),
    "yes_no": (
        "Yes or no in many words, never one for the other; the value is `yes` or `no`.",
        "Oui ou non de bien des façons, jamais l'un pour l'autre ; la valeur est `yes` ou `no`.",
        "yes_no: true",
    ),
    "integer": (
        "A whole number, in figures or in words.",
        "Un nombre entier, en chiffres ou en lettres.",
        "integer: {min: 1, max: 9}",
    ),
    "decimal": (
        "A number with a comma or a point.",
        "Un nombre à virgule ou à point.",
        "decimal: {min: 0, max: 10}",
    ),
    "text": (
        "Any text of that length; other things that hear it come first.",
        "N'importe quel texte de cette longueur ; ce qui l'entend autrement passe avant.",
        "text: {min: 2, max: 30}",
    ),
}


def reference(language: str) -> str:
    """The whole reference in one language, as Markdown."""
    words = _WORDS[language]
    own = set(steps.kinds()["say"].schema().fields) & {"id", "then"}
    lines = [f"### {words['flow']}", "", *_table(FlowSchema(), language), ""]
    lines += [f"### {words['start']}", "", *_table(StartSchema(), language), ""]
    lines += [f"### {words['every']}", "", *_table(steps.kinds()["say"].schema(), language, own)]
    for name, kind in sorted(steps.kinds().items()):
        schema = kind.schema()
        rest = {key for key in schema.fields if key not in own}
        lines += ["", f"### `{name}`", "", *_example(kind.doc), *_table(schema, language, rest)]
    lines += ["", f"### {words['silent']}", "", *_table(SilentSchema(), language), ""]
    lines += [f"### {words['answers']}", "", *_answers(language), ""]
    lines += [f"### {words['brand']}", "", *_table(brand_schema.BrandSchema(), language)]
    for name, schema in _nested(brand_schema.BrandSchema()):
        lines += ["", f"#### `{name}`", "", *_table(schema, language)]
    return "\n".join(lines)


def _table(schema: Schema, language: str, only: set[str] | None = None) -> list[str]:
    rows = [_WORDS[language]["head"], "| --- | --- | --- |"]
    for name, field in schema.fields.items():
        if only is not None and name not in only:
            continue
        doc = field.metadata["doc"][language]
        needed = f" ({_WORDS[language]['needed']})" if field.required else ""
        example = str(field.metadata["example"]).replace("|", "\\|")
        rows.append(f"| `{name}`{needed} | {_cell(doc)} | `{example}` |")
    return rows


def _cell(text: str) -> str:
    return re.sub(r"(\{[a-z_.]+\})", r"`\1`", text) if "`" not in text else text


def _example(doc: str) -> list[str]:
    """The example of a step's own docstring, as a block of YAML: all from its first `- ` on."""
    lines = inspect.cleandoc(doc).splitlines()
    first = next((place for place, line in enumerate(lines) if line.lstrip()[:2] == "- "), None)
    if first is None:
        return []
    return ["```yaml", *textwrap.dedent("\n".join(lines[first:])).splitlines(), "```", ""]


def _answers(language: str) -> list[str]:
    rows = [_WORDS[language]["kind"], "| --- | --- | --- |"]
    for name in sorted(answers.kinds()):
        english, french, example = ANSWERS[name]
        rows.append(f"| `{name}` | {english if language == 'en' else french} | `{example}` |")
    return rows


def _nested(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """The mappings inside a mapping, by the key they stand behind."""
    for name, field in schema.fields.items():
        inner: Any = field
        while isinstance(inner, fields.List):
            inner = inner.inner
        if isinstance(inner, fields.Nested):
            yield name, inner.schema


def with_reference(text: str, language: str) -> str:
    """A page's text with the reference as the schemas have it now."""
    return _PLACE.sub(lambda found: f"{found[1]}\n{reference(language)}\n\n{found[3]}", text)


if __name__ == "__main__":
    for spoken, page in PAGES.items():
        page.write_text(with_reference(page.read_text("utf-8"), spoken), "utf-8")
