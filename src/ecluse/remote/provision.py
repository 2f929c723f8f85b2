"""Provisioning from here: the program is sent, and whether it has shut anybody out is tried over a new connection."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from ecluse.definition.backups import VARIABLES, Backup
from ecluse.definition.model import Environment, FrontServer, Pipeline, Provision
from ecluse.errors import TargetError
from ecluse.monitoring import installation
from ecluse.remote import provisioner
from ecluse.remote.line import Cut, Line, Reach, connect
from ecluse.remote.server_database import database_of
from ecluse.remote.site import folder_of
from ecluse.secrets import masked
from ecluse.services.kinds import POSTGRES

__all__ = ["Provisioned", "archive", "outlook", "provision"]


@dataclass(frozen=True)
class Provisioned:
    """The *changes* of a server by item, as differences of texts, and *notes*: words on what no item changes."""

    changes: Mapping[str, str]
    notes: tuple[str, ...]


def outlook(
    pipeline: Pipeline, environment: Environment, wanted: Provision, environ: Mapping[str, str], *, remove: bool = False
) -> Provisioned:
    """The changes that :func:`provision` would make. Changes nothing."""
    with _connected(environment, wanted, environ) as line:
        found = _run(line, "plan", {**_order(pipeline, environment, wanted, environ), "remove": remove})
    return Provisioned(found["changes"], tuple(found["notes"]))


def provision(
    pipeline: Pipeline,
    environment: Environment,
    wanted: Provision,
    environ: Mapping[str, str],
    say: Callable[[str], None],
    *,
    remove: bool = False,
) -> Provisioned:
    """Prepare the machine of *environment* as *wanted*; with *remove*, take away what that has written. Returns the
    changes that were made.

    Raises TargetError where it is not a machine for that, and where a change would have shut the administrator out:
    that change is then taken back.
    """
    with _connected(environment, wanted, environ) as line:
        done = _run(line, "apply", {**_order(pipeline, environment, wanted, environ), "remove": remove}, say)
        if done["guarded"]:
            say("trying to sign in anew")
            try:
                _sign_in(environment, wanted, environ)
            except TargetError as error:
                _run(line, "revert", {})
                raise TargetError(
                    f"no new SSH connection was possible, so the changes are undone: {error.what}",
                    where=environment.host,
                    hint=f"is the key that you use among the keys of {wanted.administrator} in pipeline.py?",
                ) from None
    if done["failed"]:
        raise TargetError(
            "\n".join(f"{item}: {what}" for item, what in done["failed"].items()),
            where=environment.host,
            hint="all else is done: ./ecluse provision tries that again",
        )
    return Provisioned(done["changes"], tuple(done["notes"]))


def _sign_in(environment: Environment, wanted: Provision, environ: Mapping[str, str]) -> None:
    """Sign in as the site's account and as the administrator, who stops the timer that takes the changes back."""
    reach = Reach.of(environment, environ)
    with _soon(reach, environ):
        pass
    with _soon(replace(reach, user=wanted.administrator), environ) as line:
        _run(line, "keep", {})


@contextlib.contextmanager
def _connected(environment: Environment, wanted: Provision, environ: Mapping[str, str]) -> Iterator[Line]:
    """A connection as the administrator; where there is none yet, as the account that comes first."""
    reach = Reach.of(environment, environ)
    with contextlib.ExitStack() as stack:
        try:
            line = stack.enter_context(connect(replace(reach, user=wanted.administrator), environ))
        except Cut:
            raise
        except TargetError as error:
            if "lets nobody in" not in error.what:
                raise
            line = stack.enter_context(_soon(replace(reach, user=wanted.first), environ))
        yield line


@contextlib.contextmanager
def _soon(reach: Reach, environ: Mapping[str, str]) -> Iterator[Line]:
    """A connection to a machine that has just answered: its SSH server keeps whom it did not let in out for a while."""
    deadline = time.monotonic() + 40
    with contextlib.ExitStack() as stack:
        while True:
            try:
                line = stack.enter_context(connect(reach, environ))
                break
            except Cut:
                if time.monotonic() > deadline:
                    raise
                time.sleep(2)
        yield line


def _order(
    pipeline: Pipeline, environment: Environment, wanted: Provision, environ: Mapping[str, str]
) -> Mapping[str, Any]:
    tested = [service.version for service in pipeline.services if service.kind == "postgres"] or [POSTGRES.version]
    folder = folder_of(pipeline.name, environment.name)
    return {
        "administrator": wanted.administrator,
        "user": environment.user,
        "keys": [" ".join(key.split()) for key in wanted.keys],
        "ports": wanted.ports,
        "packages": wanted.packages,
        "time_zone": wanted.time_zone,
        "swap": wanted.swap,
        "front": _front(wanted.front),
        "environment": environment.name,
        "folder": folder,
        "database": database_of(pipeline, environment) if wanted.postgresql else None,
        "tested": sorted({version.split(".")[0] for version in tested}),
        "backup": _backup(environment.backup, environ),
        "monitoring": installation.order(environment, folder, environ),
    }


def _backup(backup: Backup | None, environ: Mapping[str, str]) -> Mapping[str, Any] | None:
    """*backup* for the program there, with the variables of restic that are given."""
    if backup is None:
        return None
    return {"every": backup.every, "variables": {name: environ[name] for name in VARIABLES if environ.get(name)}}


def _front(front: FrontServer | None) -> Mapping[str, Any] | None:
    """*front* for the program there, which is told by "kind" which way of TLS it is."""
    return None if front is None else {**asdict(front), "tls": {**asdict(front.tls), "kind": type(front.tls).__name__}}


def archive(order: Mapping[str, Any]) -> bytes:
    """The program that provisions, as an archive that a Python runs: the modules of ``provisioner`` alone, and *order*.

    An order may be long and have secrets, so it is no argument of the program.
    """
    folder = Path(provisioner.__file__).parent
    package = PurePosixPath(*provisioner.__name__.split("."))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as program:
        program.write(folder / "__main__.py", "__main__.py")
        program.writestr("order.json", json.dumps(order))
        for parent in package.parents:
            program.writestr(str(parent / "__init__.py"), "")
        for module in sorted(folder.glob("*.py")):
            program.write(module, str(package / module.name))
    return buffer.getvalue()


def _run(
    line: Line, mode: str, order: Mapping[str, Any], say: Callable[[str], None] = lambda line: None
) -> Mapping[str, Any]:
    """Run the program there as root. Raises TargetError with its last words."""
    command = f"python3 -I $file {mode}"
    script = (
        'file=$(mktemp) && cat >$file && if [ "$(id -u)" = 0 ]; then '
        f"{command}; elif sudo -n true 2>/dev/null; then sudo -n {command}; "
        "else echo 'this account is not root, and has no sudo without a password' >&2; false; fi; "
        "code=$?; rm -f $file; exit $code"
    )
    found: dict[str, Any] = {}
    begun = b""

    def hear(piece: bytes) -> None:
        nonlocal begun
        *whole, begun = (begun + piece).split(b"\n")
        for value in map(json.loads, whole):
            if "item" in value:
                say(f"  {value['item']}")
            else:
                found.update(value)

    with tempfile.TemporaryFile() as program:
        program.write(archive(order))
        program.seek(0)
        answer = line.stream(line.command(script, "-T"), hear, stdin=program)
    if not answer.ok:
        said = masked(answer.errors.decode(errors="replace")).strip()
        raise TargetError(said or f"the program there ended with {answer.returncode}", where=line.reach.name)
    return found
