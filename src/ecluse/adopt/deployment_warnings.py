"""The warnings of ``check --deploy`` that a project has before it is adopted."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from ecluse.adopt.look import Found
from ecluse.machine import process
from ecluse.migrations import bundle
from ecluse.migrations.report_mark import MARK

__all__ = ["ask", "recorded"]

# A weak SECRET_KEY and weak old ones.
_ABOUT_SECRETS = ("security.W009", "security.W025")

# Seconds for a project to load and check itself.
_PATIENCE = 300.0


def ask(found: Found, outside: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """The warnings that the project's release would get in an environment that faces the world: each by its id.

    *outside* is the folder with its settings from outside. Returns nothing where the project cannot be checked.
    """
    folder = found.top / found.folder
    path = os.pathsep.join(map(str, (outside, folder, found.top)))
    variables = {**environ, "PYTHONPATH": path, "DJANGO_SETTINGS_MODULE": found.answer.module}
    argv = (str(found.subject.python), "-", "warnings")
    done = process.run(argv, cwd=folder, env=variables, check=False, timeout=_PATIENCE, input=bundle.script())
    line = next((one for one in done.output.splitlines() if one.startswith(MARK)), None)
    return recorded(json.loads(line.removeprefix(MARK)), found.variables.secrets) if line else {}


def recorded(warnings: Mapping[str, str], secrets: tuple[str, ...]) -> dict[str, str]:
    """The *warnings* to record. Where *secrets* have placeholders, nothing is known about the strength of real ones."""
    return {name: says for name, says in warnings.items() if not (secrets and name in _ABOUT_SECRETS)}
