"""How many parts each wording takes at its longest, greeting included."""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.greeting import greeted
from bot.engine.lint import Found, LintContext, Measured
from bot.engine.lint._texts import Role, Spoken, everywhere, longest, path_of


def over_one_part(context: LintContext) -> Iterator[tuple[Found, Measured]]:
    """The wordings that take more than one part at their longest, each with its measure."""
    if context.measure is None:
        return
    for flow, spoken, language, said in everywhere(context):
        whole = context.flows[flow] if flow is not None else None
        shown = longest(said, language, whole, context.brand)
        if whole is not None and _is_first(spoken, whole.first):
            line = context.brand.texts.get("bot_line")
            greeting = line.in_language(language) if line is not None else ""
            shown = greeted(greeting, shown, context.brand.title)
        measured = context.measure(shown)
        if measured.parts > 1:
            params = {"parts": str(measured.parts), "length": str(len(shown))}
            yield Found(flow, path_of(spoken.text, language), params), measured


def _is_first(spoken: Spoken, first: str) -> bool:
    """The first text of a conversation carries the line that says a machine answers."""
    return spoken.step is not None and spoken.step.id == first and spoken.role is Role.main
