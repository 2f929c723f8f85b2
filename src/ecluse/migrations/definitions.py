"""SQL that prints the statements which make a schema again: what pg_dump does, for what a site's tables are made of.

It is run with an empty search path, so that PostgreSQL writes every name with its schema.
"""

from __future__ import annotations

from .pg_catalog import OURS

__all__ = ["FIRST", "LAST", "OWNERS", "REFUSED", "ROLES", "SETTINGS", "TANGLED"]


def _in(namespace: str) -> str:
    """A join that leaves what is in a schema of the database's own, known as *n*."""
    return f"JOIN pg_namespace n ON n.oid = {namespace} AND {OURS}"


def _by_itself(oid: str, *kinds: str) -> str:
    """A condition: no extension has brought it, and it belongs to nothing by any of these *kinds* of dependency."""
    letters = ", ".join(f"'{kind}'" for kind in ("e", *kinds))
    return f"NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = {oid} AND d.deptype IN ({letters}))"


_ROLE = "CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END"
_COUNT = "INCREMENT %s MINVALUE %s MAXVALUE %s START %s %s CYCLE"
_COUNTED = "q.seqincrement, q.seqmin, q.seqmax, q.seqstart, CASE WHEN q.seqcycle THEN '' ELSE 'NO' END"

ROLES = """
SELECT format('DO $do$ BEGIN CREATE ROLE %I LOGIN %s %s %s; EXCEPTION WHEN duplicate_object THEN END $do$', rolname,
    CASE WHEN rolsuper THEN 'SUPERUSER' ELSE 'NOSUPERUSER' END,
    CASE WHEN rolbypassrls THEN 'BYPASSRLS' ELSE 'NOBYPASSRLS' END,
    CASE WHEN rolinherit THEN 'INHERIT' ELSE 'NOINHERIT' END)
FROM pg_roles WHERE rolname !~ '^pg_' AND rolname <> 'postgres'
UNION ALL
SELECT format('GRANT %I TO %I', g.rolname, m.rolname) FROM pg_auth_members a JOIN pg_roles g ON g.oid = a.roleid
    JOIN pg_roles m ON m.oid = a.member WHERE m.rolname !~ '^pg_'
"""

_EXTENSIONS = """
SELECT format('CREATE EXTENSION IF NOT EXISTS %I SCHEMA %I CASCADE', e.extname, n.nspname)
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname <> 'plpgsql' ORDER BY e.oid
"""

_COLLATIONS = f"""
SELECT format('CREATE COLLATION %I.%I (provider = %s, deterministic = %s, locale = %L%s)', n.nspname, c.collname,
    CASE c.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END, c.collisdeterministic,
    coalesce(to_jsonb(c)->>'colllocale', to_jsonb(c)->>'colliculocale', c.collcollate),
    coalesce(format(', rules = %L', nullif(to_jsonb(c)->>'collicurules', '')), ''))
FROM pg_collation c {_in('c.collnamespace')} WHERE {_by_itself('c.oid')}
"""

_ENUMS = f"""
SELECT format('CREATE TYPE %s AS ENUM (%s)', t.oid::regtype, (SELECT string_agg(quote_literal(e.enumlabel), ', '
    ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid))
FROM pg_type t {_in('t.typnamespace')} WHERE t.typtype = 'e' AND {_by_itself('t.oid')}
"""

_SEQUENCES = f"""
SELECT format('CREATE SEQUENCE %s AS %s CACHE %s {_COUNT}', q.seqrelid::regclass, q.seqtypid::regtype, q.seqcache,
    {_COUNTED})
FROM pg_sequence q JOIN pg_class c ON c.oid = q.seqrelid {_in('c.relnamespace')} WHERE {_by_itself('q.seqrelid', 'i')}
"""

FIRST = (
    f"SELECT format('CREATE SCHEMA IF NOT EXISTS %I', n.nspname) FROM pg_namespace n WHERE {OURS}",
    _EXTENSIONS,
    _COLLATIONS,
    _ENUMS,
    _SEQUENCES,
)
"""In this order: each needs what is before it."""

_DOMAINS = f"""
SELECT format('CREATE DOMAIN %s AS %s%s%s%s', t.oid::regtype, format_type(t.typbasetype, t.typtypmod),
    coalesce(' DEFAULT ' || t.typdefault, ''), CASE WHEN t.typnotnull THEN ' NOT NULL' ELSE '' END,
    (SELECT string_agg(format(' CONSTRAINT %I %s', k.conname, pg_get_constraintdef(k.oid)), '')
        FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c'))
FROM pg_type t {_in('t.typnamespace')} WHERE t.typtype = 'd' AND {_by_itself('t.oid')}
"""

_COMPOSITES = f"""
SELECT format('CREATE TYPE %s AS (%s)', c.oid::regclass, (SELECT string_agg(
    format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY a.attnum)
    FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped))
FROM pg_class c {_in('c.relnamespace')} WHERE c.relkind = 'c' AND {_by_itself('c.reltype')}
"""

_FUNCTIONS = f"""
SELECT pg_get_functiondef(p.oid) FROM pg_proc p {_in('p.pronamespace')}
WHERE p.prokind IN ('f', 'p') AND {_by_itself('p.oid')}
"""

# An identity of a partition has no sequence of its own: it comes with the partition.
_IDENTITY = f"""
SELECT format('GENERATED %s AS IDENTITY (SEQUENCE NAME %s {_COUNT})',
    CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END, q.seqrelid::regclass, {_COUNTED})
FROM pg_sequence q JOIN pg_depend p ON p.classid = 'pg_class'::regclass AND p.objid = q.seqrelid AND p.deptype = 'i'
WHERE p.refobjid = c.oid AND p.refobjsubid = a.attnum
"""

_COLUMN = f"""
concat_ws(' ', quote_ident(a.attname), format_type(a.atttypid, a.atttypmod),
    CASE WHEN a.attcollation <> t.typcollation THEN 'COLLATE ' || a.attcollation::regcollation END,
    CASE WHEN a.attgenerated <> '' THEN format('GENERATED ALWAYS AS (%s) %s', pg_get_expr(d.adbin, d.adrelid),
            CASE a.attgenerated WHEN 's' THEN 'STORED' ELSE 'VIRTUAL' END)
        WHEN d.oid IS NOT NULL THEN 'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid) END,
    ({_IDENTITY}), CASE WHEN a.attnotnull THEN 'NOT NULL' END)
"""

_TABLES = f"""
SELECT format('CREATE %s TABLE %s (%s) %s', CASE WHEN c.relpersistence = 'u' THEN 'UNLOGGED' ELSE '' END,
    c.oid::regclass, concat_ws(', ', (SELECT string_agg({_COLUMN}, ', ' ORDER BY a.attnum)
        FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
            LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
    (SELECT string_agg(format('CONSTRAINT %I %s', k.conname, replace(pg_get_constraintdef(k.oid), ' NOT VALID', '')),
        ', ') FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'c')),
    CASE WHEN c.relkind = 'p' THEN 'PARTITION BY ' || pg_get_partkeydef(c.oid) ELSE '' END)
FROM pg_class c {_in('c.relnamespace')} WHERE c.relkind IN ('r', 'p') AND {_by_itself('c.oid')} ORDER BY c.oid
"""

_VIEWS = f"""
SELECT CASE c.relkind WHEN 'v' THEN format('CREATE VIEW %s %s AS %s', c.oid::regclass,
        'WITH (' || array_to_string(c.reloptions, ', ') || ')', pg_get_viewdef(c.oid))
    ELSE format('CREATE MATERIALIZED VIEW %s AS %s WITH %s DATA', c.oid::regclass, rtrim(pg_get_viewdef(c.oid), ';'),
        CASE WHEN c.relispopulated THEN '' ELSE 'NO' END) END
FROM pg_class c {_in('c.relnamespace')} WHERE c.relkind IN ('v', 'm') AND {_by_itself('c.oid')} ORDER BY c.oid
"""

_PARTS = """
SELECT CASE WHEN c.relispartition THEN format('ALTER TABLE %s ATTACH PARTITION %s %s', i.inhparent::regclass,
        i.inhrelid::regclass, pg_get_expr(c.relpartbound, c.oid))
    ELSE format('ALTER TABLE %s INHERIT %s', i.inhrelid::regclass, i.inhparent::regclass) END
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE c.relkind IN ('r', 'p') ORDER BY i.inhseqno
"""

TANGLED = (_DOMAINS, _COMPOSITES, _FUNCTIONS, _TABLES, _VIEWS, _PARTS)
"""Definitions that may need each other, in any order."""


def _constraints(kinds: str) -> str:
    return f"""
SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid))
FROM pg_constraint k {_in('k.connamespace')}
WHERE k.contype IN ({kinds}) AND k.conparentid = 0 AND k.conrelid <> 0 ORDER BY k.oid
"""


_INDEXES = f"""
SELECT pg_get_indexdef(i.indexrelid)
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid {_in('c.relnamespace')}
WHERE NOT c.relispartition
    AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
"""

_BELONGINGS = f"""
SELECT format('ALTER TABLE %s CLUSTER ON %I', i.indrelid::regclass, c.relname)
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid {_in('c.relnamespace')} WHERE i.indisclustered
UNION ALL
SELECT format('ALTER SEQUENCE %s OWNED BY %s.%I', q.seqrelid::regclass, d.refobjid::regclass, a.attname)
FROM pg_sequence q JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = q.seqrelid AND d.deptype = 'a'
    JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
UNION ALL
SELECT format('SELECT pg_catalog.setval(%L, %s)', q.seqrelid::regclass::text, pg_sequence_last_value(q.seqrelid))
FROM pg_sequence q JOIN pg_class c ON c.oid = q.seqrelid {_in('c.relnamespace')}
WHERE has_sequence_privilege(q.seqrelid, 'USAGE, SELECT') AND pg_sequence_last_value(q.seqrelid) IS NOT NULL
UNION ALL
SELECT pg_get_statisticsobjdef(s.oid) FROM pg_statistic_ext s {_in('s.stxnamespace')}
"""

_HOOKS = f"""
SELECT pg_get_triggerdef(t.oid) || CASE t.tgenabled WHEN 'O' THEN ''
    ELSE format('; ALTER TABLE %s %s TRIGGER %I', t.tgrelid::regclass, CASE t.tgenabled WHEN 'D' THEN 'DISABLE'
        WHEN 'A' THEN 'ENABLE ALWAYS' ELSE 'ENABLE REPLICA' END, t.tgname) END
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid {_in('c.relnamespace')}
WHERE NOT t.tgisinternal AND coalesce((to_jsonb(t)->>'tgparentid')::oid, 0) = 0
UNION ALL
SELECT pg_get_ruledef(r.oid) FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class {_in('c.relnamespace')}
WHERE r.rulename <> '_RETURN'
UNION ALL
SELECT format('CREATE POLICY %I ON %s AS %s FOR %s TO %s %s %s', p.polname, p.polrelid::regclass,
    CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
    CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE'
        ELSE 'ALL' END,
    (SELECT string_agg(CASE x WHEN 0 THEN 'PUBLIC' ELSE x::regrole::text END, ', ') FROM unnest(p.polroles) x),
    'USING (' || pg_get_expr(p.polqual, p.polrelid) || ')',
    'WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')')
FROM pg_policy p
UNION ALL
SELECT format('ALTER TABLE %s %s ROW LEVEL SECURITY', c.oid::regclass, x.what)
FROM pg_class c {_in('c.relnamespace')},
    LATERAL (VALUES ('ENABLE', c.relrowsecurity), ('FORCE', c.relforcerowsecurity)) x(what, wanted) WHERE x.wanted
"""

LAST = (_constraints("'p', 'u', 'x'"), _INDEXES, _constraints("'f'"), _BELONGINGS, _HOOKS)
"""In this order, after the tables."""

_OWNED = f"""
SELECT format('ALTER SCHEMA %I OWNER TO %I', n.nspname, pg_get_userbyid(n.nspowner)) FROM pg_namespace n WHERE {OURS}
UNION ALL
SELECT format('ALTER TABLE %s OWNER TO %I', c.oid::regclass, pg_get_userbyid(c.relowner))
FROM pg_class c {_in('c.relnamespace')} WHERE c.relkind IN ('r', 'p', 'v', 'm') AND {_by_itself('c.oid')}
UNION ALL
SELECT format('ALTER SEQUENCE %s OWNER TO %I', c.oid::regclass, pg_get_userbyid(c.relowner))
FROM pg_class c {_in('c.relnamespace')} WHERE c.relkind = 'S' AND {_by_itself('c.oid', 'a', 'i')}
UNION ALL
SELECT format('ALTER ROUTINE %s OWNER TO %I', p.oid::regprocedure, pg_get_userbyid(p.proowner))
FROM pg_proc p {_in('p.pronamespace')} WHERE p.prokind IN ('f', 'p') AND {_by_itself('p.oid')}
UNION ALL
SELECT format('ALTER TYPE %s OWNER TO %I', t.oid::regtype, pg_get_userbyid(t.typowner))
FROM pg_type t {_in('t.typnamespace')} WHERE t.typtype IN ('e', 'd') AND {_by_itself('t.oid')}
"""

_GRANTED = f"""
SELECT format('REVOKE ALL ON %s FROM PUBLIC, %I', c.oid::regclass, pg_get_userbyid(c.relowner))
FROM pg_class c {_in('c.relnamespace')} WHERE c.relacl IS NOT NULL AND c.relkind IN ('r', 'p', 'v', 'm')
"""

_GRANTS = f"""
SELECT format('GRANT %s ON SCHEMA %I TO %s', a.privilege_type, n.nspname, {_ROLE})
FROM pg_namespace n, aclexplode(n.nspacl) a WHERE {OURS}
UNION ALL
SELECT format('GRANT %s ON %s %s TO %s', a.privilege_type, CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE '' END,
    c.oid::regclass, {_ROLE})
FROM pg_class c {_in('c.relnamespace')}, aclexplode(c.relacl) a WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S')
UNION ALL
SELECT format('GRANT %s (%I) ON %s TO %s', a.privilege_type, t.attname, c.oid::regclass, {_ROLE})
FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid {_in('c.relnamespace')}, aclexplode(t.attacl) a
"""

OWNERS = (_OWNED, _GRANTED, _GRANTS)
"""Only a superuser can give things away: on a server of the copy's own."""

SETTINGS = """
SELECT format('ALTER %s SET %s TO %s', CASE WHEN s.setdatabase = 0 THEN format('ROLE %I', s.setrole::regrole)
        WHEN s.setrole = 0 THEN format('DATABASE %I', '{database}')
        ELSE format('ROLE %s IN DATABASE %I', s.setrole::regrole, '{database}') END, split_part(c, '=', 1),
    CASE WHEN split_part(c, '=', 1) = 'search_path' THEN substr(c, strpos(c, '=') + 1)
        ELSE quote_literal(substr(c, strpos(c, '=') + 1)) END)
FROM pg_db_role_setting s, unnest(s.setconfig) c
WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
"""

REFUSED = f"""
SELECT 'the foreign table ' || c.relname FROM pg_class c {_in('c.relnamespace')} WHERE c.relkind = 'f'
UNION ALL
SELECT 'the type ' || t.typname FROM pg_type t {_in('t.typnamespace')}
WHERE t.typtype IN ('r', 'b') AND t.typcategory <> 'A' AND {_by_itself('t.oid')}
UNION ALL
SELECT 'the aggregate ' || p.proname FROM pg_proc p {_in('p.pronamespace')}
WHERE p.prokind IN ('a', 'w') AND {_by_itself('p.oid')}
"""
"""The objects that cannot be copied: rare, and not worth a guess."""
