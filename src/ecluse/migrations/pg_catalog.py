"""The schema of a PostgreSQL database, read from its catalogues, as the connected role sees it."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from .expressions import normal
from .schema import Check, Column, Foreign, Key, Relation, Schema, Sequence
from .views import read_views

__all__ = ["HEARS", "OURS", "read"]

HEARS = "ecluse_hears"
"""The schema, and the prefix of the triggers, with which a rehearsal listens. They are no part of what is read."""

OURS = f"n.nspname NOT IN ('pg_catalog', 'information_schema', '{HEARS}') AND n.nspname !~ '^pg_(toast|temp)'"
"""The condition by which a schema, as *n*, is the database's own."""

_RELATIONS = f"""
SELECT c.oid, n.nspname, c.relname, c.relkind::text, c.relpersistence = 'p', c.relispopulated,
    pg_table_is_visible(c.oid), row_security_active(c.oid), has_schema_privilege(n.oid, 'USAGE'),
    has_table_privilege(c.oid, 'SELECT') OR has_any_column_privilege(c.oid, 'SELECT'),
    has_table_privilege(c.oid, 'INSERT') OR has_any_column_privilege(c.oid, 'INSERT'),
    has_table_privilege(c.oid, 'UPDATE') OR has_any_column_privilege(c.oid, 'UPDATE'),
    has_table_privilege(c.oid, 'DELETE'),
    CASE WHEN c.relkind IN ('r', 'p') THEN 28 WHEN c.relkind = 'm' THEN 0
        ELSE pg_relation_is_updatable(c.oid, true) END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {OURS} ORDER BY 2, 3
"""

_COLUMNS = f"""
SELECT a.attrelid, a.attname, a.attnum, a.attnotnull, a.attidentity::text, a.attgenerated::text,
    a.atttypid, a.atttypmod, format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid),
    coalesce(o.collisdeterministic, true),
    has_column_privilege(a.attrelid, a.attnum, 'SELECT'), has_column_privilege(a.attrelid, a.attnum, 'INSERT'),
    has_column_privilege(a.attrelid, a.attnum, 'UPDATE')
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    LEFT JOIN pg_collation o ON o.oid = a.attcollation
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {OURS} ORDER BY 1, 3
"""

# Domains and enumerated types: what stands behind a type of a column, or of the elements of its array.
_TYPES = f"""
SELECT t.oid, t.typbasetype, t.typtypmod, format_type(t.typbasetype, t.typtypmod), t.typnotnull, t.typdefault,
    (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder)
        FROM pg_enum e WHERE e.enumtypid IN (t.oid, t.typelem)),
    (SELECT array_agg(pg_get_constraintdef(k.oid)) FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c')
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE (t.typtype IN ('d', 'e') OR t.typcategory = 'A') AND {OURS}
"""

_SEQUENCES = """
SELECT d.adrelid, d.adnum, s.seqrelid, s.seqtypid::regtype::text, s.seqincrement, s.seqmax,
    has_sequence_privilege(s.seqrelid, 'USAGE, UPDATE'),
    CASE WHEN has_sequence_privilege(s.seqrelid, 'USAGE, SELECT') THEN pg_sequence_last_value(s.seqrelid) END
FROM pg_attrdef d
    JOIN pg_depend p ON p.classid = 'pg_attrdef'::regclass AND p.objid = d.oid AND p.refclassid = 'pg_class'::regclass
    JOIN pg_sequence s ON s.seqrelid = p.refobjid
UNION ALL
SELECT p.refobjid, p.refobjsubid, s.seqrelid, s.seqtypid::regtype::text, s.seqincrement, s.seqmax, true,
    CASE WHEN has_sequence_privilege(s.seqrelid, 'USAGE, SELECT') THEN pg_sequence_last_value(s.seqrelid) END
FROM pg_sequence s JOIN pg_depend p ON p.classid = 'pg_class'::regclass AND p.objid = s.seqrelid AND p.deptype = 'i'
"""

# A sequence that has given no number yet may have been set anywhere: only it knows.
_UNUSED = """
SELECT format('SELECT %s::oid, last_value - 1 FROM %I.%I', s.seqrelid, n.nspname, c.relname)
FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE s.seqrelid IN ({}) AND has_sequence_privilege(s.seqrelid, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE')
"""

_CONSTRAINTS = f"""
SELECT k.conrelid, k.conname, k.contype::text, pg_get_constraintdef(k.oid), k.condeferrable,
    CASE WHEN 0 <> ALL (k.conkey) THEN  -- 0 stands for the whole row
        (SELECT array_agg(a.attname::text ORDER BY x.place) FROM unnest(k.conkey) WITH ORDINALITY x(num, place)
            JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = x.num) END,
    k.confrelid, f.nspname || '.' || t.relname,
    (SELECT array_agg(a.attname::text ORDER BY x.place) FROM unnest(k.confkey) WITH ORDINALITY x(num, place)
        JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = x.num),
    k.confdeltype::text || k.confupdtype::text, k.condeferred
FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
    LEFT JOIN pg_class t ON t.oid = k.confrelid LEFT JOIN pg_namespace f ON f.oid = t.relnamespace
WHERE k.contype IN ('c', 'f', 'x') AND k.conrelid <> 0 AND {OURS}
    AND coalesce((to_jsonb(k)->>'conenforced')::boolean, true)
"""

_INDEXES = f"""
SELECT i.indrelid, c.relname, i.indisunique, i.indimmediate, pg_get_indexdef(i.indexrelid),
    pg_get_expr(i.indpred, i.indrelid), pg_get_expr(i.indexprs, i.indrelid),
    coalesce((to_jsonb(i)->>'indnullsnotdistinct')::boolean, false),
    (SELECT array_agg(a.attname::text ORDER BY x.place) FROM unnest(i.indkey) WITH ORDINALITY x(num, place)
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = x.num WHERE x.place <= i.indnkeyatts),
    (SELECT array_agg(DISTINCT a.attname::text) FROM pg_depend p JOIN pg_attribute a
        ON a.attrelid = p.refobjid AND a.attnum = p.refobjsubid
        WHERE p.classid = 'pg_class'::regclass AND p.objid = i.indexrelid AND p.refobjid = i.indrelid),
    EXISTS (SELECT FROM pg_constraint k
        WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x') AND k.condeferred),
    EXISTS (SELECT FROM unnest(i.indkey::int2[], i.indcollation::oid[]) x(num, oid)
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = x.num
        JOIN pg_collation l ON l.oid = x.oid WHERE NOT l.collisdeterministic AND a.attcollation <> x.oid)
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {OURS}
"""

_HOOKS = f"""
SELECT t.tgrelid, 'trigger ' || t.tgname, t.tgenabled::text || pg_get_triggerdef(t.oid)
    || md5(p.prosrc || coalesce(p.proconfig::text, ''))
FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_class c ON c.oid = t.tgrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT t.tgisinternal AND t.tgname NOT LIKE '{HEARS}%' AND {OURS}
UNION ALL
SELECT r.ev_class, 'rule ' || r.rulename, r.ev_enabled::text || pg_get_ruledef(r.oid)
FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE r.rulename <> '_RETURN' AND {OURS}
UNION ALL
SELECT o.polrelid, 'policy ' || o.polname, concat_ws(' ', o.polcmd, o.polpermissive, o.polroles::text,
    pg_get_expr(o.polqual, o.polrelid), pg_get_expr(o.polwithcheck, o.polrelid))
FROM pg_policy o WHERE row_security_active(o.polrelid)
UNION ALL
SELECT c.oid, 'publication ' || p.pubname, c.relreplident::text
FROM pg_publication_tables t JOIN pg_publication p USING (pubname) JOIN pg_namespace n ON n.nspname = t.schemaname
    JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = t.tablename
WHERE (p.pubupdate OR p.pubdelete) AND (c.relreplident = 'n' OR c.relreplident = 'd'
    AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary))
"""
"""Triggers, rules, policies, and publications that refuse updates, since nothing identifies a row for them."""

_PARTS = """
SELECT i.inhparent, n.nspname || '.' || c.relname, coalesce(pg_get_expr(c.relpartbound, c.oid), '')
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'f')
"""

_FUNCTIONS = f"""
SELECT p.oid::regprocedure::text, md5(concat_ws(' ', p.prosrc, p.prorettype::regtype, p.proconfig, p.provolatile,
        p.proisstrict, p.prosecdef)),
    EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_proc'::regclass AND d.refobjid = p.oid
        AND d.classid <> 'pg_trigger'::regclass), p.prosrc, has_function_privilege(p.oid, 'EXECUTE')
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {OURS}
    AND NOT EXISTS (
    SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
"""

# Sequences that feed no column: whoever counts by them does so by name.
_ALONE = f"""
SELECT c.relname, s.seqrelid, s.seqtypid::regtype::text, s.seqincrement, s.seqmax,
    CASE WHEN has_sequence_privilege(s.seqrelid, 'USAGE, SELECT') THEN pg_sequence_last_value(s.seqrelid) END,
    has_sequence_privilege(s.seqrelid, 'USAGE, UPDATE')
FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE pg_table_is_visible(c.oid) AND {OURS}
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('a', 'i', 'e'))
"""

# Types and collations that a query may name; types of tables, of arrays and of extensions are left out.
_KINDS = f"""
SELECT 'type ' || t.oid::regtype FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE t.typtype IN ('d', 'e', 'c', 'r') AND {OURS}
    AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind <> 'c')
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e')
UNION ALL
SELECT 'collation ' || l.oid::regcollation FROM pg_collation l JOIN pg_namespace n ON n.oid = l.collnamespace
WHERE {OURS} AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = l.oid AND d.deptype = 'e')
"""

_EXTENSIONS = "SELECT e.extname, n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace"

_SETTINGS = """
SELECT unnest(setconfig) FROM pg_db_role_setting
WHERE setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
    AND setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = current_user))
"""


def read(connection: Any) -> Schema:
    """The schema that *connection*, a Django connection, is in."""
    with connection.cursor() as cursor:

        def rows(sql: str) -> list[tuple[Any, ...]]:
            cursor.execute(sql)
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found

        names, visible, relations = {}, {}, {}
        sequences = rows(_SEQUENCES)
        unused = ", ".join(str(row[2]) for row in sequences if row[7] is None)
        beginning = dict(rows(_begin(rows(_UNUSED.format(unused))))) if unused else {}
        columns = _columns(rows(_COLUMNS), _Types(rows(_TYPES)), sequences, beginning)
        checks, foreign, exclusions = _constraints(rows(_CONSTRAINTS))
        keys, computed = _indexes(rows(_INDEXES), exclusions)
        hooks, parts = _grouped(rows(_HOOKS), digest=True), _grouped(rows(_PARTS))
        views = read_views(rows)
        for oid, schema, name, kind, lasting, filled, seen, filtered, reachable, *may, can in rows(_RELATIONS):
            names[oid] = f"{schema}.{name}"
            if seen:
                visible[name] = names[oid]
            view = views.get(oid)
            possible = {"s": view is None or view.readable, "i": bool(can & 8), "u": bool(can & 4), "d": bool(can & 16)}
            relations[names[oid]] = Relation(
                kind="r" if kind == "p" else kind,
                oid=oid,
                columns=columns[oid],
                keys=keys[oid],
                checks=checks[oid],
                foreign=foreign[oid],
                hooks=hooks[oid],
                computed=computed[oid],
                parts=parts[oid],
                rights=frozenset(
                    letter
                    for letter, allowed in zip("siud", may, strict=True)
                    if allowed and reachable and possible[letter]
                ),
                lasting=lasting,
                filtered=filtered or (view is not None and view.filtered),
                filled=filled,
                query=view.query if view else None,
                behind=view.behind if view else frozenset(),
            )
        functions = rows(_FUNCTIONS)
        return Schema(
            relations=relations,
            visible=visible,
            sequences={name: Sequence(*facts) for name, *facts in rows(_ALONE)},
            extensions=dict(rows(_EXTENSIONS)),
            kinds=frozenset(name for (name,) in rows(_KINDS)),
            functions={row[0]: row[1] for row in functions},
            called=frozenset(row[0] for row in functions if row[2]),
            callable=frozenset(row[0] for row in functions if row[4]),
            words=frozenset(word.lower() for row in functions for word in re.findall(r"\w+", row[3])),
            settings=frozenset(one for (one,) in rows(_SETTINGS)),
        )


class _Types:
    """Domains and enumerated types, by their number."""

    def __init__(self, rows: Iterable[tuple[Any, ...]]) -> None:
        self._known = {row[0]: row[1:] for row in rows}

    def behind(self, oid: int, name: str) -> tuple[str, bool, str | None, tuple[str, ...], frozenset[str]]:
        """The base type, whether it refuses null, its default, its labels, its checks."""
        not_null, default, labels, checks = False, None, (), frozenset[str]()
        while oid in self._known:
            base, _modifier, base_name, refuses, filling, named, checked = self._known[oid]
            labels = tuple(named or labels)
            if not base:
                break
            oid, name = base, base_name
            not_null, default, checks = (
                not_null or refuses,
                default or filling,
                checks | set(map(normal, checked or ())),
            )
        return name, not_null, default, labels, checks


def _begin(statements: Iterable[tuple[str]]) -> str:
    return " UNION ALL ".join(["SELECT 0::oid, 0", *(one for (one,) in statements)])


def _columns(
    rows: Iterable[tuple[Any, ...]],
    types: _Types,
    sequences: Iterable[tuple[Any, ...]],
    beginning: Mapping[int, int],
) -> Mapping[int, dict[str, Column]]:
    feeding = {
        (table, place): Sequence(oid, kind, increment, maximum, beginning.get(oid, last), usable)
        for table, place, oid, kind, increment, maximum, usable, last in sequences
    }
    found: dict[int, dict[str, Column]] = defaultdict(dict)
    for table, name, place, not_null, identity, generated, kind, _modifier, shown, default, same, *may in rows:
        base, refuses, filling, labels, checks = types.behind(kind, shown)
        found[table][name] = Column(
            type=base,
            not_null=not_null or refuses,
            default=None if generated else default or filling,
            identity=identity,
            generated=default if generated else None,
            sequence=feeding.get((table, place)),
            same=same,
            labels=labels,
            checks=checks,
            rights=frozenset(letter for letter, allowed in zip("siu", may, strict=True) if allowed),
            place=place,
        )
    return found


_Constraints = tuple[
    Mapping[int, dict[str, Check]], Mapping[int, dict[str, Foreign]], Mapping[int, dict[str, tuple[str, bool]]]
]


def _constraints(rows: Iterable[tuple[Any, ...]]) -> _Constraints:
    checks: dict[int, dict[str, Check]] = defaultdict(dict)
    foreign: dict[int, dict[str, Foreign]] = defaultdict(dict)
    exclusions: dict[int, dict[str, tuple[str, bool]]] = defaultdict(dict)
    for table, name, kind, definition, deferrable, columns, _oid, target, theirs, actions, deferred in rows:
        if kind == "c":
            checks[table][name] = Check(normal(definition.removesuffix(" NOT VALID")), frozenset(columns or ()))
        elif kind == "f":
            foreign[table][name] = Foreign(tuple(columns), target, tuple(theirs), actions, deferrable, deferred)
        else:
            exclusions[table][name] = definition, deferrable
    return checks, foreign, exclusions


def _indexes(
    rows: Iterable[tuple[Any, ...]], exclusions: Mapping[int, dict[str, tuple[str, bool]]]
) -> tuple[Mapping[int, dict[str, Key]], Mapping[int, dict[str, str]]]:
    keys: dict[int, dict[str, Key]] = defaultdict(dict)
    computed: dict[int, dict[str, str]] = defaultdict(dict)
    for row in rows:
        table, name, unique, immediate, definition, predicate, expressions, nulls, columns, touched, deferred, loose = (
            row
        )
        said = "; ".join(one for one in (expressions, predicate) if one)
        if said:
            computed[table][name] = said
        excluding, deferrable = exclusions[table].get(name, (None, not immediate))
        if not unique and excluding is None:
            continue
        keys[table][name] = Key(
            columns=tuple(columns or ()),
            touches=frozenset(touched or columns or ()),
            definition=excluding or definition.partition(" USING ")[2] + (" NULLS NOT DISTINCT" if nulls else ""),
            whole=predicate is None and expressions is None and excluding is None,
            predicate=predicate,
            nulls_distinct=not nulls,
            deferrable=deferrable,
            deferred=deferred,
            exclusion=excluding is not None,
            loose=loose,
        )
    return keys, computed


def _grouped(rows: Iterable[tuple[Any, ...]], *, digest: bool = False) -> Mapping[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = defaultdict(dict)
    for table, name, value in rows:
        found[table][name] = hashlib.sha256(value.encode()).hexdigest() if digest else value
    return found
