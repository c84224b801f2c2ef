"""What a code means, why it matters, and an example that earns it."""

from __future__ import annotations

from bot.catalogue import entries, language_of, say
from bot.engine.lint import lints
from bot.loading.formats import name_of


def codes() -> tuple[str, ...]:
    """Every code that a complaint about a folder may carry, in order."""
    rooms = (code.split(".") for code in entries("en"))
    return tuple(
        sorted(
            parts[1]
            for parts in rooms
            if parts[0] == "check" and len(parts) == 2 and parts[1][1:].isdigit()
        )
    )


def explain(code: str, language: str) -> str | None:
    """The lesson about a code or a name of a complaint; None when there is no such code.

    >>> explain("step-out-of-reach", "en").splitlines()[0]
    'P001 step-out-of-reach'
    """
    wanted = code_of(code)
    if wanted is None:
        return None
    language = language_of(language)
    lines = [name_of(wanted), "", say(f"check.{wanted}", language)]
    lesson = say(f"check.{wanted}.explain", language)
    if lesson != f"check.{wanted}.explain":
        lines += ["", lesson]
    example = next((lint.example for lint in lints().values() if lint.code == wanted), "")
    if example:
        lines += ["", say("check.example", language), ""]
        lines += [f"    {line}".rstrip() for line in example.splitlines()]
    return "\n".join(lines)


def code_of(wanted: str) -> str | None:
    """The code for a code in any case, or for the name that stands behind it."""
    name = wanted.lower().replace("-", "_")
    named = next((lint.code for lint in lints().values() if lint.name == name), wanted.upper())
    return named if named in codes() else None
