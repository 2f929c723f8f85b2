"""Facts about a statement from its words, with comments and strings taken out."""

from __future__ import annotations

import re

__all__ = ["bare", "built_index", "holds_nobody_up", "reaches_out"]

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
_REACHES_OUT = re.compile(
    r"\b(?:CREATE|ALTER|DROP) (?:ROLE|USER(?! MAPPING)|GROUP|DATABASE|TABLESPACE|SUBSCRIPTION)\b|\bALTER SYSTEM\b"
    r"|\bCOPY\b.*\bPROGRAM\b|\bdblink|\b(?:DROP|REASSIGN) OWNED\b|\bpg_(?:terminate|cancel)_backend\b",
    re.I,
)


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
