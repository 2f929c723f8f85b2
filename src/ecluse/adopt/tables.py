"""The tables that no migration makes: `migrate` leaves them out, and a release would miss them."""

from __future__ import annotations

from collections.abc import Iterator

from ecluse.adopt.asking import SettingsReport
from ecluse.errors import AdoptError

__all__ = ["notes", "refuse_missing"]


def refuse_missing(answer: SettingsReport) -> None:
    """Raise AdoptError where `migrate` fails because an application has models and no migrations."""
    missing = sorted(label for label, needed in answer.unmigrated.items() if needed)
    if missing:
        raise AdoptError(
            f"{', '.join(missing)} has models and no migrations, and `migrate` fails for want of them",
            hint=f"python manage.py makemigrations {' '.join(missing)}, and commit the files",
        )


def notes(answer: SettingsReport) -> Iterator[str]:
    """A line for each application whose tables no release will have."""
    for label in sorted(answer.unmigrated):
        yield f"{label} has models and no migrations: a release does not have its tables"
