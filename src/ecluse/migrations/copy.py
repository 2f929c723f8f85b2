"""An empty copy of a PostgreSQL schema, made from its catalogues: the one program that both targets always have is the
site's own driver, not pg_dump. Whether it is a true copy is seen afterwards, by comparing the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .definitions import FIRST, LAST, OWNERS, REFUSED, ROLES, SETTINGS, TANGLED

__all__ = ["CannotCopy", "roles", "structure", "write"]


class CannotCopy(Exception):
    """The schema has something that no copy can be made of here; the message says what."""


def roles(cursor: Any) -> list[str]:
    """The statements that make the server's roles, for a server of the copy's own."""
    return _ask(cursor, ROLES)


def structure(cursor: Any, database: str, *, own_server: bool) -> list[list[str]]:
    """The statements that make the schema that *cursor* is in, in *database*: in a list, any order may be right."""
    refused = _ask(cursor, REFUSED)
    if refused:
        raise CannotCopy(f"it has {', '.join(refused)}")
    steps = [[sql] for sql in FIRST] + [list(TANGLED)] + [[sql] for sql in LAST]
    steps += [[sql] for sql in OWNERS] if own_server else []
    found = [[statement for sql in step for statement in _ask(cursor, sql)] for step in steps]
    settings = _ask(cursor, SETTINGS.format(database=database.replace("'", "''")))
    return [*found, [one for one in settings if own_server or one.startswith("ALTER DATABASE")]]


def write(run: Callable[[str], Any], statements: Iterable[Sequence[str]]) -> None:
    """Make the schema by *run*, which raises where a statement fails. Raises CannotCopy."""
    run("SET search_path = ''")
    run("SET check_function_bodies = off")
    for group in statements:
        left = list(group)
        while left:
            failed, reason = [], ""
            for statement in left:
                try:
                    run(statement)
                except Exception as error:  # whatever the driver raises
                    failed.append(statement)
                    reason = str(error).strip().partition("\n")[0]
            if len(failed) == len(left):
                raise CannotCopy(f"{' '.join(failed[0].split())[:100]}: {reason}")
            left = failed


def _ask(cursor: Any, sql: str) -> list[str]:
    cursor.execute(sql)
    return [row[0] for row in cursor.fetchall() if row[0]]
