"""The judge by rule, for where no copy of the schema can be made."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import connection, migrations, models
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState

from ecluse.migrations.compare import findings
from ecluse.migrations.declared import declared
from ecluse.migrations.pending import steps
from ecluse.migrations.uses import uses


def model(name: str, *fields: tuple[str, models.Field[object, object]]) -> ModelState:
    return ModelState("shop", name, [("id", models.BigAutoField(primary_key=True)), *fields])


@pytest.fixture
def state() -> ProjectState:
    """The models of the serving release: an album with a title, a price that may be missing, and artists."""
    made = ProjectState()
    made.add_model(model("Artist"))
    made.add_model(model("Shop"))
    made.add_model(
        model(
            "Album",
            ("title", models.CharField(max_length=50)),
            ("price", models.IntegerField(null=True)),
            ("rank", models.IntegerField(db_default=1)),
            ("shop", models.ForeignKey("shop.Shop", models.CASCADE, db_constraint=False)),
            ("artists", models.ManyToManyField("shop.Artist")),
        )
    )
    return made


def reasons(state: ProjectState, *operations: Operation) -> list[str]:
    own = uses(state.apps.get_models(include_auto_created=True), connection)
    before, found = declared(state, connection), list[str]()
    for step in steps(operations, "shop", state, state.clone()):
        found += [step] if isinstance(step, str) else findings(before, declared(step, connection), own)
    return list(dict.fromkeys(found))


class Renamed(migrations.RemoveField):
    """A field's removal by another name."""


class Hiding(migrations.AddField):
    """An operation that does more than it says."""

    def database_forwards(self, *arguments: object) -> None:
        raise AssertionError("unreachable: nothing is run")


def forwards(apps: object, editor: object) -> None:
    raise AssertionError("unreachable: nothing is run")


SAFE: Sequence[Operation] = [
    migrations.AddField("album", "year", models.IntegerField(null=True)),
    migrations.AddField("album", "year", models.IntegerField(db_default=2000)),
    migrations.AddField("album", "year", models.PositiveIntegerField(null=True)),
    migrations.AddField("album", "labels", models.ManyToManyField("shop.Artist", related_name="+")),
    migrations.AlterField("album", "title", models.CharField(max_length=80)),
    migrations.AlterField("album", "title", models.CharField(max_length=None)),
    migrations.AlterField("album", "title", models.TextField()),
    migrations.AlterField("album", "title", models.CharField(max_length=50, null=True)),
    migrations.AlterField("album", "price", models.BigIntegerField(null=True)),
    migrations.AlterField("album", "title", models.CharField("the title", max_length=50)),
    migrations.AddIndex("album", models.Index(fields=["title"], name="by_title")),
    AddIndexConcurrently("album", models.Index(fields=["title"], name="by_title")),
    migrations.AlterModelOptions("album", {"ordering": ["title"]}),
    migrations.CreateModel("Label", [("id", models.BigAutoField(primary_key=True))]),
    migrations.RunPython(migrations.RunPython.noop),
    migrations.RunSQL(migrations.RunSQL.noop),
    migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel("album")]),
]


@pytest.mark.parametrize("operation", SAFE, ids=lambda operation: operation.describe())
def test_compatible_migration_is_accepted(state: ProjectState, operation: Operation) -> None:
    assert reasons(state, operation) == []


UNSAFE: Sequence[tuple[Operation, str]] = [
    (migrations.DeleteModel("album"), "drops or renames the table shop_album"),
    (migrations.RenameModel("album", "record"), "drops or renames the table shop_album"),
    (migrations.AlterModelTable("album", "albums"), "drops or renames the table shop_album"),
    (migrations.RemoveField("album", "title"), "drops or renames the column shop_album.title"),
    (Renamed("album", "title"), "drops or renames the column shop_album.title"),
    (migrations.RemoveField("album", "artists"), "drops or renames the table shop_album_artists"),
    (migrations.RenameField("album", "artists", "by"), "drops or renames the table shop_album_artists"),
    (migrations.RenameField("album", "title", "name"), "drops or renames the column shop_album.title"),
    (
        migrations.AddField("album", "year", models.IntegerField(default=2000)),
        "adds shop_album.year, not null and without db_default: the serving release does not fill it",
    ),
    (
        migrations.AlterField("album", "price", models.IntegerField(default=0)),
        "makes shop_album.price not null: the serving release may leave it empty",
    ),
    (
        migrations.AlterField("album", "title", models.CharField(max_length=20)),
        "changes the type of shop_album.title from varchar(50) to varchar(20)",
    ),
    (
        migrations.AlterField("album", "title", models.CharField(max_length=50, db_collation="C")),
        "changes the type of shop_album.title from varchar(50) to varchar(50) COLLATE C",
    ),
    (
        migrations.AlterField("album", "rank", models.IntegerField(default=1)),
        "takes the default of shop_album.rank away: the serving release counts on it",
    ),
    (
        migrations.AlterField("album", "title", models.CharField(max_length=50, unique=True)),
        "adds a unique constraint unique title on shop_album(title)",
    ),
    (
        migrations.AlterUniqueTogether("album", {("title", "price")}),
        "adds a unique constraint unique title,price on shop_album(title, price)",
    ),
    (
        migrations.AlterField("album", "price", models.PositiveIntegerField(null=True)),
        'adds a check check price to shop_album: CHECK ("price" >= 0)',
    ),
    (
        migrations.AlterField("album", "shop", models.ForeignKey("shop.Shop", models.CASCADE)),
        "adds a foreign key foreign key shop_id from shop_album(shop_id) to public.shop_shop",
    ),
    (
        migrations.AlterOrderWithRespectTo("album", "shop"),
        "adds shop_album._order, not null and without db_default: the serving release does not fill it",
    ),
    (migrations.RunSQL("SELECT 1"), "Raw SQL operation: what it does is not known without a copy to try it on"),
    (migrations.RunPython(forwards), "Raw Python operation: what it does is not known without a copy to try it on"),
    (
        Hiding("album", "year", models.IntegerField(null=True)),
        "Add field year to album: what it does is not known without a copy to try it on",
    ),
    (
        migrations.SeparateDatabaseAndState(database_operations=[migrations.RemoveField("album", "price")]),
        "drops or renames the column shop_album.price",
    ),
]


@pytest.mark.parametrize(("operation", "reason"), UNSAFE, ids=[reason for _operation, reason in UNSAFE])
def test_breaking_migration_is_refused(state: ProjectState, operation: Operation, reason: str) -> None:
    assert reason in reasons(state, operation)


def test_change_of_a_new_model_breaks_no_release(state: ProjectState) -> None:
    made = migrations.CreateModel("Label", [("id", models.BigAutoField(primary_key=True))])
    changes = [
        migrations.AddField("label", "name", models.CharField(max_length=9, default="")),
        migrations.RenameModel("label", "Publisher"),
        migrations.RemoveField("publisher", "name"),
        migrations.DeleteModel("publisher"),
    ]
    assert reasons(state, made, *changes) == []


def test_column_dropped_and_made_again_was_gone(state: ProjectState) -> None:
    again = migrations.AddField("album", "price", models.IntegerField(null=True))
    found = reasons(state, migrations.RemoveField("album", "price"), again)
    assert found == ["drops or renames the column shop_album.price"]
