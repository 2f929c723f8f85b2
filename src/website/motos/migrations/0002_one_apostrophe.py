from typing import Any

from django.db import migrations
from django.db.models import F, Value
from django.db.models.functions import Replace


def replace(apps: Any, schema_editor: Any) -> None:
    """The searched text of motorcycles has one kind of apostrophe, as searches have (website.text.plain)."""
    motorcycles = apps.get_model("motos", "Motorcycle").objects.using(schema_editor.connection.alias)
    for apostrophe in "‘’ʼ′":
        found = motorcycles.filter(search__contains=apostrophe)
        found.update(search=Replace(F("search"), Value(apostrophe), Value("'")))


class Migration(migrations.Migration):

    dependencies = [
        ("motos", "0001_initial"),
    ]

    operations = [migrations.RunPython(replace, migrations.RunPython.noop, elidable=True)]
