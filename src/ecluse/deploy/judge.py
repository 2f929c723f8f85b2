"""The decision whether a database's migrations allow a release to be rolled out."""

from __future__ import annotations

from collections.abc import Sequence

from ecluse.deploy.contract import Migration, Preflight
from ecluse.deploy.history import Record
from ecluse.errors import PreflightError

__all__ = ["behind", "flag", "judge", "refused"]


def judge(
    found: Preflight, release: str, previous: str | None, history: Sequence[Record], allowed: Sequence[str]
) -> None:
    """Return where *release* may take the place of *previous*; raise PreflightError, with the reason, where not."""
    not_allowed = refused(found, previous, allowed)
    if not_allowed:
        reasons = [f"  {one.name}: {reason}" for one in not_allowed for reason in one.unsafe]
        flags = " ".join(flag(one) for one in not_allowed)
        raise PreflightError(
            "\n".join([f"these migrations would break the running release {previous}:", *reasons]),
            hint=f"do it in two rollouts (first stop using it, then remove it), or accept errors: {flags}",
        )
    missing = behind(found, history)
    if missing:
        raise PreflightError(
            "\n".join([f"the database has moved past release {release}: {', '.join(missing)}", *_reasons(found)]),
            hint="roll a newer release out; migrations are not undone by a rollout",
        )


def _reasons(found: Preflight) -> list[str]:
    return [f"  {reason}" for reason in found.behind or ()]


def refused(found: Preflight, previous: str | None, allowed: Sequence[str]) -> list[Migration]:
    """The pending migrations that *previous* cannot live with and that are not *allowed* by name."""
    if previous is None:  # where nothing serves, nothing can be broken
        return []
    return [one for one in found.pending if one.unsafe and not _named(one.name, allowed)]


def behind(found: Preflight, history: Sequence[Record]) -> list[str]:
    """The applied migrations that the release does not know and cannot live with: what was found in the database; where
    nothing could be, what *history* says of them.
    """
    if found.behind is not None:
        return sorted(found.unknown) if found.behind else []
    return sorted(found.unknown & {name for record in history for name in record.unsafe})


def flag(migration: Migration) -> str:
    """The options that allow *migration*: ``--allow-migration shop.0007`` for ``shop.0007_remove_price``."""
    app, _, rest = migration.name.partition(".")
    number = rest.partition("_")[0]
    return f"--allow-migration {f'{app}.{number}' if number.isdigit() else migration.name}"


def _named(name: str, allowed: Sequence[str]) -> bool:
    return any(name == one or name.startswith(f"{one}_") for one in allowed)
