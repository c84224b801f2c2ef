"""Rules about the code: each takes a module and gives its complaints, one line each."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.house.source import Module, docstrings, dotted, imports

FILE_LINES = 440  # "about 400": one line in ten is forgiven
FUNCTION_LINES = 44  # "about 40"
_SQL_PACKAGES = ("sqlalchemy", "psycopg", "psycopg_pool", "sqlite3", "alembic")
# A transaction is handed through the rooms, and its loss is noticed there: types, not statements.
_SQL_TYPES = {"Connection", "Engine", "DBAPIError", "OperationalError", "InterfaceError"}
_SQL_TEXT = re.compile(
    r"\b(SELECT\s[^;]*\sFROM\s|INSERT\s+INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s"
    r"|(CREATE|DROP|ALTER)\s+TABLE\s)"
)
_SQL_WRITES = re.compile(
    r"\b(INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|(CREATE|DROP)\s+TABLE)\b"
)
_CLOCK = re.compile(
    r"^(time\.(time|time_ns|localtime|gmtime|ctime)"
    r"|(datetime\.)?datetime\.(now|utcnow|today)|(datetime\.)?date\.today)$"
)
_CHANCE = re.compile(r"^(os\.(urandom|getrandom)|uuid\.uuid[14]|random\..*|secrets\..*)$")
_PURE_TIME = re.compile(r"^time\.(monotonic|perf_counter|sleep|process_time)(_ns)?$")
_FOUND_BY_FOLDER = (
    "bot.engine.steps",
    "bot.engine.lint",
    "bot.channels",
    "bot.effects",
    "bot.measures",
    "compliance.checks",
)


def _strings(module: Module) -> Iterator[ast.Constant]:
    """All string constants that are not docstrings."""
    said = docstrings(module)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node


def speaks_to_a_channel(module: Module) -> Iterator[str]:
    """Only sending/gate.py calls a channel's `send` or `render_reply`, or even names them."""
    if module.within("bot.sending.gate", "bot.channels"):
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and node.attr in ("send", "render_reply"):
            yield f"{module.at(node)}: .{node.attr} belongs to sending/gate.py alone"
    for node, name in imports(module):
        if name.startswith("bot.channels.") and name.endswith((".send", ".render_reply")):
            yield f"{module.at(node)}: {name} belongs to sending/gate.py alone"


def speaks_sql(module: Module) -> Iterator[str]:
    """SQL is written under store/ and measures/ only."""
    if module.within("bot.store", "bot.measures"):
        return
    for node, name in imports(module):
        types = isinstance(node, ast.ImportFrom) and all(n.name in _SQL_TYPES for n in node.names)
        if name.split(".")[0] in _SQL_PACKAGES and not types:
            yield f"{module.at(node)}: imports {name}; SQL lives in bot/store and bot/measures"
    for text in _strings(module):
        if _SQL_TEXT.search(str(text.value)):
            yield f"{module.at(text)}: a statement of SQL outside bot/store and bot/measures"


def writes_from_a_measure(module: Module) -> Iterator[str]:
    """Measures only read."""
    if not module.within("bot.measures"):
        return
    for node, name in imports(module):
        last = name.rpartition(".")[2]
        if name.startswith("sqlalchemy") and last in ("insert", "update", "delete"):
            yield f"{module.at(node)}: a measure imports {last}; measures only read"
    for node in ast.walk(module.tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and (node.func.attr in ("insert", "commit") or dotted(node.func) == "sa.delete")
        ):
            yield f"{module.at(node)}: a measure calls .{node.func.attr}; measures only read"
    for text in _strings(module):
        if _SQL_WRITES.search(str(text.value)):
            yield f"{module.at(text)}: a measure writes; measures only read"


def reads_clock_or_chance(module: Module) -> Iterator[str]:
    """`now`, ids and dice are handed in; wiring.py alone reads the clock and randomness.

    `time.monotonic` measures how long something took and dates nothing, so it is allowed outside
    the pure rooms.
    """
    if module.within("bot.wiring"):
        return
    pure = module.within("bot.engine", "bot.understanding", "compliance")
    for node, name in imports(module):
        if name in ("random", "secrets", "time.time", "time.time_ns", "os.urandom", "uuid.uuid4"):
            yield f"{module.at(node)}: imports {name}; it is handed in from bot/wiring.py"
    for node in ast.walk(module.tree):
        name = dotted(node) if isinstance(node, ast.Attribute) else ""
        if _CLOCK.match(name) or _CHANCE.match(name) or (pure and _PURE_TIME.match(name)):
            yield f"{module.at(node)}: reads {name}; it is handed in from bot/wiring.py"


def has_no_docstring(module: Module) -> Iterator[str]:
    """A module that is found by its folder says what it is, at its top."""
    parent, _, last = module.name.rpartition(".")
    if parent in _FOUND_BY_FOLDER and not last.startswith("_"):
        words = ast.get_docstring(module.tree) or ""
        if len(words) < 30:
            yield f"{module.path}:1: needs a docstring that says what it is, with an example"


def is_too_long(module: Module) -> Iterator[tuple[str, str]]:
    """Long files, and functions that are long without their docstring: name and complaint."""
    lines = module.text.count("\n")
    if lines > FILE_LINES:
        yield module.name, f"{module.path}: {lines} lines, over {FILE_LINES}"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            said = 0
            if ast.get_docstring(node) is not None:
                said = (first.end_lineno or 0) - first.lineno + 1
            length = (node.end_lineno or 0) - node.lineno + 1 - said
            if length > FUNCTION_LINES:
                where = f"{module.at(node)}: {node.name} takes {length} lines"
                yield f"{module.name}.{node.name}", f"{where}, over {FUNCTION_LINES}"


def reads_environment(module: Module) -> Iterator[str]:
    """The environment is read by bot/settings.py alone, from one written list.

    Whoever starts a process hands the environment over whole: `from_env(os.environ)`.
    """
    if module.within("bot.settings"):
        return
    handed: set[int] = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and dotted(node.func).endswith("from_env"):
            handed |= {id(argument) for argument in node.args}
        if dotted(node) in ("os.environ", "os.getenv") and id(node) not in handed:
            yield f"{module.at(node)}: reads the environment; bot/settings.py does that"
    for node, name in imports(module):
        if name in ("os.environ", "os.getenv"):
            yield f"{module.at(node)}: reads the environment; bot/settings.py does that"
