"""How a project is brought to PostgreSQL: by the variables that it has for that, else from outside."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ecluse.adopt.asking import SettingsReport, Subject
from ecluse.errors import AdoptError

__all__ = ["Switch", "find", "refuse_spatial"]

_LIKE_DATABASE = re.compile(r"DB|DATABASE|POSTGRES|^PG|SQL|RDS", re.IGNORECASE)

# An address that nothing listens at, all parts of which are seen again in DATABASES.
_PARTS = {
    "USER": "marked-user",
    "PASSWORD": "marked-password",
    "HOST": "127.0.0.9",
    "PORT": "5999",
    "NAME": "marked-name",
}
_URL = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**_PARTS)


@dataclass(frozen=True)
class Switch:
    """*fixed* variables make the project use PostgreSQL; *parts* are variables that get a part of the address each.

    A part is ``url``, ``name``, ``host``, ``port``, ``user`` or ``password``. A project without *parts* has no switch,
    and its database is set from outside once its settings have loaded. *loads* counts how often they were loaded.
    """

    fixed: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)
    loads: int = 0

    @property
    def own(self) -> bool:
        """Whether the project's own variables lead to an address."""
        return "url" in self.parts.values() or {"host", "name"} <= set(self.parts.values())


def refuse_spatial(answer: SettingsReport) -> None:
    """Raise AdoptError where the project keeps shapes in its database, for which PostgreSQL needs PostGIS."""
    engine = str(answer.databases.get("default", {}).get("ENGINE", ""))
    if engine.startswith("django.contrib.gis."):
        raise AdoptError(
            f"it needs PostGIS ({engine}), and the PostgreSQL that Écluse starts for a site has no PostGIS",
            hint="write pipeline.py by hand: DATABASE_URL among an environment's secrets leads to a server of yours, "
            "and ECLUSE_POSTGRES_IMAGE names an image with PostGIS for the tests",
        )


def find(subject: Subject, given: Mapping[str, str], answer: SettingsReport, settings: str = "") -> Switch:
    """Look for the project's own switch by trying, starting from the *answer* that its settings gave with *given*."""
    trial = _Trial(subject, given, settings)
    # An address is told from a made-up one that is only there so that the settings load.
    for name in _by_url(answer):
        found = trial.load({name: _URL})
        if _is_at_mark(found):
            return Switch({}, {name: "url"}, trial.loads)
    fixed: dict[str, str] = {}
    now = answer
    if not _is_postgresql(answer):
        for name, value in _by_kind(answer):
            found = trial.load({name: value})
            if found.loaded and _is_postgresql(found):
                fixed, now = {name: value}, found
                break
    parts = trial.parts(now, fixed) if _is_postgresql(now) else {}
    switch = Switch(fixed, parts, trial.loads)
    return switch if switch.own and not _has_own_parts(now, switch) else Switch(loads=trial.loads)


def _has_own_parts(answer: SettingsReport, switch: Switch) -> bool:
    """Whether the settings name a port or an account themselves: those are another server's, not the address's."""
    default = answer.databases.get("default", {})
    written = {part.lower() for part in ("PORT", "USER", "PASSWORD") if default.get(part)} - set(switch.parts.values())
    return bool(written - ({"port"} if str(default.get("PORT")) == "5432" else set()))


class _Trial:
    """Loads of the settings with other variables, counted."""

    def __init__(self, subject: Subject, given: Mapping[str, str], settings: str) -> None:
        self.subject, self.given, self.settings, self.loads = subject, given, settings, 0

    def load(self, variables: Mapping[str, str]) -> SettingsReport:
        self.loads += 1
        return self.subject.ask({**self.given, **variables}, self.settings)

    def parts(self, answer: SettingsReport, fixed: Mapping[str, str]) -> dict[str, str]:
        """The variable for each part of ``DATABASES["default"]``: each variable is marked, and looked for in them."""
        names = [name for name in answer.asked if _LIKE_DATABASE.search(name) and name not in fixed]
        marks = {name: _mark(name, index) for index, name in enumerate(names)}
        answers = [self.load({**fixed, **marks})]
        if not answers[0].loaded:  # one of the marks breaks it: one at a time
            answers = [self.load({**fixed, name: mark}) for name, mark in marks.items()]
        found: dict[str, str] = {}
        for one in answers:
            default = one.databases.get("default", {}) if one.loaded else {}
            for part in ("NAME", "HOST", "PORT", "USER", "PASSWORD"):
                for name, mark in marks.items():
                    if str(default.get(part, "")) == mark:
                        found[name] = part.lower()
        return found


def _is_postgresql(answer: SettingsReport) -> bool:
    """Whether the default database is PostgreSQL, by Django's own engine or by a package's (``postgresql_backend``)."""
    return "postg" in answer.engine


def _mark(name: str, index: int) -> str:
    return f"59{index:02d}" if "PORT" in name.upper() else f"mark{index}"


def _is_at_mark(answer: SettingsReport) -> bool:
    default = answer.databases.get("default", {})
    return answer.loaded and _is_postgresql(answer) and default.get("HOST") == _PARTS["HOST"]


def _by_url(answer: SettingsReport) -> Iterator[str]:
    names = [name for name in answer.asked if re.search(r"URL|URI|DSN", name, re.IGNORECASE)]
    yield from (name for name in names if _LIKE_DATABASE.search(name))


def _by_kind(answer: SettingsReport) -> Iterator[tuple[str, str]]:
    """Variables that may choose the kind of database, with values that may mean PostgreSQL, the likeliest first."""
    names = sorted(
        (name for name in answer.asked if _LIKE_DATABASE.search(name) or re.search(r"ENV|DEBUG|STAGE|MODE", name)),
        key=lambda name: ("ENGINE" not in name, not _LIKE_DATABASE.search(name), len(name)),
    )
    for name in names[:12]:
        if "ENGINE" in name or "TYPE" in name or "KIND" in name or "BACKEND" in name or "DRIVER" in name:
            values: tuple[str, ...] = ("django.db.backends.postgresql", "postgresql", "postgres", "pgsql")
        elif re.search(r"HOST|NAME|^USE_|_USE_|ENABLE", name) or "POSTGRES" in name:
            values = ("true", "1", "localhost")
        elif _LIKE_DATABASE.search(name):
            values = ("postgresql", "1")
        else:
            continue  # a switch of everything (DEBUG, ENVIRONMENT) changes more than the database
        yield from ((name, value) for value in values)
