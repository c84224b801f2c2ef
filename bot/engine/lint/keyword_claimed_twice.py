"""Two flows that claim one keyword, or both claim what nobody else understood: who would begin?"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.lint import Found, LintContext
from bot.understanding.folding import fold

CODE = "N002"
SEVERITY = "error"
EXAMPLE = """
flow: second
purpose: service
start: {keywords: [Pizza]}
steps:
  - say: A flow named first begins with PIZZA too.
---
flow: first
purpose: service
start: {keywords: [PIZZA]}
steps:
  - say: Hello.
"""


def look(context: LintContext) -> Iterator[Found]:
    """Tell of the second flow that claims a word, in the order of their names."""
    owners: dict[str, str] = {}
    for flow in sorted(context.flows.values(), key=lambda flow: flow.name):
        claims = [(fold(word), word, "start.keywords") for word in flow.start.keywords]
        claims += [(" opt_in", "opt_in", "start.opt_in")] * flow.start.opt_in
        claims += [(" catch_all", "catch_all", "start.catch_all")] * flow.start.catch_all
        for claim, word, path in claims:
            owner = owners.setdefault(claim, flow.name)
            if owner != flow.name:
                fragment = word if path == "start.keywords" else ""
                yield Found(flow.name, path, {"word": word, "other": owner}, fragment)
