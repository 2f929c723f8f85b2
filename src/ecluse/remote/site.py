"""A site's folder on its machine: what is sent there, and the commands that run there.

~/ecluse/PIPELINE-ENVIRONMENT/
    ecluse, pipeline.py     the tool and the definition of the last command that ended well, for people there
    tools/ pythons/         each tool that was sent, by its content; what their locks install
    definitions/ runs/      each definition that was sent; each command that changed what serves
    .ecluse/                releases and the environment, as on any machine
"""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import shlex
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ecluse.errors import TargetError
from ecluse.machine import process
from ecluse.machine.streams import shown
from ecluse.release.archive import PackagedRelease, verify
from ecluse.remote.line import CUT, Cut, Line, Reach, connect, reason
from ecluse.remote.tool import Tool
from ecluse.secrets import masked

__all__ = ["Order", "RemoteRun", "Site", "folder_of"]

PATIENCE = 900.0
"""Seconds for which a line that was cut is tried again."""

_NO_TOOL = 44
"""The exit code that says that the tool has to be sent first."""


@dataclass(frozen=True)
class Order:
    """A command for the machine: its *arguments*, the *definition* of the environment, the *variables* that it gets
    beside those of the account there, and the person who gives it, as ``name@host``.
    """

    arguments: tuple[str, ...]
    definition: str
    variables: Mapping[str, str]
    by: str

    def as_json(self) -> str:
        """The order as a line, for the standard input of the program there: never for its arguments."""
        values = {"arguments": self.arguments, "definition": self.definition, "variables": dict(self.variables)}
        return json.dumps({**values, "by": self.by}) + "\n"


@dataclass(frozen=True)
class RemoteRun:
    """A command that changes what serves, begun on the machine. *code* is its exit code: None while it *goes_on*, and
    where it ended with the machine. *seen*: somebody has been told of its end. *result* is its standard output.
    """

    id: str
    arguments: tuple[str, ...]
    by: str
    began: float
    goes_on: bool
    code: int | None
    seen: bool
    result: str = ""

    @classmethod
    def of(cls, id: str, value: Mapping[str, Any]) -> RemoteRun:
        return cls(id, **{**value, "arguments": tuple(value["arguments"])})


def folder_of(pipeline: str, environment: str) -> str:
    """The folder of a site, from the home of the account that it belongs to."""
    return f"ecluse/{re.sub('[^A-Za-z0-9_.-]', '-', pipeline).lstrip('.-') or 'site'}-{environment}"


class Site:
    """The site in *folder* of the machine at *reach*. *tool* runs its commands. Used as a context: it is connected for
    as long as that lasts.
    """

    def __init__(
        self, reach: Reach, environ: Mapping[str, str], folder: str, tool: Tool, say: Callable[[str], None]
    ) -> None:
        self._reach, self._environ, self._folder, self._tool, self._say = reach, environ, folder, tool, say
        self._digest = tool.digest
        self._lines = contextlib.ExitStack()
        self._line: Line | None = None
        self._packaged: Mapping[str, str] = {}
        self.commits: Mapping[str, str | None] = {}
        """The commits of the releases that are unpacked there, by their ids: known after :meth:`prepare`."""

    def __enter__(self) -> Site:
        self._connect()
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()

    # What is there

    def prepare(self, environment: str) -> RemoteRun | None:
        """Send the tool where the machine has not got it. Returns the newest run there."""
        answer = self._connect().ask(self._script("look", environment))
        if answer.returncode == _NO_TOOL:
            self._install()
            answer = self._connect().ask(self._script("look", environment))
        found = json.loads(self._good(answer))
        self._packaged, self.commits = found["packaged"], found["commits"]
        run = found["run"]
        return None if run is None else RemoteRun.of(run.pop("id"), run)

    def put(self, release: PackagedRelease) -> None:
        """Send the archive of *release* where the machine has not got it."""
        if self._packaged.get(release.id) == release.digest:
            return
        self._say(f"sending release {release.id}")
        manifest = json.dumps(release.manifest())
        self._good(self._connect().send(self._script("put", manifest), verify(release).archive))

    def _install(self) -> None:
        self._say(f"installing Écluse on {self._reach.name}")
        digest, python = self._digest, self._tool.lock_digest
        script = (
            f"set -e; umask 022; mkdir -p {self._folder}/tools {self._folder}/pythons/{python}; cd {self._folder}; "
            f"new=tools/.{digest}.$$; mkdir $new; tar -xzf - -C $new; ln -s ../../pythons/{python} $new/.ecluse; "
            f"mv -T $new tools/{digest} 2>/dev/null || rm -rf $new; "
            f"tools/{digest}/ecluse --version >&2; touch tools/{digest}/ready"
        )
        with tempfile.NamedTemporaryFile() as file:
            file.write(self._tool.archive())
            file.flush()
            self._good(self._connect().send(script, Path(file.name)))

    # Commands that end with the line

    def forward(self, order: Order, printed: IO[bytes] | None = None) -> int:
        """Run a command there, its output on our own, or its standard output in the file *printed*; it ends when we do.
        Returns its exit code.
        """
        argv = self._connect().command(self._script("forward", self._digest), "-T")
        program = process.spawn(argv, env=self._connect().environ, stdin=subprocess.PIPE, stdout=printed)
        assert program.stdin is not None
        with program.stdin as stdin:
            try:
                stdin.write(order.as_json().encode())
                stdin.flush()
                code = program.wait()
            except KeyboardInterrupt:
                stdin.close()  # which the program there takes for Ctrl-C
                with contextlib.suppress(subprocess.TimeoutExpired):
                    program.wait(10)
                raise
            except BrokenPipeError:
                code = program.wait()
            finally:
                process.stop(program, grace=2)
        if code == CUT or code < 0:
            raise reason(self._reach, b"the line was cut")
        return code

    def attached(self, arguments: Sequence[str], *, terminal: bool, variables: Mapping[str, str]) -> int:
        """Run a command of the tool there on our own terminal, as the release that serves has it, with *variables*.

        They come before, as the input of a program, into a file that only the account can read; the command's own
        shell reads it and deletes it before it starts the command.
        """
        line = self._connect()
        nothing = "echo 'error: nothing has been rolled out there yet' >&2; exit 10"
        script = f"cd {self._folder} && [ -e ecluse ] || {{ {nothing}; }}; "
        if variables:
            file = f".variables-{secrets.token_hex(8)}"
            exported = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())
            forget = "find . -maxdepth 1 -name '.variables-*' -mmin +9 -delete"  # of commands that never began
            keep = f"umask 077; cd {self._folder} && {forget} && cat > {file}"
            self._good(line.ask(keep, input=exported))
            script += f". ./{file}; rm -f {file}; "
        script += f"exec ./ecluse {shlex.join(arguments)}"
        return process.attached(line.command(script, "-t" if terminal else "-T"), env=line.environ)

    # Commands that do not

    def begin(self, id: str, order: Order) -> None:
        """Begin a command there that does not end with the line; where *id* was begun before, nothing happens."""
        script = self._script("begin", id, self._digest)
        self._again(lambda line: self._good(line.ask(script, input=order.as_json())))

    def interrupt(self, id: str) -> None:
        """Let a run end as Ctrl-C would; a run that was not begun is left so."""
        self._say("stopping it there: what was begun is undone or finished first")
        self._again(lambda line: self._good(line.ask(self._script("interrupt", id))))

    def follow(self, id: str, show: Callable[[str], None], *, stops: bool) -> RemoteRun:
        """Show what a run prints until it has ended, however often the line is cut. Returns how it ended.

        With *stops*, Ctrl-C is passed on to the run, which then ends as it would have here; without, it ends our
        looking on.
        """
        at = 0
        sink = shown(show)

        def keep(piece: bytes) -> None:
            nonlocal at
            at += len(piece)
            if piece:
                sink(piece)

        def once(line: Line) -> None:
            self._good(line.stream(line.command(self._script("follow", id, str(at)), "-T"), keep))

        stopped = False
        while True:
            try:
                self._again(once)
                break
            except KeyboardInterrupt:
                if not stops or stopped:
                    raise
                stopped = True
                self.interrupt(id)
        sink(b"")
        ended: list[str] = []
        self._again(lambda line: ended.append(self._good(line.ask(self._script("end", id)))))
        return RemoteRun.of(id, json.loads(ended[-1]))

    # The line

    def _again(self, action: Callable[[Line], object]) -> None:
        """Do *action*, over a new line where one was cut."""
        deadline, told = time.monotonic() + PATIENCE, False
        while True:
            try:
                action(self._connect())
                return
            except Cut as error:
                self._line = None
                self._lines.close()
                if time.monotonic() > deadline:
                    raise Cut(
                        f"{error.what}. The command on the server goes on",
                        where=error.where,
                        hint="./ecluse follow ENVIRONMENT shows how it ends",
                    ) from None
                if not told:
                    self._say(
                        f"the line to {self._reach.name} was cut, and is tried again: what was begun goes on there"
                    )
                    told = True
                time.sleep(1)

    def _connect(self) -> Line:
        if self._line is None:
            self._line = self._lines.enter_context(connect(self._reach, self._environ))
        return self._line

    def _script(self, *arguments: str) -> str:
        tool = f"tools/{self._digest}"
        program = f"exec {tool}/.ecluse/tool/bin/python -I -m ecluse.remote.there {shlex.join(arguments)}"
        return f"cd {self._folder} 2>/dev/null && [ -e {tool}/ready ] || exit {_NO_TOOL}; {program}"

    def _good(self, answer: process.Answer) -> str:
        """The output of a program that ended well. Raises TargetError where it did not."""
        if answer.ok:
            return answer.text
        said = masked(answer.errors.decode(errors="replace")).strip().splitlines()
        what = "\n".join(line.removeprefix("error: ") for line in said if not line.startswith("hint:"))
        hint = next((line.removeprefix("hint:").strip() for line in said if line.startswith("hint:")), None)
        raise TargetError(
            what or f"a command on the server ended with exit code {answer.returncode}",
            where=self._reach.name,
            hint=hint,
        )
