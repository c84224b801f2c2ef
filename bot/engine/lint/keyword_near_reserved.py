"""A keyword one letter away from a reserved word: SHOP, STEP and TOP are one letter from STOP.

We never correct into or out of a reserved word; but the person who mistypes will be unsubscribed,
or will have asked to be and be sent a menu.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.lint import Found, LintContext

CODE = "N003"
SEVERITY = "warning"
EXAMPLE = """
flow: shop
purpose: service
start: {keywords: [SHOP]}
steps:
  - say: Welcome to the shop.
"""


def look(context: LintContext) -> Iterator[Found]:
    """Tell of each keyword that is near a reserved word without being one."""
    for flow in context.flows.values():
        for word in flow.start.keywords:
            near = None if context.reserved(word) else context.near_reserved(word)
            if near is not None:
                yield Found(flow.name, "start.keywords", {"word": word, "near": near}, word)
