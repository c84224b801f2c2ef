"""`parley bench`: where it measures, and what it prints."""

from __future__ import annotations

import json

import psycopg
import pytest
from sqlalchemy.engine import make_url

from bot.bench.scratch import scratch
from tests.cli.test_cli import nobody_s_environment, said

__all__ = ["nobody_s_environment"]


def _databases(url: str) -> set[str]:
    plain = url.replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(plain) as conn:
        return {row[0] for row in conn.execute("SELECT datname FROM pg_database")}


def test_a_scratch_database_stands_beside_ours_and_is_gone_afterwards(postgres_url: str) -> None:
    before = _databases(postgres_url)
    with scratch(postgres_url) as url:
        (made,) = _databases(postgres_url) - before
        assert make_url(url).database == made
    assert _databases(postgres_url) == before


def test_a_scratch_database_is_dropped_when_the_run_breaks(postgres_url: str) -> None:
    before = _databases(postgres_url)
    with pytest.raises(ZeroDivisionError), scratch(postgres_url):
        raise ZeroDivisionError
    assert _databases(postgres_url) == before


def test_postgresql_is_not_measured_where_there_is_none(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, _, err = said(capsys, "bench", "inbound", "--database", "postgresql")
    assert code == 2
    assert "DATABASE_URL" in err


@pytest.mark.alone
def test_a_run_prints_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, "bench", "outbound", "--json", "--rounds", "1", "--seconds", "0.3")
    assert code == 0
    (run,) = json.loads(out)["runs"]
    assert run["database"] == "sqlite"
    assert run["decided_per_s"] > 0
