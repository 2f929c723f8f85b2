"""Indexes of PostgreSQL's own kinds, in a site that local also runs on SQLite."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

__all__ = ["OrdinaryElsewhere"]


class OrdinaryElsewhere(models.Index):
    """Before an index of PostgreSQL's among the bases of a class: on another database it is an ordinary one."""

    def create_sql(
        self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor, using: str = "", **kwargs: Any
    ) -> Any:
        if schema_editor.connection.vendor == "postgresql":
            return super().create_sql(model, schema_editor, using, **kwargs)
        return models.Index.create_sql(self, model, schema_editor, **kwargs)
