"""`kill -9` of everything while customers text: nothing lost, nothing twice, nothing past a STOP.

The long run, 200 kills over 20,000 texts, is `python -m tests.faults.crash`.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.faults.crash import Plan, crash

SHORT = Plan(kills=25, texts=1000, seed=7, jumps=3)


@pytest.mark.alone
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_kills_lose_nothing_send_nothing_twice_and_nothing_past_a_stop(
    kind: str, tmp_path: Path
) -> None:
    told = crash(SHORT, kind, tmp_path)
    assert told["clean"], json.dumps(told, indent=1)
    assert told["texts"] == SHORT.texts
    assert told["proactive"] > 50
    assert told["uncertain_resolved"] > 0
