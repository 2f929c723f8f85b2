"""PostgreSQL of Debian, with a role and a database for the site.

The role has no password: over the socket, PostgreSQL asks the kernel which account connects (``peer``, as Debian
configures it). Debian's PostgreSQL listens on that socket and on the loopback alone.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ecluse.remote.provisioner.debian import MARK, exists, run, version
from ecluse.remote.provisioner.item import Item

__all__ = ["postgresql"]

_PSQL = ("psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1", "--port=5432")

_MAJORS = {"12": "15", "13": "17"}
"""The major version of PostgreSQL in each version of Debian."""

_SETTINGS = {"client_encoding": "UTF8", "default_transaction_isolation": "read committed", "TimeZone": "UTC"}
"""The settings of the role in its database. Django would ask for each of them with every connection."""

_STATE = """
SELECT 'mark', shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = :'role';
SELECT 'owner', pg_get_userbyid(datdba) FROM pg_database WHERE datname = :'database';
SELECT 'encoding', pg_encoding_to_char(encoding) FROM pg_database WHERE datname = :'database';
SELECT 'open', has_database_privilege('public', oid, 'CONNECT') FROM pg_database WHERE datname = :'database';
SELECT 'setting', unnest(setconfig) FROM pg_db_role_setting
  WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = :'database')
    AND setrole = (SELECT oid FROM pg_roles WHERE rolname = :'role');
"""

# Both or neither: a role without the mark would be somebody else's for the next run.
_ROLE = f"""BEGIN; CREATE ROLE :"role" LOGIN; COMMENT ON ROLE :"role" IS '{MARK}'; COMMIT"""


@dataclass
class DatabaseState:
    """The role and the database as they are: *mark* is the role's comment, *owner* the database's owner; None where
    there is no such role or database. *open*: every role may connect to the database (``t``).
    """

    mark: str | None = None
    owner: str | None = None
    encoding: str = "UTF8"
    open: str = "t"
    settings: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, printed: str) -> DatabaseState:
        """The state that :data:`_STATE` prints."""
        state = cls()
        for line in printed.splitlines():
            kind, _, value = line.partition("|")
            if kind == "setting":
                name, _, set_to = value.partition("=")
                state.settings[name] = set_to
            else:
                setattr(state, kind, value)
        return state


def postgresql(role: str, database: str, own: Path, tested: Sequence[str]) -> Item:
    """PostgreSQL with *role* and its *database*. *own* is the folder of the PostgreSQL that the site has by itself, if
    it has been rolled out without this one. *tested* are the major versions that the tests use.
    """
    names = (f"--set=role={role}", f"--set=database={database}")

    def ask(sql: str) -> str:
        return run(["runuser", "-u", "postgres", "--", *_PSQL, "--dbname=postgres", *names], f"{sql};\n")

    def change() -> str:
        answers = _answers()
        state = DatabaseState.of(ask(_STATE)) if answers else DatabaseState()
        if state.owner is None and own.exists():
            sys.exit(
                f"the data of the site is in {own}: the next deploy would begin with an empty database. Move it away"
            )
        missing = _shown(steps(role, database, state, major()))
        if not answers:
            return f"+PostgreSQL runs\n{missing}"
        if not missing and exists(role):
            run(["runuser", "-u", role, "--", *_PSQL, f"--dbname={database}"], "SELECT 1;\n")  # as the site does
        return missing

    def apply() -> None:
        if not _answers():
            # Its unit is up where its server alone was stopped: a start would do nothing.
            run(["systemctl", "restart", "postgresql"])
        for _, sql in steps(role, database, DatabaseState.of(ask(_STATE)), major()):
            ask(sql)

    return Item("postgresql", change, apply, note=lambda: _differs(major(), tested))


def steps(role: str, database: str, state: DatabaseState, major: str) -> Iterator[tuple[str, str]]:
    """The lacking parts of role and database, with the SQL that makes each. Ends where they are somebody else's."""
    if state.mark not in (None, MARK):
        sys.exit(
            f"PostgreSQL has a role {role} that was not made by ecluse: it is left as it is. To hand it over: "
            f"COMMENT ON ROLE \"{role}\" IS '{MARK}'"
        )
    if state.owner not in (None, role):
        sys.exit(f"PostgreSQL has a database {database} that belongs to {state.owner}, not to {role}: it is left so")
    if state.encoding != "UTF8":
        sys.exit(f"the database {database} has the encoding {state.encoding}, not UTF8: dump it, and make it anew")
    if state.mark is None:
        yield f"role {role}, without a password", _ROLE
    if state.owner is None:
        # Not after the template of the cluster, whose encoding may be any; sorted by code points, as in tests.
        builtin = "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' " if int(major) >= 17 else ""
        made = f"TEMPLATE template0 ENCODING 'UTF8' {builtin}LOCALE 'C.UTF-8'"
        yield f"database {database} of {role}, in UTF-8", f'CREATE DATABASE :"database" OWNER :"role" {made}'
    if state.open == "t":
        yield "no other role connects to it", 'REVOKE ALL ON DATABASE :"database" FROM PUBLIC'
    for name, value in _SETTINGS.items():
        if state.settings.get(name) != value:
            in_database = 'ALTER ROLE :"role" IN DATABASE :"database"'
            yield f"{name} = {value}", f"{in_database} SET {name} TO '{value}'"


def major() -> str:
    """The major version of PostgreSQL here: of the server that runs, else of Debian's package."""
    if not _answers():
        return _MAJORS[version()]
    number = run(["runuser", "-u", "postgres", "--", *_PSQL, "--dbname=postgres"], "SHOW server_version_num;\n")
    return str(int(number) // 10000)


def _answers() -> bool:
    argv = ["pg_isready", "--quiet", "--port=5432"]
    try:
        return subprocess.run(argv, check=False).returncode == 0
    except FileNotFoundError:
        return False


def _differs(here: str, tested: Sequence[str]) -> str:
    """A word on tests that use other versions than the one *here*; empty where they do not."""
    others = [one for one in tested if one != here]
    if not others:
        return ""
    return (
        f"PostgreSQL is {here} here, and {' and '.join(others)} in the tests: "
        f'Service(kind="postgres", version="{here}") in pipeline.py tests on the same'
    )


def _shown(found: Iterator[tuple[str, str]]) -> str:
    return "".join(f"+{what}\n" for what, _ in found)
