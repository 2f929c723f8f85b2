"""Facts about a statement from its words, with comments and strings taken out."""

from __future__ import annotations

import re

__all__ = [
    "asks_for_rows",
    "bare",
    "built_index",
    "converts",
    "decides",
    "holds_nobody_up",
    "leaves_the_database",
    "reaches_out",
    "writes",
]

_HIDDEN = re.compile(
    r"--[^\n]*|/\*(?:[^*/]|\*(?!/)|/(?!\*)|/\*.*?\*/)*\*/|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$|'(?:[^']|'')*'", re.S
)
_PATIENT = re.compile(
    r"\s*(?:CREATE (?:UNIQUE )?INDEX CONCURRENTLY|DROP INDEX CONCURRENTLY|REINDEX .*\bCONCURRENTLY|VACUUM(?! FULL)"
    r"|ANALYZE|REFRESH MATERIALIZED VIEW CONCURRENTLY"
    r"|ALTER TABLE (?:IF EXISTS )?(?:ONLY )?[\w\".]+ VALIDATE CONSTRAINT [\w\"]+\s*;?\s*$"
    r"|ALTER TABLE .* DETACH PARTITION .* CONCURRENTLY)\b",
    re.I,
)
_INDEX = re.compile(
    r'\s*CREATE (?:UNIQUE )?INDEX CONCURRENTLY (?:IF NOT EXISTS )?(?P<name>[\w"]+) ON (?:ONLY )?(?P<table>[\w".]+)',
    re.I,
)
_LEAVES = (
    r"\bCOPY\b.*\bPROGRAM\b|\bdblink|\blo_export\b|\bpg_file_write\b|\bCREATE (?:SERVER|SUBSCRIPTION)\b"
    r"|\bALTER SYSTEM\b|\bALTER (?:ROLE|USER(?! MAPPING)) (?!.* (?:SET|RESET) )"
)
_REACHES_OUT = re.compile(
    r"\b(?:CREATE|ALTER|DROP) (?:ROLE|USER(?! MAPPING)|GROUP|DATABASE|TABLESPACE|SUBSCRIPTION)\b"
    rf"|\b(?:DROP|REASSIGN) OWNED\b|\bpg_(?:terminate|cancel)_backend\b|{_LEAVES}",
    re.I,
)
_LEAVES_THE_DATABASE = re.compile(_LEAVES, re.I)
_ROWS = re.compile(r'\s*(?:SELECT|WITH)\b.*\bFROM (?!"?(?:pg_|information_schema|django_migrations))', re.I)
_BLOCK = re.compile(r"\s*DO\b", re.I)
_DEFINES = re.compile(r"\b(?:ALTER|DROP|TRUNCATE|RENAME|REVOKE|EXECUTE)\b", re.I)
_REFERS = re.compile(r"\bFOREIGN KEY\b|\bREFERENCES\b", re.I)
_ALTERED = re.compile(r'\bALTER TABLE (?:IF EXISTS )?(?:ONLY )?(?P<table>[\w".]+)(?P<rest>[^;]*)', re.I)
_CONVERTED = re.compile(
    r'\bALTER (?:COLUMN )?(?P<column>[\w"]+) (?:SET DATA )?TYPE\b[^;]*?\bUSING (?P<value>[^;]*?)'
    r"(?=, ?(?:ALTER|ADD|DROP|RENAME|SET|VALIDATE)\b|;|$)",
    re.I,
)
_WRITES = re.compile(r'\b(?:INSERT INTO|UPDATE|DELETE FROM|MERGE INTO|COPY) (?:ONLY )?(?P<table>[\w".]+)', re.I)
_KIND = r"[a-z_]\w*(?: varying| precision)?(?:\(\d+(?:, ?\d+)?\))?(?:\[\])*"


def bare(sql: str) -> str:
    """*sql* on one line, without comments, its strings empty."""
    found = _HIDDEN.sub(lambda one: "''" if one[0][0] in "'$" else " ", sql)
    return re.sub(r"\s+", " ", found).strip()


def holds_nobody_up(sql: str) -> bool:
    """Whether a bare statement may take its time: nobody waits for it, whatever it waits for."""
    return ";" not in sql.rstrip("; ") and _PATIENT.match(sql) is not None


def built_index(sql: str) -> tuple[str, str] | None:
    """The index that a bare CREATE INDEX CONCURRENTLY builds, and its table, as they are written."""
    found = _INDEX.match(sql)
    return (found["name"], found["table"]) if found else None


def reaches_out(sql: str) -> bool:
    """Whether a bare statement has an effect outside of the database that it runs in."""
    return _REACHES_OUT.search(sql) is not None


def leaves_the_database(sql: str) -> bool:
    """Whether a statement acts where a server of the copy's own does not hold it in, or changes how a role logs in.
    Blocks of code are looked into.
    """
    said = " ".join(sql.split()) if _BLOCK.match(sql) else bare(sql)
    return _LEAVES_THE_DATABASE.search(said) is not None


def asks_for_rows(sql: str) -> bool:
    """Whether a bare statement reads tables that are not the database's own lists."""
    return _ROWS.match(sql) is not None


def decides(sql: str) -> bool:
    """Whether a block of code changes the schema, so that rows which it reads may tell it how."""
    return bool(_BLOCK.match(sql) and _DEFINES.search(sql) and not _REFERS.search(sql))


def converts(sql: str) -> list[tuple[str, str]]:
    """The tables and columns that a bare statement gives another value, beside another type."""
    found = []
    for altered in _ALTERED.finditer(sql):
        for one in _CONVERTED.finditer(altered["rest"]):
            column = one["column"].strip('"')
            cast = rf'\(*"?{re.escape(column)}"?\)*(?: ?:: ?{_KIND}\)*)*|CAST ?\("?{re.escape(column)}"? AS {_KIND}\)'
            if not re.fullmatch(cast, one["value"].strip(), re.I):
                found.append((altered["table"], column))
    return found


def writes(sql: str) -> list[str]:
    """The tables whose rows a statement may write; blocks of code are looked into. Some words may be no tables."""
    said = " ".join(sql.split()) if _BLOCK.match(sql) else bare(sql)
    return [one["table"] for one in _WRITES.finditer(said)]
