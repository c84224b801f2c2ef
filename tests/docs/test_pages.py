"""What the pages say is so: blocks run, links lead somewhere, files and commands exist."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from bot import commands
from bot.engine.steps import kinds
from bot.loading.check import check
from bot.loading.complaints import Severity
from bot.loading.tree import read
from tests.docs.pages import ROOT, Block, blocks, pages, prose
from tests.docs.reference import ANSWERS, PAGES, with_reference

MARGOT = ROOT / "flows" / "margot"
_FILE = re.compile(r"`((?:bot|compliance|tests|flows|docs)/[\w./-]*\w(?:\.\w+)?/?)`")
_COMMAND = re.compile(r"(?:`|^ *|\| )(?:parley|\./run) ([a-z]+)\b", re.MULTILINE)
_NOT_COMMANDS = {"test", "lint", "lock", "help"}  # of ./run itself


@pytest.mark.parametrize("language", PAGES)
def test_the_reference_is_that_of_the_schemas(language: str) -> None:
    text = PAGES[language].read_text("utf-8")
    assert text == with_reference(text, language), "run: python -m tests.docs.reference"


def test_every_kind_of_answer_is_in_the_reference() -> None:
    from bot.understanding.answers import kinds as answers

    assert set(ANSWERS) == set(answers())


def _whole(block: Block) -> bool:
    return block.text.startswith("flow:")


@pytest.mark.parametrize("block", [one for one in blocks("yaml") if _whole(one)], ids=str)
def test_a_flow_on_a_page_checks_clean(block: Block, tmp_path: Path) -> None:
    name = block.text.split()[1]
    folder = tmp_path / "margot"
    (folder / "flows").mkdir(parents=True)
    (folder / "transcripts").mkdir()
    shutil.copy(MARGOT / "brand.yml", folder / "brand.yml")
    (folder / "flows" / f"{name}.yml").write_text(block.text)
    (folder / "transcripts" / f"{name}.txt").write_text(f"then: flow {name}\n")
    from bot.sending.parts import measure

    complaints = check(tmp_path, measure=measure)
    assert not complaints, [one.render("en") for one in complaints]


@pytest.mark.parametrize("block", [one for one in blocks("yaml") if not _whole(one)], ids=str)
def test_a_step_on_a_page_has_keys_that_exist(block: Block) -> None:
    tree = read(block.text, str(block))
    assert not tree.complaints, [one.render("en") for one in tree.complaints]
    assert isinstance(tree.data, list), "a block is a whole flow or a list of steps"
    for step in tree.data:
        fitting = [
            kind for kind in kinds().values() if kind.kind in step and set(step) <= kind.keys
        ]
        assert len(fitting) == 1, step
        fitting[0].schema().load(step)


def test_the_flows_of_each_page_of_flows_play_as_its_transcript_says(tmp_path: Path) -> None:
    from bot.transcripts.run import rendered, run_all

    for page in ("flows/README.md", "flows/LISEZMOI.md"):
        folder = tmp_path / page.replace("/", "-") / "margot"
        shutil.copytree(MARGOT, folder)
        shutil.rmtree(folder / "transcripts")
        (folder / "transcripts").mkdir()
        for block in blocks("yaml"):
            if block.page == page and _whole(block):
                (folder / "flows" / f"{block.text.split()[1]}.yml").write_text(block.text)
        told = [block for block in blocks("transcript") if block.page == page]
        assert told
        for place, block in enumerate(told):
            (folder / "transcripts" / f"{place}.txt").write_text(block.text)
        failed = run_all([folder]).failed
        assert not failed, "\n".join(rendered(one, "en") for one in failed)
        errors = [one for one in check(folder) if one.severity is Severity.error]
        assert not errors, [one.render("en") for one in errors]


def test_the_conversation_of_the_readme_is_what_happens(tmp_path: Path) -> None:
    from bot.transcripts.run import rendered, run_all

    told = next(one for one in blocks("text") if one.page == "README.md" and "bot:" in one.text)
    lines = told.text.strip().splitlines()
    assert "S T O P" in told.text
    assert len(lines) <= 9
    folder = tmp_path / "margot"
    shutil.copytree(MARGOT, folder, ignore=shutil.ignore_patterns("transcripts"))
    (folder / "transcripts").mkdir()
    head = "at 2026-11-17 18:00 Europe/Paris, James (en-US)\n"
    end = "then: consent withdrawn, 0 messages after\n"
    (folder / "transcripts" / "readme.txt").write_text(head + told.text + end)
    failed = run_all([folder]).failed
    assert not failed, rendered(failed[0], "en")


@pytest.mark.parametrize("sheet", pages(), ids=lambda sheet: sheet.relative_to(ROOT).as_posix())
def test_every_file_that_a_page_names_is_there(sheet: Path) -> None:
    named = {name for name in _FILE.findall(prose(sheet)) if not re.search(r"(^|/)xx?\.", name)}
    gone = [name for name in named if not (ROOT / name).exists() and "hours" not in name]
    gone = [name for name in gone if "transcripts/table" not in name]
    assert not gone, sorted(gone)


@pytest.mark.parametrize("sheet", pages(), ids=lambda sheet: sheet.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_somewhere(sheet: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", prose(sheet)):
        if not target.startswith(("http://", "https://")):
            assert (sheet.parent / target).exists(), target


def test_every_command_that_a_page_names_exists() -> None:
    for page in pages():
        for name in _COMMAND.findall(page.read_text("utf-8")):
            assert name in {*commands.names(), *_NOT_COMMANDS}, f"{page.name}: {name}"


def test_every_room_of_the_house_is_on_the_page_about_it() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    rooms = [path for path in (ROOT / "bot").iterdir() if (path / "__init__.py").exists()]
    missing = [room.name for room in rooms if f"{room.name}/" not in text]
    assert not missing
    files = [path.name for path in (ROOT / "bot").glob("*.py") if path.name != "__init__.py"]
    assert not [name for name in files if name not in text]


def test_the_directions_of_import_are_those_that_are_held() -> None:
    """The list on the page, from above to below, is that of .importlinter without what is alone."""
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    shown = [
        name
        for line in re.search(r"\n```text\n(cli, .*?)```", text, re.DOTALL)[1].splitlines()
        for name in re.split(r"[,|]\s*", line.replace(" ", ""))
    ]
    held = re.findall(r"\((\w+)\)", (ROOT / ".importlinter").read_text("utf-8").split("layers")[2])
    order = [name for name in held if name in shown]
    both = [name for name in shown if name in held]
    assert set(both) == set(shown)
    rank = {name: place for place, name in enumerate(order)}
    assert [rank[name] for name in both] == sorted(rank[name] for name in both)


def test_operations_says_what_each_line_of_status_means() -> None:
    from bot.store.health import LIMITS

    text = (ROOT / "docs" / "operations.md").read_text("utf-8")
    rows = set(re.findall(r"^\| `([a-z_]+)` \|", text, re.MULTILINE))
    assert rows >= set(LIMITS)


def test_every_measure_and_every_setting_named_on_a_page_exists() -> None:
    from bot.settings import VARIABLES

    known = {variable.name for variable in VARIABLES}
    for page in pages():
        for name in re.findall(r"`((?:TWILIO|PARLEY|PUBLIC|FLOWS|WEB)_[A-Z_]+)`", prose(page)):
            assert name in known, f"{page.name}: {name}"


def test_the_addresses_for_twilio_are_those_that_are_served() -> None:
    from bot.wiring import OVERRIDES

    for name in ("README.md", "docs/operations.md"):
        text = (ROOT / name).read_text("utf-8")
        for kind in ("sms", "status"):
            assert f"/webhooks/twilio/{kind}{OVERRIDES}" in text, name
