"""Every written conversation of flows/ and of the second brand, on the real program."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.transcripts.run import brand_folder, found_in, rendered, run_all, run_one
from bot.transcripts.world import Stage, open_stage

ROOT = Path(__file__).resolve().parents[2]
FILES = [
    file
    for files in found_in([ROOT / "flows", ROOT / "tests" / "data" / "brands"]).values()
    for file in files
]


@pytest.fixture(scope="module")
def stages() -> Iterator[dict[Path, Stage]]:
    """One stage a brand, opened when its first transcript needs it."""
    opened: dict[Path, Stage] = {}
    contexts = []

    class Opening(dict[Path, Stage]):
        def __missing__(self, folder: Path) -> Stage:
            context = open_stage(folder)
            contexts.append(context)
            self[folder] = context.__enter__()
            return self[folder]

    opened = Opening()
    yield opened
    for context in contexts:
        context.__exit__(None, None, None)


@pytest.mark.parametrize("through_json", [False, True], ids=["as it is", "through JSON"])
@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{brand_folder(file).name}/{file.stem}")
def test_a_transcript_holds(file: Path, through_json: bool, stages: dict[Path, Stage]) -> None:
    result = run_one(stages[brand_folder(file)], file, through_json=through_json)
    assert result.holds, "\n" + rendered(result, "en")


def test_every_flow_of_the_sample_brand_has_a_transcript_that_reaches_its_goal() -> None:
    coverage = run_all([ROOT / "flows" / "margot"]).coverage["margot"]
    assert set(coverage.flows) == {"commande", "offres", "quiz"}
    for name, flow in coverage.flows.items():
        goals = [step.id for step in flow.steps.values() if step.kind == "convert"]
        assert set(goals) <= coverage.reached[name].steps, name


def test_the_sample_brand_shows_every_kind_of_step() -> None:
    from bot.engine.steps import kinds

    coverage = run_all([ROOT / "flows" / "margot"]).coverage["margot"]
    ran = {
        flow.steps[step].kind
        for name, flow in coverage.flows.items()
        for step in coverage.reached[name].steps & set(flow.steps)
    }
    assert ran == set(kinds())


def test_a_transcript_that_does_not_hold_shows_both_sides(
    tmp_path: Path, stages: dict[Path, Stage]
) -> None:
    file = tmp_path / "wrong.txt"
    file.write_text(
        "# wrong\nat 2026-11-17 19:04 Europe/Paris, Ana (fr-FR)\nAna: pizza\nbot: Bonjour Ana.\n"
    )
    result = run_one(stages[ROOT / "flows" / "margot"], file)
    assert not result.holds
    shown = rendered(result, "fr")
    assert "wrong.txt:4 ne tient pas : le robot dit autre chose" in shown
    line = next(line for line in shown.splitlines() if line.startswith(">"))
    assert "bot: Bonjour Ana." in line
    assert "| bot: Ici le robot de Chez Margot." in line


def test_a_text_that_the_gate_held_back_is_told_with_its_reason(
    tmp_path: Path, stages: dict[Path, Stage]
) -> None:
    file = tmp_path / "night.txt"
    file.write_text(
        "at 2026-11-17 22:30 Europe/Paris, Ana (fr-FR, agreed to marketing)\n"
        "Ana: offres\nbot: ...\nbot: ...code {coupon.welcome}...\n"
    )
    result = run_one(stages[ROOT / "flows" / "margot"], file)
    assert result.failure is not None
    assert result.failure.why == "why_held"
    assert result.failure.found.startswith("quiet_hours: Chez Margot : votre cadeau")


def test_a_transcript_in_which_the_bot_says_more_fails(
    tmp_path: Path, stages: dict[Path, Stage]
) -> None:
    file = tmp_path / "more.txt"
    file.write_text("at 2026-11-17 19:04 Europe/Paris, Ana (fr-FR)\nAna: pizza\nnothing\n")
    result = run_one(stages[ROOT / "flows" / "margot"], file)
    assert result.failure is not None
    assert result.failure.why == "why_more"


@pytest.mark.parametrize(
    "fact",
    [
        "consent given",
        "conversation ended",
        "ended ordered",
        "flow quiz",
        "converted order_placed",
        "handed over",
        "handed over orders",
        "saved pizza=calzone",
        "remembered favourite=reine",
        "coupon welcome",
        "redeemed welcome",
        "language en",
        "1 message after",
    ],
)
def test_a_fact_that_is_not_so_fails(fact: str, tmp_path: Path, stages: dict[Path, Stage]) -> None:
    file = tmp_path / "fact.txt"
    file.write_text(
        "at 2026-11-17 19:04 Europe/Paris, Ana (fr-FR)\nAna: pizza\nbot: ...\nAna: 1\nbot: ...\n"
        f"silence 30 min\nbot: ...\nthen: {fact}\n"
    )
    result = run_one(stages[ROOT / "flows" / "margot"], file)
    assert result.failure is not None, fact
    assert result.failure.why == "why_fact"


@pytest.mark.alone
def test_a_hundred_transcripts_in_one_go_hold() -> None:
    import time

    from bot.transcripts.run import run_brand

    files = sorted((ROOT / "flows" / "margot" / "transcripts").glob("*.txt"))
    hundred = (files * (100 // len(files) + 1))[:100]
    began = time.process_time()
    results = list(run_brand(ROOT / "flows" / "margot", hundred))
    print(f"\n100 transcripts: {time.process_time() - began:.1f} s of CPU")
    assert len(results) == 100
    assert all(result.holds for result in results)
