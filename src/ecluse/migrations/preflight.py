"""The preflight of a release: its checks, what is pending, and whether the release that serves can live with it."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from . import checks
from .advice import Size, lines
from .copies import Copy, copied
from .databases import migrated, missing
from .offer import Offer, lost, offer
from .one_way import one_way
from .pending import by_rule, plan, sql, unknown
from .rehearse import Rehearsed, rehearse
from .replay import behind
from .uses import Uses, uses

__all__ = ["ServingRelease", "preflight"]


@dataclass(frozen=True)
class ServingRelease:
    """The facts about the release that serves: what its models use in each database, and the applied migrations that
    it does not know and lives with all the same. Without *uses*, what the applied migrations declare is taken for it.
    *offer* is its pages and static files; None where that is not known.
    """

    uses: Mapping[str, Uses] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()
    offer: Offer | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "uses": {alias: one.as_json() for alias, one in self.uses.items()},
            "unknown": sorted(self.unknown),
            "offer": self.offer.as_json() if self.offer else None,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> ServingRelease:
        uses = {alias: Uses.from_json(one) for alias, one in value["uses"].items()}
        offered = value.get("offer")  # releases of before there was one have none
        return cls(uses, frozenset(value["unknown"]), Offer.from_json(offered) if offered else None)


def preflight(
    *,
    deploy: bool,
    serves: bool,
    facts: ServingRelease,
    server: str | None,
    makes: bool,
    known: Collection[str] = (),
) -> dict[str, Any] | None:
    """The report on the release, as JSON; None where a check failed, which has been printed.

    *serves*: another release serves, of which *facts* are known. *server* is the address of a throwaway server to make
    copies on. *makes*: a database that is not there will be made. *known* are the names of
    warnings that refuse nothing.
    """
    connections = migrated()
    absent = [connection for connection in connections if missing(connection)]
    there = [connection for connection in connections if connection not in absent]
    if absent and not makes:
        for connection in absent:
            name = connection.settings_dict["NAME"]
            print(f"the database {name} ({connection.alias}) is not there: createdb {name}", file=sys.stderr)
        return None
    if not _checks(deploy, there, known) or not all(_consistent(connection) for connection in there):
        return None
    strange = {connection.alias: unknown(connection) for connection in there}
    own = {connection.alias: _own_uses(connection) for connection in there}
    all_unknown = frozenset().union(*strange.values())
    found = [one for connection in there for one in _pending(connection)]
    how: list[str] = []
    if serves:
        with ExitStack() as stack:
            judged = _judge(there, facts, server, how, stack)
        found = [_with(one, judged.pop((one["database"], one["name"]), None)) for one in found]
        found += [_with(_entry(name, alias), one) for (alias, name), one in judged.items() if one[0].unsafe]
    found += [_entry("the database", one.alias, "-- it is not there, and will be made") for one in absent]
    going_back = all_unknown - facts.unknown
    offered = offer()
    return {
        "pending": found,
        "unknown": sorted(all_unknown),
        "behind": behind(there, own, server) if going_back else [],
        "facts": ServingRelease(own, all_unknown, offered).as_json(),
        "how": how,
        "lost": lost(facts.offer, offered) if serves else [],
    }


_Judged = dict[tuple[str, str], tuple[Rehearsed, list[str]]]


def _judge(there: list[Any], facts: ServingRelease, server: str | None, how: list[str], stack: ExitStack) -> _Judged:
    """Each pending migration, by its database and its name, with what it locks."""
    sizes = {connection.alias: _sizes(connection) for connection in there}
    wanted = [connection for connection in there if plan(connection)[1] or _handlers()]
    counted = {
        connection.alias: facts.uses.get(connection.alias) or _declared_uses(connection) for connection in wanted
    }
    copies: dict[str, Copy] = {}
    for connection in wanted:
        if connection.vendor == "postgresql":
            try:
                copies[connection.alias] = stack.enter_context(copied(connection, server))
            except Exception as error:
                how.append(
                    f"{connection.alias}: judged by rule, since no copy of the schema can be made: {_line(error)}"
                )
    seen: dict[str, list[Rehearsed]] = {}
    for alias, copy in copies.items():
        try:
            seen[alias] = rehearse(copy, counted[alias], copies)
            how.append(f"{alias}: tried on a copy of the schema, without rows, in {copy.place}")
        except Exception as error:
            how.append(f"{alias}: judged by rule, since trying failed: {type(error).__name__}: {_line(error)}")
    stack.close()
    for connection in wanted:
        if connection.alias not in seen:
            seen[connection.alias] = list(by_rule(connection, counted[connection.alias]))
    return {
        (alias, one.name): (one, list(lines(one.held, sizes[alias]))) for alias, found in seen.items() for one in found
    }


def _checks(deploy: bool, connections: list[Any], known: Collection[str]) -> bool:
    aliases = [connection.alias for connection in connections]
    found = checks.refusals(deploy=deploy, databases=aliases, known=known)
    for line in found:
        print(line, file=sys.stderr)
    return not found


def _consistent(connection: Any) -> bool:
    conflicts = plan(connection)[0].detect_conflicts()
    if conflicts:
        print(f"conflicting migrations, no order between them: {conflicts}", file=sys.stderr)
    return not conflicts


def _pending(connection: Any) -> Iterator[dict[str, Any]]:
    from django.db import router

    loader, pending = plan(connection)
    for migration in pending:
        said = sql(loader, migration)
        does = [line for line in said.splitlines() if line and not line.startswith(("--", "BEGIN", "COMMIT"))]
        if does or router.allow_migrate(connection.alias, migration.app_label):
            entry = _entry(f"{migration.app_label}.{migration.name}", connection.alias, said)
            yield {**entry, "one_way": list(one_way(migration.operations))}


def _entry(name: str, alias: str, said: str = "") -> dict[str, Any]:
    return {"name": name, "database": alias, "sql": said, "unsafe": [], "locks": [], "notes": [], "one_way": []}


def _with(entry: dict[str, Any], judged: tuple[Rehearsed, list[str]] | None) -> dict[str, Any]:
    if judged is None:
        return entry
    one, locks = judged
    return {**entry, "unsafe": list(one.unsafe), "locks": locks, "notes": list(one.notes)}


def _handlers() -> bool:
    """Whether the project, or a package of it, has something run before or after each migrating that is not Django's
    own.
    """
    from django.db.models.signals import post_migrate, pre_migrate

    for receiver in [*pre_migrate.receivers, *post_migrate.receivers]:
        found = receiver[1]
        function = found() if hasattr(found, "__callback__") else found
        if function is not None and not getattr(function, "__module__", "").startswith("django."):
            return True
    return False


def _own_uses(connection: Any) -> Uses:
    from django.apps import apps

    return uses(apps.get_models(include_auto_created=True), connection)


def _declared_uses(connection: Any) -> Uses:
    from django.db.migrations.executor import MigrationExecutor

    executor: Any = MigrationExecutor(connection)
    state = executor._create_project_state(with_applied_migrations=True)
    return uses(state.apps.get_models(include_auto_created=True), connection)


def _sizes(connection: Any) -> dict[str, Size]:
    if connection.vendor != "postgresql":
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n.nspname || '.' || c.relname, pg_table_size(c.oid), greatest(c.reltuples, 0)::bigint "
            "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'm')"
        )
        return {name: Size(size, rows) for name, size, rows in cursor.fetchall()}


def _line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]
