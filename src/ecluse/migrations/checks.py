"""Django's checks of a release: which of their messages refuse it, and which warnings it has."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

__all__ = ["name", "refusals", "warnings"]


def refusals(*, deploy: bool, databases: Iterable[str], known: Collection[str]) -> list[str]:
    """The messages that refuse the release: errors; with *deploy*, warnings too, those for a deployment among them.

    A warning whose :func:`name` is in *known* refuses nothing.
    """
    from django.core.checks import ERROR, WARNING

    return [
        str(one)
        for one in _messages(deploy, databases)
        if one.level >= ERROR or (deploy and one.level >= WARNING and name(one) not in known)
    ]


def warnings() -> dict[str, str]:
    """The warnings of Django's checks for a deployment: the first sentence of each by its name, without a database."""
    from django.core.checks import ERROR, WARNING

    found = [one for one in _messages(True, ()) if WARNING <= one.level < ERROR]
    # Django keeps its checks in a set: their order is another one in each process.
    says = sorted((name(one), str(one.msg).partition(". ")[0].partition("\n")[0].rstrip(".")) for one in found)
    return dict(says)


def name(message: Any) -> str:
    """The id of a check's message, as ``security.W004``; its text where it has none."""
    return str(message.id or message.msg)


def _messages(deploy: bool, databases: Iterable[str]) -> list[Any]:
    from django.core.checks import run_checks

    found = run_checks(include_deployment_checks=deploy, databases=list(databases))
    return [one for one in found if not one.is_silenced()]
