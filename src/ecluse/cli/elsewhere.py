"""Commands about an environment whose machine is another one: they run there, and look the same from here."""

from __future__ import annotations

import json
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from ecluse import errors
from ecluse.cli import job_summary
from ecluse.cli.environments import LEFT_OUT, hear, named, names, person, say, show, superuser
from ecluse.cli.project import pipeline_in, top
from ecluse.definition import backups
from ecluse.definition.model import Environment, Pipeline
from ecluse.deploy.history import Kind
from ecluse.deploy.session import Ended
from ecluse.errors import EcluseError, ReleaseError, TargetError
from ecluse.machine import git
from ecluse.release import archive
from ecluse.remote.line import Reach, key_names
from ecluse.remote.site import Order, RemoteRun, Site, folder_of
from ecluse.remote.tool import Tool
from ecluse.remote.written import written
from ecluse.secrets import Secret

__all__ = ["Elsewhere", "OfEnvironment", "OfEnvironmentFirst"]

_ARGUMENTS = "ecluse.arguments"

_APART = ("deploy", "rollback", "start", "stop")
"""Commands that change what serves: there they go on where the line is cut."""

_KINDS: dict[str, Kind] = {"deploy": "deploy", "rollback": "rollback"}
"""Commands whose failure stands in the summary of the provider's job."""


class OfEnvironment(click.Command):
    """A command about an environment. Where that has a host, the command runs on that machine."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        given = tuple(args)
        rest = super().parse_args(ctx, args)
        # Where it may be left out, ENVIRONMENT is the last word, or stands before words that are left out too.
        ctx.meta[_ARGUMENTS] = (*given, ctx.params["environment"]) if ctx.meta.get(LEFT_OUT) else given
        return rest

    def invoke(self, ctx: click.Context) -> Any:
        folder = top()
        pipeline = pipeline_in(folder)
        environment = named(pipeline, ctx.params["environment"])
        if not environment.host:
            return super().invoke(ctx)
        words = [ctx.info_name or ""]
        if ctx.parent is not None and ctx.parent.parent is not None:
            words.insert(0, ctx.parent.info_name or "")
        code = Elsewhere(folder, pipeline, environment).run(tuple(words), ctx.meta[_ARGUMENTS], ctx.params)
        raise click.exceptions.Exit(code)


class OfEnvironmentFirst(OfEnvironment):
    """A command whose ENVIRONMENT stands before other words, of which the first may be meant by it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and not set(ctx.help_option_names) & set(args[:1]) and not ctx.resilient_parsing:
            first = self.make_parser(ctx).parse_args([*args])[0].get("environment")
            known = names(pipeline_in(top()))
            if len(known) == 1 and first not in known:
                args = [*known, *args]
        return super().parse_args(ctx, args)


@dataclass(frozen=True)
class Elsewhere:
    """The *environment* of *pipeline* on its machine, for the repository in *folder*."""

    folder: Path
    pipeline: Pipeline
    environment: Environment

    def run(self, words: tuple[str, ...], arguments: Sequence[str], options: dict[str, Any]) -> int:
        """Run ``ecluse WORDS ARGUMENTS`` there; *options* are the arguments, parsed. Returns its exit code."""
        name = self.environment.name
        kind = _KINDS.get(words[0])
        reported = job_summary.reason(os.environ, kind, name) if kind else nullcontext()
        with reported, self._site() as site:
            self._tell_of(site.prepare(self.environment.name))
            if words == ("exec",):
                terminal = sys.stdin.isatty() and sys.stdout.isatty()
                return site.attached(("exec", *arguments), terminal=terminal, variables=superuser(os.environ))
            more, told = self._release(site, options["name"]) if words[-1] == "deploy" else ((), {})
            if words[0] not in _APART:
                return site.forward(self._order((*words, *arguments, *more), told))
            as_json = () if words == ("stop",) or options.get("json_") else ("--json",)
            order = self._order((*words, *arguments, *more, *as_json), told)
            id = f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(3)}"
            try:
                site.begin(id, order)
            except KeyboardInterrupt:
                site.interrupt(id)  # it may have been begun already
                raise
            return self._watch(site, id, json_=bool(options.get("json_")), stops=True)

    @contextmanager
    def asking(self) -> Iterator[Callable[..., str]]:
        """A function that runs ``ecluse WORDS`` there and returns what it prints, over one connection."""
        with self._site() as site:
            self._tell_of(site.prepare(self.environment.name))

            def ask(*words: str) -> str:
                with tempfile.TemporaryFile() as printed:
                    code = site.forward(self._order(words, {}), printed)
                    if code != 0:
                        raise click.exceptions.Exit(code)  # it has said why
                    printed.seek(0)
                    return printed.read().decode()

            yield ask

    def follow(self) -> int:
        """Show the command that was begun last, from its beginning to its end. Returns its exit code."""
        with self._site() as site:
            found = site.prepare(self.environment.name)
            if found is None:
                say(f"{self.environment.name} has had no rollout yet")
                return 0
            say(f"{found.arguments[0]} by {found.by}, {_when(found.began)}")
            return self._watch(site, found.id, json_=False, stops=False)

    def _site(self) -> Site:
        reach = Reach.of(self.environment, os.environ)
        place = folder_of(self.pipeline.name, self.environment.name)
        return Site(reach, os.environ, place, Tool.of(self.folder), say)

    def _order(self, arguments: tuple[str, ...], told: Mapping[str, str]) -> Order:
        given = {name for setup in self.environment.setup for name in setup.given}
        backup = backups.VARIABLES if self.environment.backup else ()
        wanted = {*self.environment.secrets, *given, *backup} - {*key_names(self.environment)}
        variables = {name: os.environ[name] for name in sorted(wanted) if os.environ.get(name)}
        for value in variables.values():
            Secret(value)  # from now on masked in whatever is printed
        definition = written(self.pipeline, self.environment)
        return Order(arguments, definition, {**variables, **told}, str(person(os.environ)))

    def _release(self, site: Site, name: str | None) -> tuple[tuple[str, ...], Mapping[str, str]]:
        """The option that names the release, which is there once this returns; and the order of its commit and those
        there, which only a repository can tell.
        """
        store = self.folder / ".ecluse" / "releases"
        try:
            release = archive.find(store, name) if name else archive.latest(store)
        except ReleaseError:
            if not name:
                raise
            # It may be kept there.
            return (), self._descent(site, next((site.commits[id] for id in site.commits if id.startswith(name)), None))
        site.put(release)
        return () if name else ("--release", release.id), self._descent(site, release.commit)

    def _descent(self, site: Site, commit: str | None) -> Mapping[str, str]:
        others = {other for other in site.commits.values() if other}
        answers = {other: git.descends(self.folder, commit, other) for other in sorted(others)} if commit else {}
        return {"ECLUSE_DESCENDS": json.dumps(answers)}

    def _tell_of(self, run: RemoteRun | None) -> None:
        """Say what became of a command whose caller went away."""
        if run is None or run.seen:
            return
        how = "goes on" if run.goes_on else f"ended with {run.code}, and nobody was there to see it"
        say(f"{run.arguments[0]} by {run.by}, begun {_when(run.began)}, {how}: ./ecluse follow {self.environment.name}")

    def _watch(self, site: Site, id: str, *, json_: bool, stops: bool) -> int:
        """Show what a run prints and how it ended. Returns its exit code; raises the error that it ended with."""
        printed = Printed()
        run = site.follow(id, printed.feed, stops=stops)
        printed.end()
        if run.code is None:
            raise TargetError(
                f"{run.arguments[0]} ended without a result: the server was restarted, or the command was killed there",
                where=self.environment.host,
                hint=f"./ecluse status {self.environment.name}; the next deploy or rollback finishes or undoes it",
            )
        if run.code != 0:
            return printed.failed(run.code)
        if run.arguments[0] == "stop":
            click.echo(run.result, nl=False)
            return 0
        ended = Ended.from_json(_KINDS.get(run.arguments[0], "deploy"), self.environment.name, json.loads(run.result))
        hear(ended)
        show(ended, json_)
        return 0


class Printed:
    """The lines that a run prints: said as they come, but for the error at their end, which is raised here."""

    def __init__(self) -> None:
        self._begun = ""
        self._error: list[str] = []

    def feed(self, text: str) -> None:
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            if self._error and line.startswith("more:  "):
                continue  # the error is shown here again, with a line of its own
            if self._error or line.startswith("error: "):
                self._error.append(line)
            else:
                say(line)

    def end(self) -> None:
        """Say the last line, where it came without an end of line."""
        if self._begun:
            self.feed("\n")

    def failed(self, code: int) -> int:
        """Raise the error of a run that ended with *code*; returns *code* where it said none."""
        if not self._error:
            return code
        text = "\n".join(self._error).removeprefix("error: ")
        what, _, hint = text.partition("\nhint:  ")
        kinds = (getattr(errors, name) for name in errors.__all__)
        kind = next((one for one in kinds if one.exit_code == code and one is not EcluseError), EcluseError)
        raise kind(what, hint=hint or None)


def _when(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
