"""Operations of a project's own, as people write them."""

from django.db.migrations.operations import AddField, RemoveField
from django.db.migrations.operations.base import Operation


class Harmless(AddField):
    """Adds a field as Django does."""


class Hides(AddField):
    """Says that it adds a field, and drops another."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        super().database_forwards(app_label, schema_editor, from_state, to_state)
        schema_editor.execute("ALTER TABLE library_author DROP COLUMN born")


class Removes(RemoveField):
    """Another name for what it does."""


class Own(Operation):
    """Runs SQL that nobody sees."""

    def __init__(self, *statements):
        self.statements = statements

    def state_forwards(self, app_label, state):
        pass

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        for statement in self.statements:
            schema_editor.execute(statement)
