"""A database schema as facts: what two of them are compared by. Read from a database, or from models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace

__all__ = ["Check", "Column", "Foreign", "Key", "Relation", "Schema", "Sequence", "anonymous", "differences"]


@dataclass(frozen=True)
class Sequence:
    """The sequence that numbers a column. *oid* is None where the schema was not read from a database."""

    oid: int | None
    type: str
    increment: int
    maximum: int
    last: int | None
    usable: bool


@dataclass(frozen=True)
class Column:
    """A column. *type* is the base type of a domain; *place* identifies the column, whatever its name.

    *identity* is ``a`` (GENERATED ALWAYS), ``d`` (BY DEFAULT) or empty. *labels* are those of an enumerated type,
    *checks* those of a domain. *rights* are the letters of what the role may do: select, insert, update.
    *same* tells whether values that differ are never equal: False for case-insensitive collations.
    """

    type: str
    not_null: bool = False
    default: str | None = None
    identity: str = ""
    generated: str | None = None
    sequence: Sequence | None = None
    same: bool = True
    labels: tuple[str, ...] = ()
    checks: frozenset[str] = frozenset()
    rights: frozenset[str] = frozenset("siu")
    place: int | None = None

    @property
    def fills_itself(self) -> bool:
        """Whether a row that is inserted without the column gets a value."""
        return bool(self.default or self.identity or self.generated is not None)


@dataclass(frozen=True)
class Key:
    """A unique constraint or index, a primary key, or an exclusion constraint.

    *columns* are plain columns of the key; *touches* all that it reads. *whole*: for all rows, and no expressions.
    *deferred*: it is checked at the end of a transaction. *loose*: values that differ may count as equal.
    """

    columns: tuple[str, ...]
    touches: frozenset[str]
    definition: str
    whole: bool = True
    predicate: str | None = None
    nulls_distinct: bool = True
    deferrable: bool = False
    deferred: bool = False
    exclusion: bool = False
    loose: bool = False


@dataclass(frozen=True)
class Check:
    """A check constraint, its definition without casts, and the columns that it reads."""

    definition: str
    columns: frozenset[str]


@dataclass(frozen=True)
class Foreign:
    """A foreign key. *target* identifies the other table; *actions* are PostgreSQL's letters for delete and update.
    *deferred*: it is checked at the end of a transaction.
    """

    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...] = ()
    actions: str = "aa"
    deferrable: bool = True
    deferred: bool = True


@dataclass(frozen=True)
class Relation:
    """A table or view. *oid* identifies it, whatever its name; None where the schema was not read from a database.

    *rights* are the letters of what the role may do: select, insert, update, delete. *hooks* are triggers, rules and
    policies, each with its definition and a digest of the function that it calls. *parts* are its partitions and
    children. *computed* are expressions that are worked out for each row that is written, by the name of their index.
    *query* is what a view reads, and *behind* are the tables that it reads it from.
    """

    kind: str = "r"
    oid: int | None = None
    columns: Mapping[str, Column] = field(default_factory=dict)
    keys: Mapping[str, Key] = field(default_factory=dict)
    checks: Mapping[str, Check] = field(default_factory=dict)
    foreign: Mapping[str, Foreign] = field(default_factory=dict)
    hooks: Mapping[str, str] = field(default_factory=dict)
    computed: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)
    rights: frozenset[str] = frozenset("siud")
    lasting: bool = True
    filtered: bool = False
    filled: bool = True
    query: str | None = None
    behind: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Schema:
    """The relations by name (``schema.table``), what a name without a schema means, and what else a release may use.

    *functions* have a digest each; *called* are those that a default, a check, an index or a view depends on; *words*
    are all the names in what they are made of, since PostgreSQL does not know which tables they read and write.
    *sequences* feed no column; *extensions* have the schema that each is in; *kinds* are types and collations.
    *callable* are the functions that the role may call.
    """

    relations: Mapping[str, Relation] = field(default_factory=dict)
    visible: Mapping[str, str] = field(default_factory=dict)
    sequences: Mapping[str, Sequence] = field(default_factory=dict)
    extensions: Mapping[str, str] = field(default_factory=dict)
    kinds: frozenset[str] = frozenset()
    functions: Mapping[str, str] = field(default_factory=dict)
    called: frozenset[str] = frozenset()
    callable: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    settings: frozenset[str] = frozenset()

    def named(self, table: str) -> str | None:
        """The full name of the relation that Django means by *table*; None where there is none."""
        parts = table.strip('"').split('"."')
        full = ".".join(parts) if len(parts) == 2 else self.visible.get(parts[0])
        return full if full in self.relations else None


def anonymous(schema: Schema) -> Schema:
    """*schema* without the numbers that only its own database knows: for a comparison across databases."""

    def sequence(one: Sequence) -> Sequence:
        return replace(one, oid=None, last=None)

    def column(one: Column) -> Column:
        return replace(one, place=None, sequence=sequence(one.sequence) if one.sequence else None)

    def relation(one: Relation) -> Relation:
        return replace(one, oid=None, columns={name: column(own) for name, own in one.columns.items()})

    return replace(
        schema,
        relations={name: relation(one) for name, one in schema.relations.items()},
        sequences={name: sequence(one) for name, one in schema.sequences.items()},
    )


def differences(one: Schema, other: Schema) -> Iterator[str]:
    """The differences of a copy from its original, in the words of the catalogues. The names of keys do not matter."""

    def facts(schema: Schema) -> dict[str, object]:
        found: dict[str, object] = {}
        for name, own in anonymous(schema).relations.items():
            found[name] = own.kind, own.rights, own.lasting, own.filtered, own.filled, frozenset(own.parts.items())
            found |= {f"{name}.{column}": value for column, value in own.columns.items()}
            found[f"the keys of {name}"] = frozenset((key.definition, key.deferrable) for key in own.keys.values())
            found[f"the checks of {name}"] = frozenset(own.checks.values())
            found[f"the foreign keys of {name}"] = frozenset(own.foreign.values())
            hooks = frozenset(one for one in own.hooks.items() if not one[0].startswith("publication"))
            found[f"the triggers and rules of {name}"] = hooks
        found["sequences"] = frozenset(schema.sequences)
        for what in fields(schema):
            if what.name not in ("relations", "called", "callable", "sequences", "words"):
                value = getattr(schema, what.name)
                found[what.name] = frozenset(value.items()) if isinstance(value, Mapping) else value
        return found

    original, made = facts(one), facts(other)
    for name in original.keys() | made.keys():
        if original.get(name) != made.get(name):
            yield f"{name} is {original.get(name, 'not there')} and in the copy {made.get(name, 'not there')}"
