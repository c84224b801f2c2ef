"""Logs are one line of JSON an event, on standard error, and libraries may only warn there."""

from __future__ import annotations

import json
import subprocess
import sys

SCRIPT = """
import logging
import structlog
from bot.logs import configure
from bot.settings import LogLevel

configure(LogLevel.{level})
log = structlog.get_logger()
log.debug("quiet")
log.info("heard", message="01J")
log.warning("late")
logging.getLogger("twilio.http_client").info("Payload: a text and a number")
try:
    raise ValueError("broken")
except ValueError:
    log.exception("failed")
"""


def _logged(level: str) -> tuple[str, list[dict[str, str]]]:
    script = SCRIPT.replace("{level}", level)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return done.stdout, [json.loads(line) for line in done.stderr.splitlines()]


def test_each_event_is_one_line_of_json_on_standard_error() -> None:
    output, lines = _logged("INFO")
    assert output == ""
    assert [line["event"] for line in lines] == ["heard", "late", "failed"]
    assert lines[0]["message"] == "01J"
    assert lines[0]["level"] == "info"
    assert "ValueError: broken" in lines[2]["exception"]


def test_the_level_is_kept_and_libraries_only_warn() -> None:
    assert [line["event"] for line in _logged("WARNING")[1]] == ["late", "failed"]
    loud = _logged("DEBUG")[1]
    assert loud[0]["event"] == "quiet"
    assert not [line for line in loud if "Payload" in str(line)]
