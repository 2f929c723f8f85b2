"""Query parameters, read as strictly as bodies."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from rest_framework import serializers

from website.api.exceptions import InvalidQuery

__all__ = ["Query"]


class Query(serializers.Serializer[Any]):
    """The query parameters. One that is not here is refused: a filter with a slip of the pen would show everything."""

    @classmethod
    def read(cls, parameters: QueryDict) -> dict[str, Any]:
        """*parameters*, checked. Raises InvalidQuery, which names each that is wrong."""
        fields = cls().fields
        errors: dict[str, Any] = {
            name: [serializers.ErrorDetail(_("Ce paramètre n’existe pas."), code="unknown")]
            for name in parameters
            if name not in fields
        }
        for name, values in parameters.lists():
            if len(values) > 1 and name in fields and not isinstance(fields[name], serializers.ListField):
                errors[name] = [serializers.ErrorDetail(_("Ce paramètre est donné plusieurs fois."), code="repeated")]
        # Not the QueryDict itself: it is taken for a form, in which an empty field is one that was not filled in.
        data = {
            name: values if isinstance(fields.get(name), serializers.ListField) else values[-1]
            for name, values in parameters.lists()
        }
        query = cls(data=data)
        if not query.is_valid():
            errors = {**query.errors, **errors}
        if errors:
            raise InvalidQuery(errors)
        return dict(query.validated_data)
