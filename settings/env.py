"""The values that the settings read from the process's environment: parsed strictly, and every mistake told at once.

django-environ reads the addresses of databases. The other values are read here: it takes ``DJANGO_DEBUG=flase`` for
False without a word, and a secret that begins with ``$`` for the name of another variable.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from environ import Env

__all__ = ["NEW_KEY", "Environment"]

NEW_KEY = 'python -c "import secrets; print(secrets.token_urlsafe(50))"'
"""The command that prints a good secret key."""

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off"})
DATABASES = frozenset({"postgres", "postgresql", "sqlite"})
DSN = re.compile(r"https?://[^@/\s]+@[^@/\s]+/(?:[^@\s]*/)?\d+")
MAIL_PORTS = {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465, "consolemail": None}

# gunicorn's "worker failed to boot": with it the server stops and says so, with any other it starts workers for ever.
EXIT_CODE = 3


class Environment:
    """The variables that configure the site. An empty one counts as not set.

    Every value may stand in a file instead, named by ``NAME_FILE`` (as Docker's secrets are). A value that cannot be
    read is noted, its default returned, and :meth:`refuse` ends the process with all that was noted.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._problems: list[str] = []

    def problem(self, what: str, remedy: str) -> None:
        """Note that *what* is wrong and *remedy* makes it good."""
        problem = f"{what}\n      {remedy}"
        if problem not in self._problems:
            self._problems.append(problem)

    def given(self, name: str) -> bool:
        """Whether *name* is set, itself or by a file, readable or not."""
        return bool(self._variables.get(name) or self._variables.get(f"{name}_FILE"))

    def text(self, name: str, default: str = "") -> str:
        """The value of *name*, or the content of the file that ``NAME_FILE`` names without its last line end."""
        value, file = self._variables.get(name, ""), self._variables.get(f"{name}_FILE", "")
        if value and file:
            self.problem(f"{name} and {name}_FILE are both set", f"keep one of them: unset {name}")
        elif file:
            try:
                value = Path(file).read_text(encoding="utf-8").rstrip("\r\n")
            except (OSError, UnicodeDecodeError) as error:
                reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
                self.problem(f"{name}_FILE: {file} cannot be read: {reason}", f"check it: ls -l {file}")
                return default
            if not value:
                self.problem(f"{name}_FILE: {file} is empty", f"write the value into it, or unset {name}_FILE")
        return value or default

    def boolean(self, name: str, default: bool) -> bool:
        """True or False, written in one of the usual ways."""
        value = self.text(name).strip().lower()
        if value in TRUE or value in FALSE:
            return value in TRUE
        if value:
            self.problem(f"{name} is {value!r}, neither true nor false", f"export {name}=true, or false")
        return default

    def number(self, name: str, default: int) -> int:
        """A whole number, zero or more."""
        value = self.text(name).strip()
        if value.isascii() and value.isdigit():
            return int(value)
        if value:
            self.problem(f"{name} is {value!r}, not a whole number", f"export {name}={default}")
        return default

    def names(self, name: str, default: Iterable[str] = ()) -> list[str]:
        """The names in a list with commas."""
        return [part for part in map(str.strip, self.text(name).split(",")) if part] or list(default)

    def choice(self, name: str, default: str, choices: Collection[str]) -> str:
        """A value of *choices*, given in upper or lower case."""
        value = self.text(name, default).strip().upper()
        if value in choices:
            return value
        self.problem(f"{name} is {value!r}, none of {', '.join(choices)}", f"export {name}={default}")
        return default

    def dsn(self, name: str) -> str:
        """The address that Sentry gives a project, ``https://KEY@HOST/PROJECT``, or nothing."""
        value = self.text(name)
        if value and not DSN.fullmatch(value):
            self.problem(f"{name} is no address of a Sentry project", f"export {name}=https://KEY@HOST/PROJECT")
            return ""
        return value

    def web(self, name: str) -> str:
        """An address on the web, ``https://HOST/PATH``, or nothing."""
        value = self.text(name)
        if value and not re.fullmatch(r"https?://[^@/\s]+(/[^?#\s]*)?", value):
            self.problem(f"{name} is no address on the web", f"export {name}=https://HOST/PATH")
            return ""
        return value

    def database(self, name: str, default: str = "") -> dict[str, Any] | None:
        """Django's settings for the database at the address *name*; None if it is missing or unusable."""
        address = self.text(name, default)
        if not address:
            return None
        example = f"export {name}=postgres://USER:PASSWORD@HOST:5432/NAME"
        scheme = address.partition("://")[0]
        if scheme not in DATABASES:
            # The address itself is not shown: it holds a password.
            self.problem(f"{name} is no address of a database ({', '.join(sorted(DATABASES))})", example)
            return None
        try:
            found: dict[str, Any] = Env.db_url_config(address)
        except ValueError:
            # Its own words would show a part of the address, perhaps of the password.
            self.problem(f"{name} cannot be read: special characters in it must be percent-encoded", example)
            return None
        if not found["NAME"]:
            self.problem(f"{name} names no database", example)
            return None
        # libpq's way to name a socket's folder, postgres://user@/name?host=/folder, where Django looks for it.
        options = found.setdefault("OPTIONS", {})
        for option in ("host", "port", "user", "password"):
            if option in options:
                found[option.upper()] = str(options.pop(option))
        return found

    def mail(self, name: str, default: str) -> dict[str, Any]:
        """The mail server at the address *name*, as an entry of Django's MAILERS: a backend and its options."""
        address = self.text(name, default)
        example = f"export {name}=smtp+tls://USER:PASSWORD@HOST:587 (or smtp://, smtp+ssl://, consolemail://)"
        scheme = address.partition("://")[0]
        try:
            found = Env.email_url_config(address) if scheme in MAIL_PORTS else None
        except ValueError:
            found = None
        if found is None or (scheme != "consolemail" and not found["EMAIL_HOST"]):
            # Not shown: it holds a password.
            self.problem(f"{name} is no address of a mail server", example)
            return {}
        options = {
            "host": found["EMAIL_HOST"],
            "port": found["EMAIL_PORT"] or MAIL_PORTS[scheme],
            "username": found["EMAIL_HOST_USER"] or "",
            "password": found["EMAIL_HOST_PASSWORD"] or "",
            "use_tls": found.get("EMAIL_USE_TLS", False),
            "use_ssl": found.get("EMAIL_USE_SSL", False),
            "timeout": 10,
        }
        return {"BACKEND": found["EMAIL_BACKEND"], "OPTIONS": {} if scheme == "consolemail" else options}

    def broker(self, name: str) -> str:
        """The address of RabbitMQ or Redis, or nothing."""
        example = f"export {name}=amqp://USER:PASSWORD@HOST:5672/ (or redis://)"
        return self._server(name, "a broker", {"amqp", "amqps", "redis", "rediss"}, example)

    def redis(self, name: str) -> str:
        """The address of a Redis, or nothing."""
        return self._server(name, "a Redis", {"redis", "rediss"}, f"export {name}=redis://HOST:6379/0")

    def mongodb(self, name: str) -> str:
        """The address of a MongoDB, or nothing."""
        example = f"export {name}=mongodb://USER:PASSWORD@HOST:27017/DATABASE"
        return self._server(name, "a MongoDB", {"mongodb", "mongodb+srv"}, example)

    def _server(self, name: str, what: str, schemes: Collection[str], example: str) -> str:
        address = self.text(name)
        scheme, _, rest = address.partition("://")
        if address and (scheme not in schemes or not rest):
            # Not shown: it may hold a password.
            self.problem(f"{name} is no address of {what}", example)
            return ""
        return address

    def refuse(self, module: str) -> None:
        """End the process, with all problems on standard error, if there are any: *module* cannot serve so."""
        if not self._problems:
            return
        count = len(self._problems)
        print(f"{module}: {count} {'problem' if count == 1 else 'problems'}, refusing to start", file=sys.stderr)
        for number, problem in enumerate(self._problems, start=1):
            print(f"  {number}. {problem}", file=sys.stderr)
        raise SystemExit(EXIT_CODE)
