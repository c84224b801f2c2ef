"""Fixtures for the whole suite. Nothing is skipped: a skipped test counts as a failed one."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.support.clock import Dice, Ids, VirtualClock
from tests.support.postgres import Cluster
from tests.support.processes import free_port
from tests.support.stack import Stack
from tests.support.valkey import Valkey

settings.register_profile(
    "ci", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile("nightly", settings.get_profile("ci"), max_examples=100_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Turn a skip into a failure: a machine that lacks something has to say so."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and nothing may be: {report.longrepr}"


# -- databases ------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL server for this test process."""
    with Cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def postgres_template(postgres: Cluster) -> str:
    """Name of a migrated database that others are copied from."""
    name = postgres.create()
    _migrate(postgres.url(name))
    return name


@pytest.fixture
def postgres_url(postgres: Cluster, postgres_template: str) -> Iterator[str]:
    """Address of a migrated PostgreSQL database of this test's own."""
    with postgres.database(postgres_template) as url:
        yield url


@pytest.fixture
def empty_postgres_url(postgres: Cluster) -> Iterator[str]:
    """Address of a PostgreSQL database without any table, for tests of migrations."""
    with postgres.database() as url:
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file that others are copied from."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """Address of a migrated SQLite database of this test's own."""
    path = tmp_path / "parley.db"
    for end in ("", "-wal"):
        source = sqlite_template.with_name(sqlite_template.name + end)
        if source.exists():
            shutil.copy(source, path.with_name(path.name + end))
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Address of a migrated database; a test that asks for it runs on both kinds."""
    name = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    return str(request.getfixturevalue(name))


def _migrate(url: str) -> None:
    if importlib.util.find_spec("bot.store.migrate") is None:
        raise RuntimeError("bot/store/migrate.py is needed for a migrated database")
    from bot.store import migrate

    migrate.upgrade(url)


# -- queue and browser ----------------------------------------------------------------------------


@pytest.fixture(scope="session")
def valkey() -> Iterator[Valkey]:
    """A Valkey server for this test process."""
    with Valkey() as server:
        yield server


@pytest.fixture
def redis_url(valkey: Valkey) -> str:
    """Address of an emptied Valkey."""
    valkey.flush()
    return valkey.url


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of Debian's Chromium."""
    path = "/usr/bin/chromium"
    if not Path(path).exists():
        raise RuntimeError("Chromium is not installed here: sudo apt-get install -y chromium")
    return path


@pytest.fixture(scope="session")
def browser_type_launch_args(chromium: str) -> dict[str, object]:
    """How pytest-playwright starts the browser; `page` and `browser` come from there."""
    arguments = ["--disable-dev-shm-usage"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    return {"executable_path": chromium, "args": arguments, "headless": True}


# -- time, ids, chance ----------------------------------------------------------------------------


@pytest.fixture
def clock() -> VirtualClock:
    """A clock that stands at 2026-03-02 11:58 in Paris until it is moved."""
    return VirtualClock()


@pytest.fixture
def dice() -> Dice:
    """Chance that repeats exactly."""
    return Dice()


@pytest.fixture
def make_id(clock: VirtualClock) -> Ids:
    """Makes ids in rising order at the clock's time."""
    return Ids(clock)


@pytest.fixture
def port() -> int:
    """A free TCP port of 127.0.0.1."""
    return free_port()


# -- everything -----------------------------------------------------------------------------------


@pytest.fixture
def start_stack(tmp_path: Path) -> Iterator[Callable[..., Stack]]:
    """Starts a whole Parley, `start_stack(database_url=..., environ={...})`, stopped afterwards."""
    started: list[Stack] = []

    def start(**given: Any) -> Stack:
        stack = Stack(tmp_path / f"data{len(started)}", **given)
        started.append(stack)
        stack.start()
        return stack

    yield start
    for stack in started:
        stack.stop()


@pytest.fixture
def stack(start_stack: Callable[..., Stack]) -> Stack:
    """A whole Parley on SQLite, as `./run` starts it."""
    return start_stack()
