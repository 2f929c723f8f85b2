"""The environment variables that a project's settings cannot load without, and values that let them load."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ecluse.adopt import settings_module
from ecluse.adopt.asking import LoadFailure, SettingsReport, Subject
from ecluse.errors import AdoptError
from ecluse.services.kinds import KINDS

__all__ = ["Variables", "examples", "is_secret", "needed", "refusal", "tried"]

# How many variables may be found one after the other before we give up; and once the settings load.
_MOST = 60
_MOST_FOR_CHECKS = 10

_SECRET = re.compile(r"SECRET|PASSWORD|PASSWD|TOKEN|PRIVATE|CREDENTIAL|(?<!PUBLIC_)KEY|DSN|SALT", re.IGNORECASE)

# Variables that lead to a service: another address than the placeholder is that of a real one.
_ADDRESSES = frozenset(KINDS[kind].variable for kind in ("redis", "rabbitmq"))

# Within one line: a variable without a value has none, whatever the next line says.
_ASSIGNMENT = r"^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=[ \t]*(.*?)[ \t\r]*$"

# Kinds of failures that no variable mends, unless they name it.
_NOT_ABOUT_VALUES = frozenset(
    {"SyntaxError", "IndentationError", "SystemCheckError", "OperationalError", "ProgrammingError"}
)

PLACEHOLDER = "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Variables:
    """*given* has the variables that are needed with values for tests; *asked* all that the settings read."""

    given: Mapping[str, str]
    answer: SettingsReport
    examples: Mapping[str, str] = field(default_factory=dict)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The names of the needed variables whose real values are secrets."""
        return tuple(name for name in self.given if is_secret(name))


def is_secret(name: str) -> bool:
    """Whether a variable of this *name* holds a secret, as far as a name tells."""
    return bool(_SECRET.search(name))


def needed(subject: Subject, known: Mapping[str, str], settings: str = "") -> Variables:
    """The variables with which the settings load, as :func:`tried` finds them.

    Raises AdoptError with the reason where the settings do not load whatever they are given.
    """
    found = tried(subject, known, settings)
    if not found.answer.ok:
        raise refusal(found)
    return found


def tried(subject: Subject, known: Mapping[str, str], settings: str = "") -> Variables:
    """Load the settings again and again, each time with one more of the variables that they miss, until Django's own
    checks pass too, or nothing helps. *known* are values that the project itself gives as examples.
    """
    given: dict[str, str] = {}
    others: dict[str, Iterator[str]] = {}
    answer = subject.ask(given, settings, check=True)
    loaded: list[Variables] = []
    for _ in range(_MOST):
        if answer.ok:
            loaded.append(Variables({**given}, answer, known))
            if answer.unchecked is None:
                return loaded[-1]
        name = _missing(answer, given) or _wrong(answer, given)
        value = next(others.setdefault(name, iter(candidates(name, known))), None) if name else None
        if name is None or value is None or len(loaded) > _MOST_FOR_CHECKS:
            break
        given[name] = value
        answer = subject.ask(given, settings, check=True)
    # Checks that fail whatever is given: then what the settings need is enough.
    return loaded[0] if loaded else Variables(given, answer, known)


def _missing(answer: SettingsReport, given: Mapping[str, str]) -> str | None:
    """The variable to give next: one that the error names, else the last one that was asked for and not there."""
    failure = answer.reason
    text = failure.text if failure else ""
    if settings_module.VARIABLE in text and settings_module.VARIABLE not in given:
        return settings_module.VARIABLE
    missing = [name for name, absent in answer.asked.items() if absent and name not in given]
    named = [name for name in missing if re.search(rf"(?<![A-Z0-9_]){re.escape(name)}(?![A-Z0-9_])", text)]
    # Names that an error mentions although nothing watched saw them asked for: pydantic reads all at once.
    spoken = [name for name in re.findall(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b", text) if name not in given]
    if named:
        return named[-1]
    if missing and failure and _is_about_a_value(failure):
        return missing[-1]
    return spoken[0] if spoken and "environment" in text.lower() else None


def _is_about_a_value(failure: LoadFailure) -> bool:
    """Whether a variable that is not there can be the reason: a missing module, file or table is none."""
    return not failure.module and failure.kind not in _NOT_ABOUT_VALUES


def _wrong(answer: SettingsReport, given: Mapping[str, str]) -> str | None:
    """A variable whose value was of the wrong kind: one that the error names, else the one asked for last."""
    failure = answer.reason
    if failure is None:
        return None
    for name, value in given.items():
        in_text = name in failure.text or (len(value) > 3 and value in failure.text)
        if in_text or (failure.module or "").rpartition(".")[2] == value:
            return name
    asked = [name for name in answer.asked if name in given]
    return asked[-1] if asked and failure.kind in ("ValueError", "TypeError") else None


def candidates(name: str, known: Mapping[str, str]) -> Iterator[str]:
    """Values for the variable *name* that do no harm, the likeliest first."""
    if known.get(name) and not is_secret(name) and name not in _ADDRESSES:
        yield known[name]
    if re.search(r"(^|_)(ENV|ENVIRONMENT|STAGE|PROFILE)$", name.upper()):
        yield from ("local", "development", "dev", "test")
    yield _by_name(name.upper())
    yield from ("1", "true", "http://127.0.0.1", "none", "{}", "[]", "nobody@example.com", "2030-01-01")


def _by_name(name: str) -> str:
    rules = (
        (r"DATABASE_URL|DB_URL|POSTGRES_URL|PG_URL", "postgres://nobody@127.0.0.1:1/none"),
        (r"FERNET|ENCRYPTION_KEY|FIELD_KEY", "c2l4dGVlbi1ieXRlcy1vZi1rZXktc2l4dGVlbi1iLTE="),
        (r"SECRET|PASSWORD|PASSWD|TOKEN|KEY|SALT|CREDENTIAL", PLACEHOLDER),
        (r"HOSTS?$|DOMAINS?$", "localhost,127.0.0.1"),
        (r"PORT$", "5432"),
        (r"DEBUG|_MODE$|^USE_|_ENABLED?$|^ENABLE|^IS_|_TLS$|_SSL$", "1"),
        (r"^REDIS_URL$", "redis://127.0.0.1:1/0"),
        (r"^RABBITMQ_URL$", "amqp://guest:guest@127.0.0.1:1//"),
        (r"REDIS|BROKER|CELERY.*URL|RESULT_BACKEND", "redis://127.0.0.1:6379/0"),
        (r"EMAIL(?!.*(URL|HOST|PORT|BACKEND))|FROM|ADMIN", "nobody@example.com"),
        (r"DSN", ""),
        (r"URL|ORIGINS?|ENDPOINT", "http://127.0.0.1"),
        (r"TIMEOUT|SECONDS|LIMIT|SIZE|COUNT|MAX|MIN|AGE|DAYS|HOURS|MINUTES|_ID$", "1"),
    )
    return next((value for pattern, value in rules if re.search(pattern, name)), "none")


def examples(top: Path, folder: str) -> dict[str, str]:
    """The variables of the project's example of an environment (``.env.example`` and its like), with their values; and
    the settings module, for a manage.py that names none.
    """
    names = (
        ".env.example",
        ".env.sample",
        ".env.template",
        ".env.dist",
        "env.example",
        "example.env",
        ".env.test",
        ".env.local",
    )
    found: dict[str, str] = {}
    for where in dict.fromkeys((top / folder, (top / folder).parent, top)):
        if top != where and top not in where.parents:
            continue
        for name in names:
            if (where / name).is_file():
                text = (where / name).read_text(encoding="utf-8", errors="replace")
                for key, value in re.findall(_ASSIGNMENT, text, re.MULTILINE):
                    plain = re.sub(r"\s+#.*$", "", value).strip("'\"")
                    if plain and not re.search(r"[<>{}]|your|change|xxx|\.\.\.", plain, re.IGNORECASE):
                        found.setdefault(key, plain)
    module = settings_module.likely(top, folder)
    return {**found, settings_module.VARIABLE: module} if module else found


def refusal(found: Variables) -> AdoptError:
    """The error for settings that did not load with the variables that were *found*."""
    failure = found.answer.failure
    assert failure is not None
    given = f" (tried with {', '.join(found.given)})" if found.given else ""
    last = list(found.given)[-1] if found.given else ""
    hint = f"if no placeholder will do, give a real value: {last}=… ecluse adopt" if last else None
    return AdoptError(f"its settings do not load: {failure}{given}", where=failure.place or None, hint=hint)
