"""What the published flows of a brand come to for routing, worked out once per `Flows`.

Two flows are built in: the opt-in for brands that wrote none, and the way to a person for somebody
whom no flow is talking with.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.engine.compile import compile_flow
from bot.engine.flow import Flow
from bot.engine.turn_types import Flows
from bot.understanding.keywords import Index, Keyword

_MOST_KEPT = 128


@dataclass(frozen=True, slots=True)
class Published:
    """The keywords, who hears an opt-in, who hears what nobody heard, and the built-in flows."""

    keywords: Index
    opt_in: Flow
    catch_all: Flow | None
    person: Flow
    built_in: Mapping[str, Flow]
    """The built-in flows by version."""


_kept: OrderedDict[int, tuple[Flows, Published]] = OrderedDict()


def published(flows: Flows) -> Published:
    """The index of these flows; the same object is only ever read once (the hot path asks here)."""
    known = _kept.get(id(flows))
    if known is not None and known[0] is flows:
        return known[1]
    made = _read(flows)
    _kept[id(flows)] = (flows, made)
    while len(_kept) > _MOST_KEPT:
        _kept.popitem(last=False)
    return made


def _read(flows: Flows) -> Published:
    keywords = [
        Keyword(flow.name, word, flow.start.keyword_languages.get(word, ""))
        for flow in flows.current.values()
        for word in flow.start.keywords
    ]
    opt_in = _built_in(flows, "opt_in", "marketing", {"consent": "marketing"})
    ask_person = {"hand_over": flows.brand.teams[0], "reason": "wants_person"}
    person = _built_in(flows, "person", "service", ask_person)
    starts = flows.current.values()
    return Published(
        keywords=Index.of(keywords),
        opt_in=next((flow for flow in starts if flow.start.opt_in), opt_in),
        catch_all=next((flow for flow in starts if flow.start.catch_all), None),
        person=person,
        built_in={opt_in.version: opt_in, person.version: person},
    )


def _built_in(flows: Flows, name: str, purpose: str, step: dict[str, Any]) -> Flow:
    data = {"flow": name, "purpose": purpose, "steps": [step]}
    flow, problems = compile_flow(data, flows.brand, f"built_in:{name}", {})
    assert flow is not None, problems
    return flow


def flow_of(flows: Flows, version: str) -> Flow | None:
    """The flow of a version, built-in ones included; None when the version is gone."""
    found = flows.by_version.get(version)
    return found if found is not None else published(flows).built_in.get(version)
