"""Settings: every variable is documented, wrong ones are named, secrets are never shown."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from bot import settings
from bot.catalogue import LANGUAGES
from bot.errors import KeyMissing
from bot.settings import VARIABLES, Carrier, from_env, problems
from tests.house.readme import README, with_table
from tests.house.source import ROOT

KEY = base64.b64encode(bytes(32)).decode()
REAL = {
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "t" * 32,
    "PUBLIC_URL": "https://sms.example.com/",
    "PARLEY_TOKEN": "o" * 32,
    "PARLEY_KEY": KEY,
    "DATABASE_URL": "postgres://parley:hunter2@db/parley",
}


def codes(environ: dict[str, str], *, fatal: bool = True) -> list[str]:
    return [one.code for one in problems(from_env(environ)) if one.fatal is fatal]


def test_nothing_has_to_be_set_to_try_parley() -> None:
    found = from_env({})
    assert problems(found) == ()
    assert found.carrier is Carrier.SIMULATED
    assert found.host == "127.0.0.1"
    assert found.database_url == f"sqlite:///{ROOT}/.parley/parley.db"
    assert (found.processes, found.threads, found.autopublish) == (1, 8, True)


def test_an_empty_variable_counts_as_absent() -> None:
    assert from_env({one.name: " " for one in VARIABLES}) == from_env({})


def test_a_twilio_account_means_real_phones() -> None:
    found = from_env(REAL)
    assert problems(found) == ()
    assert found.carrier is Carrier.TWILIO
    assert found.host == "0.0.0.0"
    assert found.public_url == "https://sms.example.com"
    assert found.database_url == "postgresql+psycopg://parley:hunter2@db/parley"
    assert (found.processes, found.threads, found.autopublish) == (2, 4, False)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("TWILIO_ACCOUNT_SID", "settings.needed"),
        ("TWILIO_AUTH_TOKEN", "settings.needed"),
        ("PUBLIC_URL", "settings.needed"),
        ("PARLEY_TOKEN", "settings.token_missing"),
        ("PARLEY_KEY", "settings.key_missing"),
    ],
)
def test_a_real_carrier_needs_it(name: str, code: str, tmp_path: Path) -> None:
    assert codes(REAL | {name: "", "PARLEY_DATA": str(tmp_path)}) == [code]


def test_a_short_token_is_refused_with_either_carrier() -> None:
    assert codes({"PARLEY_TOKEN": "o" * 31}) == ["settings.token_short"]
    assert codes(REAL | {"PARLEY_TOKEN": "o" * 31}) == ["settings.token_short"]


def test_sqlite_with_a_real_carrier_is_allowed_but_told() -> None:
    assert codes(REAL | {"DATABASE_URL": ""}) == []
    assert codes(REAL | {"DATABASE_URL": ""}, fatal=False) == ["settings.sqlite"]


def test_an_open_phone_page_is_told() -> None:
    assert codes({"HOST": "0.0.0.0"}, fatal=False) == ["settings.open_simulation"]
    assert codes({"HOST": "::1"}, fatal=False) == []


@pytest.mark.parametrize(
    "address", ["http://sms.example.com", "sms.example.com", "https://x.example/?a=b", "https://#x"]
)
def test_a_public_address_that_cannot_be_signed_is_refused(address: str) -> None:
    assert codes(REAL | {"PUBLIC_URL": address}) == ["settings.address"]
    assert codes(REAL | {"PUBLIC_FALLBACK_URL": address}) == ["settings.address"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "80a"),
        ("PORT", "70000"),
        ("PORT", "²"),
        ("WEB_THREADS", "0"),
        ("FLOWS_AUTOPUBLISH", "perhaps"),
        ("PARLEY_CARRIER", "pigeon"),
        ("LOG_LEVEL", "loud"),
    ],
)
def test_a_value_that_cannot_be_read_is_named(name: str, value: str) -> None:
    (problem,) = problems(from_env({name: value}))
    assert name in problem.text("en")
    assert value in problem.text("fr")


def test_secrets_are_never_shown() -> None:
    environ = {one.name: f"hidden-{one.name}" for one in VARIABLES if one.secret}
    shown = repr(from_env(environ))
    assert "hidden" not in shown


@pytest.mark.parametrize("text", ["", "????", base64.b64encode(bytes(31)).decode()])
def test_an_unusable_key_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(KeyMissing):
        settings.master_key(from_env({"PARLEY_KEY": text, "PARLEY_DATA": str(tmp_path)}))


def test_keys_for_two_purposes_are_two_keys() -> None:
    master = settings.master_key(from_env({"PARLEY_KEY": KEY}))
    found = {settings.subkey(master, purpose) for purpose in ("lookup", "ledger", "looku", "")}
    assert len(found) == 4
    assert settings.subkey(master, "lookup") == settings.subkey(master, "lookup")


def test_the_simulated_carriers_account_belongs_to_one_data_folder() -> None:
    account, token = settings.carrier_account(from_env({"PARLEY_KEY": KEY}))
    assert re.fullmatch("AC[0-9a-f]{32}", account)
    other = base64.b64encode(bytes(31) + b"x").decode()
    assert settings.carrier_account(from_env({"PARLEY_KEY": other})) != (account, token)


def test_a_deep_folder_still_has_a_socket_that_linux_takes() -> None:
    deep = Path("/srv") / ("a" * 60) / ("b" * 60)
    assert len(bytes(settings.socket_path(deep))) <= 107
    assert settings.socket_path(deep) != settings.socket_path(deep / "c")


@pytest.mark.parametrize("one", VARIABLES, ids=lambda one: one.name)
def test_every_variable_is_explained_in_both_languages(one: settings.Variable) -> None:
    for language in LANGUAGES:
        assert one.meaning(language) != f"env.{one.name}"
        assert f"`{one.name}`" in settings.table(language)


def test_every_variable_that_is_read_is_on_the_list() -> None:
    text = (ROOT / "bot" / "settings.py").read_text("utf-8")
    known = {one.name for one in VARIABLES}
    read = set(re.findall(r'read\.\w+\(\s*"([A-Z_]+)"', text))
    assert read == known
    started = "".join((ROOT / name).read_text("utf-8") for name in ("run", "Procfile"))
    used = set(re.findall(r"\$\{?([A-Z][A-Z_]+)", started))
    assert {name for name in used if not name.startswith("PYTHON")} <= known


def test_the_readme_shows_the_table_as_it_is() -> None:
    text = README.read_text("utf-8")
    assert "<!-- settings -->" in text
    assert with_table(text) == text, "run: .venv/bin/python -m tests.house.readme"
