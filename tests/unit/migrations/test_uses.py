from __future__ import annotations

import json

import pytest
from django.apps.registry import Apps
from django.db import connection, models

from ecluse.migrations.uses import UsedColumn, Uses, uses


@pytest.fixture
def found() -> Uses:
    registry = Apps()

    class Artist(models.Model):
        class Meta:
            app_label, apps = "shop", registry

    class Album(models.Model):
        title = models.CharField(max_length=9, unique=True)
        year = models.IntegerField(null=True)
        rank = models.IntegerField(db_default=1)
        artists = models.ManyToManyField(Artist)
        double = models.GeneratedField(
            expression=models.F("rank") * 2, output_field=models.IntegerField(), db_persist=True
        )

        class Meta:
            app_label, apps, unique_together = "shop", registry, [("title", "year")]

    class Again(Album):
        class Meta:
            app_label, apps, proxy = "shop", registry, True

    class Brief(models.Model):
        year = models.IntegerField()

        class Meta:
            app_label, apps, managed, db_table = "shop", registry, False, "shop_album"

    return uses(registry.all_models["shop"].values(), connection)


def test_columns_of_a_table_and_their_defaults_are_listed(found: Uses) -> None:
    assert found.tables["shop_album"].columns == {
        "id": UsedColumn(default=True),
        "title": UsedColumn(),
        "year": UsedColumn(null=True),
        "rank": UsedColumn(default=True),
        "double": UsedColumn(generated=True, null=False),
    }


def test_uniqueness_that_models_declare(found: Uses) -> None:
    assert found.tables["shop_album"].unique == {frozenset({"id"}), frozenset({"title"}), frozenset({"title", "year"})}


def test_table_between_models_is_used(found: Uses) -> None:
    table = found.tables["shop_album_artists"]
    assert table.columns.keys() == {"id", "album_id", "artist_id"}
    assert frozenset({"album_id", "artist_id"}) in table.unique


def test_uses_travel_as_json(found: Uses) -> None:
    assert Uses.from_json(json.loads(json.dumps(found.as_json()))) == found
