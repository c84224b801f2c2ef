"""A flow that no transcript plays: nobody has written down how it should go.

A transcript is a conversation in a text file; it runs as a test each time the flow is checked.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.lint import Found, LintContext

CODE = "P008"
SEVERITY = "warning"
EXAMPLE = """
flow: hours
purpose: service
start: {keywords: [HOURS]}
steps:
  - say: We open at noon.
"""


def look(context: LintContext) -> Iterator[Found]:
    """Tell of each flow that is named by no transcript and begun by none."""
    if context.transcribed is None:
        return
    for flow in context.flows.values():
        if flow.name not in context.transcribed:
            write = f"transcripts/{flow.name}.txt"
            yield Found(flow.name, "flow", {"flow": flow.name, "write": write})
