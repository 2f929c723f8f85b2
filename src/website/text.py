"""Text as it is searched: without case and accents, with one kind of apostrophe."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django.db.backends.signals import connection_created
from django.db.models import Func, TextField

__all__ = ["Plain", "harmless", "plain"]

DIRECTIONS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
APOSTROPHES = str.maketrans(dict.fromkeys("‘’ʼ′", "'"))


def plain(text: str) -> str:
    """*text* in lower case without accents, as it is searched: "L’Écarlate" is found by "l'ecarlate"."""
    decomposed = unicodedata.normalize("NFKD", text.translate(APOSTROPHES).casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def harmless(text: str) -> str:
    """*text* without the marks that turn its direction: "photo\u202egpj.exe" would be shown as a picture's name."""
    return DIRECTIONS.sub("", text)


class Plain(Func):
    """The function plain() on a column, computed by the database."""

    function = "website_plain"
    output_field = TextField()

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        marks = "U&'[\\0300-\\036F]'"
        apostrophes = "U&'\\2018\\2019\\02BC\\2032', ''''''''''"
        decomposed = f"normalize(translate(%(expressions)s, {apostrophes}), NFKD)"
        template = f"lower(regexp_replace({decomposed}, {marks}, '', 'g'))"
        return self.as_sql(compiler, connection, template=template, **extra)


def _teach_sqlite(connection: Any, **kwargs: Any) -> None:
    if connection.vendor == "sqlite":
        connection.connection.create_function("website_plain", 1, lambda text: text and plain(text), deterministic=True)


connection_created.connect(_teach_sqlite, dispatch_uid="website.text")
