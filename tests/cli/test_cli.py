"""`parley`: help that teaches in both languages, exit codes, and a quick start."""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from bot import commands
from bot.catalogue import LANGUAGES, entries
from bot.cli import main
from bot.commands._parser import Parser

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def nobody_s_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test on a data folder of its own, in English."""
    for name in ("DATABASE_URL", "REDIS_URL", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PARLEY_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("PARLEY_LANGUAGE", "en")


def said(capsys: pytest.CaptureFixture[str], *given: str) -> tuple[int, str, str]:
    try:
        code = main(given)
    except SystemExit as left:
        code = int(str(left.code))
    out, err = capsys.readouterr()
    return code, out, err


def _parsers(name: str, language: str) -> list[Parser]:
    """The parser of a command and those of its parts."""
    parser = Parser.of(name, language)
    commands.load(name).arguments(parser)
    found = [parser]
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found += list(action.choices.values())
    return found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", commands.names())
def test_every_command_and_every_argument_is_explained(name: str, language: str) -> None:
    assert f"cli.{name}.summary" in entries(language)
    for parser in _parsers(name, language):
        assert not (parser.description or "cli.").startswith("cli."), parser.prog
        for action in parser._actions:
            if not isinstance(action, argparse._SubParsersAction):
                assert action.help, action.dest
                assert not action.help.startswith("cli."), action.help


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", commands.names())
def test_the_help_of_every_command_shows(
    name: str, language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = said(capsys, name, "--help", "--lang", language)
    assert (code, err) == (0, "")
    assert out.startswith("usage : " if language == "fr" else "usage: ")
    assert all(len(line) <= 100 for line in out.splitlines()), name


@pytest.mark.parametrize("name", commands.names())
def test_no_words_of_a_command_are_left_over(name: str) -> None:
    """Every entry for an argument belongs to an argument that exists, or is used by the file."""
    source = (ROOT / "bot" / "commands" / f"{name}.py").read_text("utf-8")
    dests = {
        f"{parser.words_of}.{action.dest}"
        for parser in _parsers(name, "en")
        for action in parser._actions
    }
    parts = {parser.words_of for parser in _parsers(name, "en")}
    for code in entries("en"):
        if code.startswith(f"cli.{name}."):
            rest = code.removeprefix("cli.")
            used = f'"{code}"' in source or code.rpartition("_")[0] in source
            about = rest.rpartition(".")[0] in parts and rest.endswith((".summary", ".about"))
            assert used or about or rest in dests, code


def test_without_a_word_it_says_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys)
    assert code == 0
    for name in commands.names():
        assert f"\n  {name} " in out


def test_a_command_that_does_not_exist_names_the_one_that_was_meant(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, _, err = said(capsys, "transcript")
    assert code == 2
    assert "parley transcripts" in err


@pytest.mark.parametrize(
    "given",
    [("--lang", "fr", "check", "--nope"), ("check", "--nope", "--lang=fr"), ("check", "--nope")],
)
def test_the_language_may_be_said_anywhere(
    given: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = said(capsys, *given)
    assert code == 2
    french = any("fr" in word for word in given)
    assert ("impossible de comprendre" in err) is french


def test_the_terminal_s_language_is_the_default(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PARLEY_LANGUAGE")
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    assert "Premiers pas" in said(capsys, "--help")[1]


def test_help_imports_nothing_heavy() -> None:
    heavy = "sqlalchemy flask twilio spacy marshmallow rq redis cryptography phonenumbers"
    program = (
        "import sys; from bot.cli import main; main(['--help']); "
        f"print([name for name in {heavy.split()!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == "[]"


# What each command does


def test_check_is_clean_on_the_sample_brand(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, "check", str(ROOT / "flows"))
    assert code == 0, out


def test_check_finds_what_is_wrong_in_flows_and_in_transcripts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    brand = tmp_path / "flows" / "margot"
    (brand / "flows").mkdir(parents=True)
    (brand / "transcripts").mkdir()
    sample = ROOT / "flows" / "margot" / "brand.yml"
    (brand / "brand.yml").write_text(sample.read_text("utf-8"))
    (brand / "flows" / "a.yml").write_text("flow: a\nsteps:\n  - say: Hello.\n  - end: done\n")
    (brand / "transcripts" / "a.txt").write_text("Ana: hi\n")
    code, out, _ = said(capsys, "check", str(tmp_path / "flows"), "--format", "json")
    assert code == 1
    found = {(one["file"], one["line"]) for one in json.loads(out)["complaints"]}
    assert ("flows/margot/flows/a.yml", 1) in found
    assert ("flows/margot/transcripts/a.txt", 1) in found


def test_check_without_a_folder_could_not_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys, "check", str(tmp_path / "nowhere"))[0] == 2


def test_a_real_carrier_makes_check_refuse_a_fictional_sender(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, _ = said(capsys, "check", str(ROOT / "flows"), "--real-carrier")
    assert code == 1
    assert "36000" in out


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_can_be_explained(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    from bot.commands.explain import codes

    known = codes(language)
    assert {"T001", "F021", "P005"} <= set(known)
    for code in known:
        assert f"check.{code}.explain" in entries(language), code
    done, out, _ = said(capsys, "explain", "t001", "--lang", language)
    assert done == 0
    assert entries(language)["check.T001.explain"] in out


def test_a_code_that_does_not_exist_names_those_close_to_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, _, err = said(capsys, "explain", "T0011")
    assert code == 2
    assert "T001" in err
    code, _, err = said(capsys, "explain", "NOPE")
    assert code == 2
    assert "lists them all" in err


def test_a_sentence_that_is_explained_shows_no_names_of_ours(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, out, _ = said(capsys, "explain", "C003")
    assert out.startswith("C003  {…} may have nothing to stand for here.")
    _, out, _ = said(capsys, "explain", "F027")
    assert "Write {name}, {name|fallback}, or {{ for a brace." in out


def test_hear_tells_what_compliance_hears(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, "hear", "--json", "S T O P")
    assert code == 0
    assert json.loads(out)["label"] == "opt_out"
    assert "none" in said(capsys, "hear", "two", "pizzas")[1]


def test_hear_reads_rows_and_writes_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = tmp_path / "texts.jsonl"
    rows.write_text(
        '{"text": "Arrêt", "lang": "fr"}\n\n{"text": "HELP", "lang": "en"}\n'
        '{"text": "oui", "lang": "fr", "heard_before": {"consent_question": "marketing"}}\n'
    )
    code, out, _ = said(capsys, "hear", "--jsonl", str(rows))
    assert code == 0
    found = [json.loads(line) for line in out.splitlines()]
    assert [set(row) for row in found] == [{"label", "scope", "why"}] * 3
    assert [row["label"] for row in found][:2] == ["opt_out", "help"]


@pytest.mark.parametrize("row", ["not json", "[1]", '{"lang": "fr"}', '{"text": 3}'])
def test_hear_names_the_row_that_it_cannot_read(
    row: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = tmp_path / "texts.jsonl"
    rows.write_text(row)
    code, _, err = said(capsys, "hear", "--jsonl", str(rows))
    assert code == 2
    assert str(rows) in err


CASE = """
cases:
- id: X1
  contact: {country: FR, tz: Europe/Paris, consent: {state: none}}
  message: {kind: marketing, content: {identity: true, stop_instruction: true}}
  now: '2026-11-24T14:00:00+01:00'
  expect: {decision: %s, reason: no_consent}
"""


def test_decide_compares_with_what_is_expected(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = tmp_path / "cases.yml"
    cases.write_text(CASE % "block")
    assert said(capsys, "decide", "--cases", str(cases))[0] == 0
    code, out, _ = said(capsys, "decide", "--cases", str(cases), "--json")
    assert code == 0
    row = {"id": "X1", "decision": "block", "reason": "no_consent", "defer_until": None}
    assert json.loads(out) == row
    cases.write_text(CASE % "allow")
    code, out, _ = said(capsys, "decide", "--cases", str(cases))
    assert code == 1
    assert "X1" in out


def test_decide_could_not_run_without_its_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "decide", "--cases", "/nowhere.yml")[0] == 2


def test_a_pin_is_kept_as_a_hash_that_the_counter_accepts(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.turns.redeeming import pin_fits

    monkeypatch.setattr(sys, "stdin", io.StringIO("4817\n"))
    code, out, _ = said(capsys, "pin", "--stdin")
    assert code == 0
    kept = out.strip().removeprefix('pin_hash: "').removesuffix('"')
    assert pin_fits("4817", kept)
    assert not pin_fits("4818", kept)
    monkeypatch.setattr(sys, "stdin", io.StringIO("abc\n"))
    assert said(capsys, "pin", "--stdin")[0] == 2


def test_the_pin_of_the_sample_brand_s_staff_is_the_one_its_file_tells() -> None:
    from bot.loading.folder import load_folder
    from bot.turns.redeeming import pin_fits

    brand = load_folder(ROOT / "flows" / "margot").brands["margot"].brand
    assert [pin_fits("4817", member.pin_hash) for member in brand.staff] == [True]


def test_settings_are_listed_without_a_secret(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "very-secret-token")
    code, out, err = said(capsys, "run", "--settings")
    assert code == 1  # a real carrier without the rest is not enough to start with
    assert "TWILIO_AUTH_TOKEN" in out
    assert "very-secret" not in out + err


def test_transcripts_tell_by_their_exit_code_whether_they_hold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = ROOT / "flows" / "margot" / "transcripts"
    assert said(capsys, "transcripts", str(folder / "offres_non.txt"))[0] == 0
    brand = tmp_path / "margot"
    (brand / "transcripts").mkdir(parents=True)
    (brand / "brand.yml").write_text((folder.parent / "brand.yml").read_text("utf-8"))
    wrong = brand / "transcripts" / "x.txt"
    wrong.write_text("at 2026-11-17 12:00 Europe/Paris, Ana (fr-FR)\nAna: ?\nnothing\n")
    code, out, _ = said(capsys, "transcripts", str(wrong), "--json")
    assert code == 1
    assert json.loads(out)["transcripts"][0]["line"] == 3
    assert said(capsys, "transcripts", str(tmp_path / "none"))[0] == 2


def test_transcripts_show_what_they_reached(capsys: pytest.CaptureFixture[str]) -> None:
    folder = ROOT / "flows" / "margot" / "transcripts"
    out = said(capsys, "transcripts", str(folder / "offres_non.txt"), "--coverage")[1]
    assert "margot/offres: " in out
    assert "never reached: " in out


def test_talk_answers_explains_and_moves_the_clock(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = "pizza\n/why\n/clock 20 min\n/as Karim\npizza\n/as Nobody\n/huh\n/quit\nignored\n"
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
    code, out, err = said(capsys, "talk", "--as", "James")
    assert code == 0
    assert "Which pizza? 1 Reine 12 EUR" in out
    assert "heard by" in out
    assert "GSM-7" in out
    assert "Still there?" in out
    assert "Quelle pizza ?" in out
    assert "Nobody is not known" in err
    assert "/huh" in err


def test_talk_refuses_numbers_that_somebody_may_have(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "talk", "--as", f"+336{0:08}")[0] == 2
