"""The result of a rollout in the summary of the provider's job, where people look first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from ecluse.deploy.history import Kind, Record
from ecluse.errors import EcluseError
from ecluse.providers import provider_of
from ecluse.run.markdown import as_cell

__all__ = ["reason", "succeeded"]


@contextmanager
def reason(environ: Mapping[str, str], kind: Kind, environment: str) -> Iterator[None]:
    """Write the reason into the summary if the code in the context fails; the error is raised again."""
    try:
        yield
    except EcluseError as error:
        lines = [f"### ❌ {kind} to {as_cell(environment)} failed", ""]
        lines += [f"> {as_cell(line)}  " for line in str(error).splitlines()]
        lines += ["", f"**What to do:** {as_cell(error.hint)}"] if error.hint else []
        _write(environ, lines)
        raise


def succeeded(environ: Mapping[str, str], kind: Kind, environment: str, release: str, record: Record | None) -> None:
    """Write into the summary that *release* serves, with *record* of its rollout, if there was one."""
    what = f"### ✅ {kind} of release {as_cell(release)} to {as_cell(environment)}"
    if record is None:
        _write(environ, [f"{what}: it serves already"])
        return
    over = f", over {as_cell(record.previous)}" if record.previous else ""
    lines = [f"{what}{over}, in {record.seconds:.1f} s", ""]
    for warning in record.warnings:
        lines += [f"> ⚠️ {as_cell(warning)}", ""]
    lines += ["| step | seconds |", "| --- | ---: |"]
    _write(environ, [*lines, *(f"| {step} | {seconds:.2f} |" for step, seconds in record.steps.items())])


def _write(environ: Mapping[str, str], lines: list[str]) -> None:
    provider = provider_of(environ)
    if provider is not None:
        provider.summarise(environ, "\n".join([*lines, "", ""]))
