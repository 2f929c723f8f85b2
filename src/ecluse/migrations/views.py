"""Views: the tables that they read, whether the database lets them, and whether a new query gives the same rows."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["View", "read_views", "same_rows"]

# Each view with every table and view that it reads, itself or through another view. A view reads with the rights of
# its owner, unless it says security_invoker.
_VIEWS = """
WITH RECURSIVE own AS (
    SELECT c.oid, c.relkind, CASE WHEN 'security_invoker=true' = ANY (c.reloptions) THEN current_user::regrole::oid
        ELSE c.relowner END AS reader, array_to_string(c.reloptions, ', ') AS options
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('v', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
), reads(view, relation) AS (
    SELECT DISTINCT r.ev_class, d.refobjid FROM own JOIN pg_rewrite r ON r.ev_class = own.oid
        JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
    WHERE r.rulename = '_RETURN' AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class
), behind(view, reader, relation) AS (
    SELECT view, view, relation FROM reads
    UNION
    SELECT b.view, r.view, r.relation FROM behind b JOIN reads r ON r.view = b.relation
)
SELECT v.oid, concat_ws(E'\n WITH ', pg_get_viewdef(v.oid, 0), v.options),
    v.relkind = 'm' OR coalesce(bool_and(has_table_privilege(o.reader, b.relation, 'SELECT')
        OR has_any_column_privilege(o.reader, b.relation, 'SELECT')), true),
    v.relkind = 'v' AND coalesce(bool_or(row_security_active(b.relation)), false),
    array_agg(n.nspname || '.' || c.relname) FILTER (WHERE v.relkind = 'v' AND c.oid IS NOT NULL)
FROM own v LEFT JOIN behind b ON b.view = v.oid LEFT JOIN own o ON o.oid = b.reader
    LEFT JOIN pg_class c ON c.oid = b.relation LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
GROUP BY v.oid, v.relkind, v.options
"""

_ANY_ROW = re.compile(r"\s+WHERE true(?=;?\s*(?:\n WITH |$))")


@dataclass(frozen=True)
class View:
    """A view: its *query* with its options, whether its owner may read what is *behind* it, and whether row security
    decides which rows.
    """

    query: str
    readable: bool
    filtered: bool
    behind: frozenset[str]


def read_views(rows: Callable[[str], list[tuple[Any, ...]]]) -> dict[int, View]:
    """The views of a database by their number; *rows* runs SQL."""
    return {
        oid: View(query, readable, filtered, frozenset(behind or ()))
        for oid, query, readable, filtered, behind in rows(_VIEWS)
    }


def same_rows(old: str, new: str) -> bool:
    """Whether the query *new* gives the rows of *old*, with every column that *old* gives: it may give more."""
    if old == new:
        return True
    (before, old_rest), (after, new_rest) = _parts(old), _parts(new)
    distinct = before[0].startswith("DISTINCT")
    return old_rest == new_rest and (before == after if distinct else set(before) <= set(after))


def _parts(query: str) -> tuple[list[str], str]:
    """The columns of a query as PostgreSQL prints it, and what comes after them."""
    columns, source, rest = _ANY_ROW.sub("", query).partition("\n   FROM ")
    return [one.strip() for one in columns.removeprefix(" SELECT ").split(",\n")], source + rest
