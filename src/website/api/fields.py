"""Fields that mean what the API's description says: no number for a string, no string for a number, no markup.

REST framework's own are made for forms, and take what can be converted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

__all__ = ["BooleanField", "DateField", "IntegerField", "KeyField", "KnownFieldsOnly", "StringField", "TextField"]

# No < and no >, so nothing that is markup anywhere; no NUL, which PostgreSQL cannot store.
POSSIBLY_BLANK = re.compile(r"^[^<>\x00]*$")
NOT_BLANK = re.compile(r"^\s*[^\s<>\x00][^<>\x00]*$")


# A body in which a field that does not exist is refused: a slip of the pen would change nothing, unnoticed. (A comment,
# since a docstring would be the description of every serializer that inherits it.)
class KnownFieldsOnly(serializers.Serializer[Any]):
    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = [str(name) for name in data if name not in self.fields]
            if unknown:
                raise serializers.ValidationError(
                    {
                        name: [serializers.ErrorDetail(str(_("Ce champ n’existe pas.")), code="unknown")]
                        for name in unknown
                    }
                )
        return super().to_internal_value(data)


class BooleanField(serializers.BooleanField):
    """true or false, and no word for it."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class DateField(serializers.DateField):
    """A date as RFC 3339 writes it: 2026-01-05, not 2026-1-5."""

    def to_internal_value(self, value: Any) -> Any:
        if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
            self.fail("invalid", format="YYYY-MM-DD")
        return super().to_internal_value(value)


class IntegerField(serializers.IntegerField):
    """A JSON number without a fraction."""

    def to_internal_value(self, data: Any) -> int:
        # JSON has one kind of number: 3.0 is an integer there.
        if isinstance(data, bool) or not (isinstance(data, int) or (isinstance(data, float) and data.is_integer())):
            self.fail("invalid")
        return super().to_internal_value(int(data))


class KeyField(serializers.PrimaryKeyRelatedField[Any]):
    """The key of an object that exists."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("incorrect_type", data_type=type(data).__name__)
        return super().to_internal_value(data)


class StringField(serializers.CharField):
    """A JSON string. White space around it is not kept, but counts: the description can say no other."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        if self.max_length is not None and len(data) > self.max_length:
            raise serializers.ValidationError(
                self.error_messages["max_length"].format(max_length=self.max_length), "max_length"
            )
        return super().to_internal_value(data)


class TextField(StringField):
    """Text that people write. Markup is refused, so that a client that shows it as HTML by mistake does no harm."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        pattern = POSSIBLY_BLANK if self.allow_blank else NOT_BLANK
        self.validators.append(
            RegexValidator(pattern, _("Du texte seul, s’il vous plaît, sans balises : ni < ni >."), code="markup")
        )
