"""``ecluse image``: build, test, push, promote, inspect."""

from __future__ import annotations

import json
import os
import re
import secrets
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from ecluse.cli.project import pipeline_in, top
from ecluse.definition.model import Event, ImageSpec, Pipeline
from ecluse.errors import CommandError, DefinitionError, ImageError
from ecluse.image import accounts, compose, publish, sbom
from ecluse.image.bake import BuildTarget
from ecluse.image.bake import build as build_argv
from ecluse.image.bake import definition
from ecluse.image.bases import mirrored
from ecluse.image.checkout import commit_of, image_tag, version_tag
from ecluse.image.engine import connect
from ecluse.image.names import BUILT, Version, image_variable, registry_of, tag_of
from ecluse.image.registry import Registry
from ecluse.image.source import REVISION, SourceCommit, labels, source_of
from ecluse.machine import process
from ecluse.providers import provider_of, pull_request_number, reported
from ecluse.providers.services import image as at_mirror

__all__ = ["image"]

BILLS = Path(".ecluse", "image")

_branch = click.option(
    "--branch", help="The branch that is pushed to.  [default: the provider's; here, the current one]"
)


@click.group()
def image() -> None:
    """Build, test, push and promote the images of a release: one build, the same bytes from test to production.

    The registry is ECLUSE_REGISTRY=https://USER:TOKEN@HOST/PREFIX; without a user, `docker login` has the account.

    \b
    Examples:
      ./ecluse image build && ./ecluse image test      of what is checked out
      ./ecluse image push --branch staging             as staging-COMMIT
      ./ecluse image promote --version v1.2.3          staging-COMMIT becomes 1.2.3, untouched
    """


@image.command()
@click.option("--no-cache", is_flag=True, help="Build every layer again.")
@_branch
def build(no_cache: bool, branch: str | None) -> None:
    """Build the images of what is checked out, with labels, and a bill of materials in .ecluse/image.

    The same commit gives the same image, wherever it is built.

    \b
    Examples:
      ./ecluse image build
      ./ecluse image build --no-cache     as on a machine that has built nothing yet
    """
    folder = top()
    spec, source = _spec(folder), source_of(folder)
    if not source.clean:
        _say("Files differ from the commit: these images can be tested, but not pushed.")
    version = _tag(folder, source, branch) if source.clean else "development"
    targets = [
        BuildTarget(target, [f"{name}:{_built()}", f"{name}:{version}"], labels(source, title=name, version=version))
        for target, name in spec.published.items()
    ]
    targets.append(BuildTarget(spec.tests, [f"{_tests_name(spec)}:{_built()}"]))
    made = definition(
        folder, targets, epoch=source.committed, release=source.revision, bases=_bases(folder, pipeline_in(folder))
    )
    _bake(made, folder, cache=not no_cache)
    (folder / BILLS).mkdir(parents=True, exist_ok=True)
    with connect(os.environ) as engine:
        for name in spec.published.values():
            facts = engine.inspect(f"{name}:{_built()}")
            (folder / BILLS / f"{name}.cdx.json").write_text(sbom.sbom(engine, f"{name}:{_built()}"), encoding="utf-8")
            _say(f"{name}:{_built()}  {facts.size / 1e6:.0f} MB  {facts.id}  {BILLS / name}.cdx.json")


@image.command()
def test() -> None:
    """Test the images that were built last, from outside, with the services they will meet (Docker Compose).

    \b
    Example:
      ./ecluse image build && ./ecluse image test
    """
    folder = top()
    spec, source = _spec(folder), source_of(folder)
    # Two runs on one engine must not meet.
    project = f"ecluse-image-{secrets.token_hex(4)}"
    file = folder / spec.compose
    with accounts.signed_in(os.environ) as env:
        env["ECLUSE_RELEASE"] = _built_revision(spec, source)
        for target, name in {**spec.published, spec.tests: _tests_name(spec)}.items():
            env[image_variable(target)] = f"{name}:{_built()}"
        try:
            process.run(
                compose.up(file, project=project, service=spec.service),
                cwd=folder,
                env=env,
                on_output=_echo,
                timeout=900,
            )
        except CommandError as error:
            raise ImageError("the images failed their test", where=spec.compose, hint="its output is above") from error
        finally:
            process.run(compose.down(file, project=project), cwd=folder, env=env, check=False, timeout=120)


@image.command()
@_branch
def push(branch: str | None) -> None:
    """Push the images that were built last under the commit's name, and print their digests.

    What is there already stays. Tried again while the network fails; verified by reading it back.

    \b
    Example:
      ECLUSE_REGISTRY=https://ghcr.io/OWNER ./ecluse image push --branch staging
    """
    folder = top()
    spec, source = _spec(folder), source_of(folder)
    if not source.clean:
        raise ImageError("files differ from the commit", hint="commit it: an image is found again by its commit alone")
    tag = _tag(folder, source, branch)
    registry = _registry()
    with connect(os.environ) as engine:
        for name in spec.published.values():
            revision = engine.inspect(f"{name}:{_built()}").labels.get(REVISION)
            if revision != source.commit:
                raise ImageError(
                    f"{name}:{_built()} is of {revision or 'no commit'}, not of {source.commit}",
                    hint="ecluse image build",
                )
        for name in spec.published.values():
            digest = publish.push(
                engine, registry, f"{name}:{_built()}", name, tag, progress=_progress(f"{name}:{tag}"), say=_say
            )
            click.echo(f"{registry.address.repository(name)}@{digest}")


@image.command()
@click.option("--version", "text", metavar="TAG", help="As v1.2.3.  [default: the provider's tag; here, that of HEAD]")
def promote(text: str | None) -> None:
    """Give the images of the tagged commit their version: what staging has, not built again, or nothing.

    With ImageSpec(after="staging"), a rollout to staging must have succeeded with them. 1.2.3 is given
    once. 1.2 and latest move, unless a higher release has them. Prints the digests.

    \b
    Example:
      ECLUSE_REGISTRY=https://ghcr.io/OWNER ./ecluse image promote --version v1.2.3
    """
    folder = top()
    spec = _spec(folder)
    event = reported(os.environ)
    text = text or version_tag(folder, event)
    version = Version.parse(text)
    if version is None:
        raise ImageError(f"{text} is no version", hint="as v1.2.3, or v1.2.3-rc.1")
    commit = commit_of(folder, text, event)
    names = list(spec.published.values())
    registry = _registry()
    source = tag_of(Event(kind="push", branch=spec.branch), commit)
    served = (spec.after, commit) if spec.after else None
    for name, digest in publish.promote(registry, names, source, version, _say, served=served).items():
        click.echo(f"{registry.address.repository(name)}@{digest}")


@image.command()
@click.argument("reference", metavar="[IMAGE]", required=False)
@click.option("--digest", is_flag=True, help="Ask the registry for the digests of this commit's images instead.")
@click.option("--sbom", "bill", is_flag=True, help="Print the bill of materials (CycloneDX) instead.")
@click.option("--json", "json_", is_flag=True, help="Print JSON.")
@_branch
def inspect(reference: str | None, digest: bool, bill: bool, json_: bool, branch: str | None) -> None:
    """Show what an IMAGE of this machine is: by default the application's that was built last.

    \b
    Examples:
      ./ecluse image inspect --digest --branch staging   what the registry has for this commit
      ./ecluse image inspect shop:built --sbom
    """
    folder = top()
    spec = _spec(folder)
    if digest:
        registry = _registry()
        found = publish.digests(registry, list(spec.published.values()), _tag(folder, source_of(folder), branch))
        for name, manifest in found.items():
            click.echo(f"{registry.address.repository(name)}@{manifest.digest}")
        return
    reference = reference or f"{list(spec.published.values())[-1]}:{_built()}"
    with connect(os.environ) as engine:
        if bill:
            click.echo(sbom.sbom(engine, reference), nl=False)
            return
        facts = engine.inspect(reference)
    shown = {
        "image": reference,
        "id": facts.id,
        "created": facts.created,
        "size": facts.size,
        "user": facts.user,
        "command": facts.command,
        "layers": facts.layers,
        "labels": dict(facts.labels),
    }
    if json_:
        click.echo(json.dumps(shown, indent=1))
        return
    for key, value in shown.items():
        if isinstance(value, Mapping):
            value = "".join(f"\n          {name}={text}" for name, text in value.items())
        elif key == "layers":
            value = "".join(f"\n          {layer}" for layer in facts.layers)
        elif key == "command":
            value = process.quote(facts.command)
        elif key == "size":
            value = f"{facts.size / 1e6:.0f} MB"
        click.echo(f"{key:<10}{value}")


def _built() -> str:
    return os.environ.get("ECLUSE_BUILT_TAG") or BUILT


def _spec(folder: Path) -> ImageSpec:
    spec = pipeline_in(folder).image
    if spec is None:
        raise DefinitionError("the pipeline has no images", where="pipeline.py", hint="give it image=ImageSpec(...)")
    return spec


def _bases(folder: Path, pipeline: Pipeline) -> dict[str, str]:
    """The base images to take from the mirror: the machines of a provider, not this one, share an address."""
    if not pipeline.providers.mirror or provider_of(os.environ) is None:
        return {}
    return mirrored((folder / "Dockerfile").read_text(encoding="utf-8"), lambda name: at_mirror(name, pipeline))


def _tests_name(spec: ImageSpec) -> str:
    return f"{list(spec.published.values())[-1]}-{spec.tests}"


def _registry() -> Registry:
    return Registry(registry_of(os.environ), accounts.from_docker)


def _tag(folder: Path, source: SourceCommit, branch: str | None) -> str:
    return image_tag(folder, source, branch, reported(os.environ), pull_request_number(os.environ))


def _bake(what: str, folder: Path, *, cache: bool) -> None:
    """Run a build; if it succeeds, print only its steps."""
    try:
        with accounts.signed_in(os.environ) as env:
            process.run(build_argv(cache=cache), cwd=folder, env=env, input=what, timeout=1800, on_output=_steps())
    except CommandError as error:
        raise ImageError(str(error), hint="the builder's last lines are above") from None


def _steps() -> Callable[[str], None]:
    """Prints each step of the Dockerfile once, from BuildKit's output."""
    held, seen = "", set[str]()

    def step(text: str) -> None:
        nonlocal held
        *lines, held = (held + text).split("\n")
        for line in lines:
            # "#12 [applayer appbuilder 1/1] RUN …": what two targets share is named once for each.
            found = re.match(r"#\d+ \[(?:\S+ )?(\S+ \d+/\d+)\] (.*)", line)
            if found and found[1] not in seen:
                seen.add(found[1])
                _say(f"  {found[1]:<22}{' '.join(found[2].split())[:90]}")

    return step


def _progress(what: str) -> Callable[[int, int], None]:
    """Shows the bytes sent: one growing line on a terminal, else only the end."""

    def progress(sent: int, total: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{what}  {sent / 1e6:.0f} of {total / 1e6:.0f} MB ", err=True, nl=sent == total)

    return progress


def _built_revision(spec: ImageSpec, source: SourceCommit) -> str:
    with connect(os.environ) as engine:
        facts = engine.inspect(f"{list(spec.published.values())[-1]}:{_built()}")
    return facts.labels.get(REVISION, source.revision)


def _echo(text: str) -> None:
    click.echo(text, nl=False)


def _say(text: str) -> None:
    click.echo(text, err=True)
