"""The SQL that empties a database for a dump of it: all that the site's role has made goes, and extensions stay."""

from __future__ import annotations

__all__ = ["emptying"]

_NOT_OF_AN_EXTENSION = "NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = {oid} AND d.deptype = 'e')"

_PARTS = (
    "SELECT format('DROP SCHEMA %I CASCADE', nspname) FROM pg_namespace WHERE nspname NOT IN ('public',"
    " 'information_schema') AND nspname !~ '^pg_' AND {own[oid]}",
    # Tables before the sequences of their columns, which go with them.
    "SELECT format('DROP %s IF EXISTS public.%I CASCADE', CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN"
    " 'MATERIALIZED VIEW' WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, relname)"
    " FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')"
    " AND {own[oid]} ORDER BY relkind = 'S'",
    "SELECT format('DROP ROUTINE IF EXISTS public.%I(%s) CASCADE', proname, pg_get_function_identity_arguments(oid))"
    " FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND {own[oid]}",
    "SELECT format('DROP TYPE IF EXISTS public.%I CASCADE', typname) FROM pg_type t WHERE typnamespace ="
    " 'public'::regnamespace AND (typtype IN ('e', 'd', 'r') OR typtype = 'c' AND EXISTS (SELECT FROM pg_class c WHERE"
    " c.oid = t.typrelid AND c.relkind = 'c')) AND {own[t.oid]}",
    "SELECT format('DROP COLLATION IF EXISTS public.%I CASCADE', collname) FROM pg_collation"
    " WHERE collnamespace = 'public'::regnamespace AND {own[oid]}",
    "SELECT format('DROP TEXT SEARCH CONFIGURATION IF EXISTS public.%I CASCADE', cfgname) FROM pg_ts_config"
    " WHERE cfgnamespace = 'public'::regnamespace AND {own[oid]}",
    "SELECT format('DROP TEXT SEARCH DICTIONARY IF EXISTS public.%I CASCADE', dictname) FROM pg_ts_dict"
    " WHERE dictnamespace = 'public'::regnamespace AND {own[oid]}",
    "SELECT format('DROP PUBLICATION IF EXISTS %I', pubname) FROM pg_publication",
    "SELECT format('SELECT lo_unlink(%s)', oid) FROM pg_largeobject_metadata",
)


def emptying() -> str:
    """The statement, which fails as a whole where something belongs to another role."""
    own = {oid: _NOT_OF_AN_EXTENSION.format(oid=oid) for oid in ("oid", "t.oid")}
    loops = "".join(
        # All names are asked for before the first of them is gone.
        f"FOREACH word IN ARRAY ARRAY({part.format(own=own)}) LOOP EXECUTE word; END LOOP;\n"
        for part in _PARTS
    )
    return f"DO $empty$ DECLARE word text; BEGIN\n{loops}END $empty$;\n"
