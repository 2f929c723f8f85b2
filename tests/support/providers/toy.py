"""A provider that there is not: what somebody writes who adds one, in the fewest lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from ecluse.definition.conditions import describe
from ecluse.definition.model import Condition, Event, EventKind, Pipeline
from ecluse.providers.differences import Difference
from ecluse.providers.findings import Finding
from ecluse.providers.log import Annotation, Fold
from ecluse.providers.renderer import Renderer
from ecluse.providers.selection import Selected
from ecluse.providers.yaml import dump

__all__ = ["Toy"]


class ToyFold:
    def __init__(self, title: str) -> None:
        self._title = title

    def start(self) -> str:
        return f"<{self._title}>\n"

    def end(self) -> str:
        return f"</{self._title}>\n"


class Toy:
    name: str = "Toy CI"
    marker: str = "TOY"
    kinds: tuple[EventKind, ...] = ("pull_request", "tag")
    places: tuple[str, ...] = (".toy.yml",)
    DIFFERENCES: Mapping[str, Difference] = {
        "toy-timeout": Difference("Toy has no time limits", lambda pipeline, jobs: iter(["no job ends"]))
    }

    def renderer(self) -> Renderer:
        return self

    def condition(self, condition: Condition) -> str:
        return describe(condition)

    def check(self, pipeline: Pipeline, jobs: Sequence[Selected]) -> None:
        pass

    def advice(self, pipeline: Pipeline, jobs: Sequence[Selected]) -> Sequence[str]:
        return ["switch it on"]

    def examine(
        self, pipeline: Pipeline, jobs: Sequence[Selected], top: Path, environ: Mapping[str, str]
    ) -> Iterator[Finding]:
        yield Finding("the switch", ("it is off",) if environ.get("TOY_SWITCH") != "on" else ())

    def billed(self, event: Event, jobs: Sequence[Selected], seconds: Mapping[str, float]) -> dict[str, float]:
        return {name: 1.0 for name in seconds}

    def proved(self, event: Event, jobs: Sequence[Selected]) -> frozenset[str]:
        return frozenset()

    def files(self, pipeline: Pipeline, jobs: Sequence[Selected], header: str) -> dict[str, str]:
        made = {one.job.name: {"on": self.condition(one.when)} if one.when else {} for one in jobs}
        return {".toy.yml": dump(made, header)}

    def event(self, environ: Mapping[str, str]) -> Event:
        return Event(kind="tag", tag=environ["TOY_TAG"])

    def pull_request_number(self, environ: Mapping[str, str]) -> str | None:
        return None

    def fold(self, title: str) -> Fold:
        return ToyFold(title)

    def annotate(self, found: Iterable[Annotation]) -> str:
        return "".join(f"toy: {one.message}\n" for one in found)

    def summarise(self, environ: Mapping[str, str], markdown: str) -> None:
        Path(environ["TOY_SUMMARY"]).write_text(markdown)
