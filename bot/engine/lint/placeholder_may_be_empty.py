"""A placeholder that may have nothing to stand for, and no fallback: "Hello , your table is ready".

A name has a value when every way to the text passes the step that saves it. Fields of a person
come from elsewhere and may always be missing.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.filling import placeholders
from bot.engine.flow import Flow
from bot.engine.lint import Found, LintContext
from bot.engine.lint._graph import known_before
from bot.engine.lint._texts import of_flow, path_of

CODE = "C003"
SEVERITY = "error"
EXAMPLE = """
flow: hello
purpose: service
start: {keywords: [HELLO]}
steps:
  - say: Hello {person.name}, we open at noon.
"""


def look(context: LintContext) -> Iterator[Found]:
    """Tell of each placeholder without fallback whose name may be empty there."""
    for flow in context.flows.values():
        known = known_before(flow)
        for spoken in of_flow(flow, context.brand):
            if spoken.step is None or spoken.step.id not in known:
                continue
            for language, said in spoken.text.by_language.items():
                for name in _empty(said, known[spoken.step.id], context):
                    path = path_of(spoken.text, language)
                    params = {"name": name, "write": f"{{{name}|...}}"} | _saved_by(flow, name)
                    yield Found(flow.name, path, params, f"{{{name}}}")
    yield from _of_the_brand(context)


def _of_the_brand(context: LintContext) -> Iterator[Found]:
    """Texts of the brand are said anywhere, so they can rest on nothing but brand and settings."""
    brand = context.brand
    texts = [*brand.wrong, *([brand.silent_text] if brand.silent_text else [])]
    for text in texts:
        for language, said in text.by_language.items():
            for name in _empty(said, frozenset(), context):
                params = {"name": name, "write": f"{{{name}|...}}", "step": "-"}
                yield Found(None, path_of(text, language), params, f"{{{name}}}")


def _empty(said: str, known: frozenset[str], context: LintContext) -> Iterator[str]:
    for placeholder in placeholders(said):
        owner, _, rest = placeholder.name.partition(".")
        always = owner in ("brand", "language") or bool(
            owner == "settings" and context.brand.settings.get(rest)
        )
        if not (placeholder.fallback or always or placeholder.name in known):
            yield placeholder.name


def _saved_by(flow: Flow, name: str) -> dict[str, str]:
    return {"step": flow.saves.get(name, "-")}
