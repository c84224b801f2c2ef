"""Who may import whom, beside the layers in .importlinter: compliance, the providers, wiring."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.house.source import Module, imports, module, modules

CLI = ("bot.cli", "bot.commands", "bot.transcripts", "bot.bench")  # what `parley` is made of
# A package, and who may import it besides itself.
KEPT: dict[str, tuple[str, ...]] = {
    "compliance": (
        "bot.sending",
        "bot.effects",
        "bot.turns",
        "bot.loading",
        "bot.web",
        "bot.jobs",
        *CLI,
        "bot.wiring",
        "bot.store",
    ),
    "bot.wiring": ("bot.web", "bot.jobs", *CLI),
    "bot.store": (
        "bot.wiring",
        "bot.web",
        "bot.jobs",
        *CLI,
        "bot.turns",
        "bot.effects",
        "bot.campaigns",
        "bot.handoff",
        "bot.sending",
        "bot.measures",
        "bot.channels",
        "bot.supervisor",
    ),
}
# The bench calls the carrier inside its own process, to measure the way out without the network.
PROVIDER_IMPORTERS = ("bot.sending", "bot.wiring", "bot.channels", "bot.bench")
COMPLIANCE_MAY_USE = {"marshmallow", "yaml", "holidays", "phonenumbers", "compliance"}
PURE = ("bot.engine",)
PURE_MAY_USE = {"bot", "marshmallow", "phonenumbers"}  # marshmallow reads a step's own keys


# The store seals ledger lines as it writes them, so it knows their shape and nothing else.
STORE_MAY_ASK = "compliance.ledger"


def forbidden_imports(one: Module) -> Iterator[str]:
    """What a module imports although it may not."""
    for node, name in imports(one):
        for kept, importers in KEPT.items():
            is_it = name == kept or name.startswith(kept + ".")
            if is_it and not one.within(kept, *importers):
                yield f"{one.at(node)}: {one.name} may not import {kept}"
        if one.within("bot.store") and name.startswith("compliance."):
            if name.startswith(STORE_MAY_ASK):
                continue
            yield f"{one.at(node)}: {one.name} may import {STORE_MAY_ASK} alone"
        if _is_provider(name) and not one.within(*PROVIDER_IMPORTERS):
            yield f"{one.at(node)}: {one.name} may not import a provider ({name})"


def _is_provider(name: str) -> bool:
    """Whether a name is a module below bot.channels; what bot.channels itself holds are types."""
    if not name.startswith("bot.channels."):
        return False
    return any(one.within(".".join(name.split(".")[:3])) for one in modules())


def foreign_imports(one: Module) -> Iterator[str]:
    """What the rooms that stand alone import beyond the standard library and their short list."""
    if one.within("compliance"):
        allowed = COMPLIANCE_MAY_USE
    elif one.within(*PURE):
        allowed = PURE_MAY_USE
    else:
        return
    for node, name in imports(one):
        top = name.split(".")[0]
        if top not in allowed and top not in sys.stdlib_module_names:
            yield f"{one.at(node)}: {one.name} may not import {top}"


def test_nobody_imports_what_is_kept_from_them() -> None:
    complaints = dict.fromkeys(line for one in modules() for line in forbidden_imports(one))
    assert not complaints, "\n" + "\n".join(complaints)


def test_compliance_and_the_engine_stand_on_a_short_list() -> None:
    complaints = dict.fromkeys(line for one in modules() for line in foreign_imports(one))
    assert not complaints, "\n" + "\n".join(complaints)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("bot.engine.turn", "import compliance"),
        ("bot.store.people", "from compliance.decide import decide"),
        ("bot.effects.said", "from bot import wiring"),
        ("bot.web.webhooks.inbound", "from bot.channels import twilio"),
        ("bot.jobs.deliver", "from bot.channels.twilio import parse_inbound"),
        ("bot.engine.turn", "from bot.store import people"),
    ],
)
def test_a_forbidden_import_is_seen(name: str, text: str) -> None:
    assert list(forbidden_imports(module(name, text)))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("bot.web.webhooks.inbound", "from bot.channels import Inbound"),
        ("bot.sending.gate", "from compliance.decide import decide"),
        ("bot.store.careful", "from compliance.ledger import seal"),
        ("bot.wiring", "from bot.channels import twilio"),
    ],
)
def test_an_allowed_import_passes(name: str, text: str) -> None:
    assert not list(forbidden_imports(module(name, text)))


def test_a_foreign_package_in_a_room_that_stands_alone_is_seen() -> None:
    assert list(foreign_imports(module("compliance.decide", "import sqlalchemy")))
    assert list(foreign_imports(module("compliance.decide", "from bot import ids")))
    assert list(foreign_imports(module("bot.engine.turn", "import flask")))
