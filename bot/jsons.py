"""JSON, quickly: what a turn writes and reads several times."""

from __future__ import annotations

from typing import Any

import orjson


def dumps(value: Any) -> str:
    """Compact JSON of plain data. Raises TypeError for anything else."""
    return orjson.dumps(value).decode()


def dump_bytes(value: Any) -> bytes:
    """The same as UTF-8 bytes."""
    return orjson.dumps(value)


def loads(text: str | bytes) -> Any:
    """What a JSON text says. Raises ValueError for what is none."""
    return orjson.loads(text)
