from __future__ import annotations

import pytest
from django.db import connection, migrations, models
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState

from ecluse.deploy.migrations import unsafe


@pytest.fixture
def state() -> ProjectState:
    """The models of the serving release: an album with a title, a price that may be missing, and artists."""
    made = ProjectState()
    made.add_model(ModelState("shop", "Artist", [("id", models.BigAutoField(primary_key=True))]))
    fields: list[tuple[str, models.Field[object, object]]] = [
        ("id", models.BigAutoField(primary_key=True)),
        ("title", models.CharField(max_length=50)),
        ("price", models.IntegerField(null=True)),
        ("artists", models.ManyToManyField("shop.Artist")),
    ]
    made.add_model(ModelState("shop", "Album", fields))
    return made


def reasons(state: ProjectState, *operations: Operation) -> list[str]:
    return list(unsafe(operations, "shop", state, connection, set()))


SAFE = [
    migrations.AddField("album", "year", models.IntegerField(null=True)),
    migrations.AddField("album", "year", models.IntegerField(db_default=2000)),
    migrations.AddField("album", "labels", models.ManyToManyField("shop.Artist", related_name="+")),
    migrations.AlterField("album", "title", models.CharField(max_length=80)),
    migrations.AlterField("album", "title", models.TextField()),
    migrations.AlterField("album", "price", models.BigIntegerField(null=True)),
    migrations.AlterField("album", "title", models.CharField("the title", max_length=50)),
    migrations.AddIndex("album", models.Index(fields=["title"], name="by_title")),
    migrations.AlterModelOptions("album", {"ordering": ["title"]}),
    migrations.RunPython(migrations.RunPython.noop),
    migrations.RunSQL("UPDATE shop_album SET price = 0 WHERE price IS NULL"),
    migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel("album")]),
]


@pytest.mark.parametrize("operation", SAFE, ids=lambda operation: operation.describe())
def test_operation_is_safe_for_the_serving_release(state: ProjectState, operation: Operation) -> None:
    assert reasons(state, operation) == []


UNSAFE = [
    (migrations.DeleteModel("album"), "drops the table shop_album"),
    (migrations.RenameModel("album", "record"), "renames the table shop_album to shop_record"),
    (migrations.AlterModelTable("album", "albums"), "renames the table shop_album to albums"),
    (migrations.RemoveField("album", "title"), "drops the column shop_album.title"),
    (migrations.RemoveField("album", "artists"), "drops the table shop_album_artists"),
    (migrations.RenameField("album", "title", "name"), "renames the column shop_album.title to name"),
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
        migrations.AlterField("album", "price", models.CharField(max_length=9, null=True)),
        "changes the type of shop_album.price from integer to varchar(9)",
    ),
    (
        migrations.AlterField("album", "title", models.CharField(max_length=50, db_column="name")),
        "renames the column shop_album.title to name",
    ),
    (
        migrations.RunSQL([("ALTER TABLE shop_album DROP COLUMN price", None)]),
        "Raw SQL operation: it drops, renames or narrows something",
    ),
    (
        migrations.SeparateDatabaseAndState(database_operations=[migrations.RemoveField("album", "price")]),
        "drops the column shop_album.price",
    ),
]


@pytest.mark.parametrize(("operation", "reason"), UNSAFE, ids=[reason for _operation, reason in UNSAFE])
def test_operation_is_unsafe_for_the_serving_release(state: ProjectState, operation: Operation, reason: str) -> None:
    assert reasons(state, operation) == [reason]


def test_change_of_a_model_created_in_the_same_migration_is_safe(state: ProjectState) -> None:
    made = migrations.CreateModel("Label", [("id", models.BigAutoField(primary_key=True))])
    changes = [
        migrations.AddField("label", "name", models.CharField(max_length=9, default="")),
        migrations.RenameModel("label", "Publisher"),
        migrations.RemoveField("publisher", "name"),
        migrations.DeleteModel("publisher"),
    ]
    assert reasons(state, made, *changes) == []


def test_operation_is_judged_on_the_state_before_it(state: ProjectState) -> None:
    found = reasons(
        state,
        migrations.AddField("album", "year", models.IntegerField(null=True)),
        migrations.RemoveField("album", "price"),
        migrations.AlterField("album", "year", models.IntegerField(null=True, db_index=True)),
    )
    assert found == ["drops the column shop_album.price"]
