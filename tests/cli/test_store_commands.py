"""Commands on a database: publish, release, ledger, redeem, measures, status, migrate."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from bot.channels import Inbound
from bot.cli import main
from bot.settings import from_env
from bot.store.rehearsal import read_truth
from bot.store.tables import ledger
from bot.turns.inbound import hear_text
from bot.wiring import build
from tests.cli.test_cli import ROOT, nobody_s_environment, said

__all__ = ["nobody_s_environment"]
ANA = "+33639984107"


@pytest.fixture
def flows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the sample brand, as the folder of flows."""
    folder = tmp_path / "flows"
    shutil.copytree(ROOT / "flows" / "margot", folder / "margot")
    monkeypatch.setenv("PARLEY_FLOWS", str(folder))
    monkeypatch.setenv("FLOWS_AUTOPUBLISH", "0")
    return folder


@pytest.fixture
def app(flows: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:  # noqa: ARG001
    """A published brand on this test's database."""
    assert main(["publish"]) == 0
    capsys.readouterr()
    wired = build(from_env(os.environ), channels={}, wake=lambda _lane: None)
    yield wired
    wired.db.close()


def text(app: Any, words: str) -> list[str]:
    text.count += 1  # type: ignore[attr-defined]
    inbound = Inbound(
        "twilio",
        f"SM{text.count:032x}",
        "AC",
        "36000",
        ANA,
        words,
        raw=words.encode(),  # type: ignore[attr-defined]
    )
    return [body for _id, body in hear_text(app, inbound).replies]


text.count = 0  # type: ignore[attr-defined]


def test_publish_makes_what_has_changed_live_and_keeps_back_what_is_wrong(
    flows: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = said(capsys, "publish")
    assert code == 0
    assert "margot/commande" in out
    assert "Nothing has changed" in said(capsys, "publish", "margot")[1]
    quiz = flows / "margot" / "flows" / "quiz.yml"
    quiz.write_text(quiz.read_text("utf-8").replace("go: calzone", "go: calzon"))
    code, out, err = said(capsys, "publish")
    assert code == 1
    assert "quiz.yml" in err
    assert "calzone" in err
    assert said(capsys, "publish", "nobody")[0] == 2


def test_release_migrates_and_publishes_and_can_be_run_again(
    flows: Path,  # noqa: ARG001
    capsys: pytest.CaptureFixture[str],
) -> None:
    for _ in range(2):
        assert said(capsys, "migrate")[0] == 0
        assert said(capsys, "release")[0] == 0
    assert said(capsys, "migrate", "--check")[0] == 0


def test_release_refuses_settings_that_are_not_enough(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", "AC" + "0" * 32)
    code, _, err = said(capsys, "release")
    assert code == 2
    assert "PARLEY_TOKEN" in err


def test_migrate_says_that_a_database_is_behind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data").mkdir()
    code, out, _ = said(capsys, "migrate", "--check")
    assert code == 1
    assert "parley migrate" in out


def test_the_ledger_is_shown_and_proved(app: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "ledger", "verify")[0] == 0
    text(app, "offres")
    text(app, "oui")
    text(app, "stop")
    code, out, _ = said(capsys, "ledger", "verify", "--json")
    assert code == 0
    (found,) = json.loads(out)["brands"]
    assert found["holds"]
    assert found["lines"] >= 3
    code, out, _ = said(capsys, "ledger", "show", "--number", ANA, "--json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["event"] for row in rows][:2] == ["request", "confirm"]
    assert ANA not in out
    assert "oui" not in out
    assert "withdraw" in said(capsys, "ledger", "show")[1]
    assert "Nobody" in said(capsys, "ledger", "show", "--number", "+33639980000")[2]


def test_a_changed_line_of_the_ledger_is_named(
    app: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    text(app, "offres")
    text(app, "oui")
    app.db.write(
        lambda conn: conn.execute(
            update(ledger).where(ledger.c.seq == 2).values(line=ledger.c.line + " ")
        )
    )
    code, out, _ = said(capsys, "ledger", "verify")
    assert code == 1
    assert "margot: line 2" in out


def test_a_ledger_whose_end_was_cut_off_does_not_hold(
    app: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    text(app, "offres")
    text(app, "oui")
    app.db.write(lambda conn: conn.execute(ledger.delete().where(ledger.c.seq == 2)))
    code, out, _ = said(capsys, "ledger", "verify")
    assert code == 1
    assert "cut off" in out


def test_a_code_is_taken_once(app: Any, capsys: pytest.CaptureFixture[str]) -> None:
    text(app, "offres")
    text(app, "oui")
    # Read from the store: on a Sunday the text with the code waits for Monday.
    given = app.db.read(lambda conn: read_truth(conn, app.vault, "margot", ANA)).coupons["welcome"]
    assert said(capsys, "redeem", given.lower(), "--by", "Luc")[0] == 0
    code, out, _ = said(capsys, "redeem", given)
    assert code == 1
    assert given in out
    assert said(capsys, "redeem", "MARGOT-NOBODY")[0] == 1
    assert said(capsys, "redeem", given, "--brand", "nobody")[0] == 2


def test_measures_name_their_formula_and_their_fraction(
    app: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    text(app, "offres")
    text(app, "oui")
    code, out, _ = said(capsys, "measures", "--json", "--since", "1d")
    assert code == 0
    (brand,) = json.loads(out)["brands"]
    numbers = {one["name"]: one for one in brand["measures"]}
    assert set(numbers) == {"response", "conversion", "redemption", "opt_out"}
    assert (numbers["conversion"]["numerator"], numbers["conversion"]["denominator"]) == (1, 1)
    assert "÷" in said(capsys, "measures", "--flow", "offres")[1]
    assert said(capsys, "measures", "--since", "soon")[0] == 2
    assert said(capsys, "measures", "--brand", "nobody")[0] == 2


def test_status_is_one_when_something_is_past_its_limit(
    app: Any,  # noqa: ARG001
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, _ = said(capsys, "status", "--json")
    told = json.loads(out)
    assert code == 1  # nothing runs: no queue answers, nothing was reconciled
    assert told["items"]["database"]["ok"]
    assert not told["items"]["queue"]["ok"]


def test_reconcile_without_its_carrier_could_not_run(
    flows: Path,  # noqa: ARG001
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert said(capsys, "reconcile")[0] == 2


def test_a_database_that_is_away_is_said_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    code, _, err = said(capsys, "ledger", "verify")
    assert code == 2
    assert "database does not answer" in err
    assert len(err.strip().splitlines()) == 1


def test_talk_with_a_parley_that_does_not_run_says_so(
    flows: Path,  # noqa: ARG001
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, _, err = said(capsys, "talk", "--running")
    assert code == 2
    assert "./run" in err
