"""The results of the exhaustive tests of rollouts, written into benchmarks/RESULTS.md: ``python -m benchmarks.proof
XML...``.

XML are their JUnit reports: ``./ecluse test -e integration -- tests/integration/rollout tests/integration/swarm
--exhaustive --junitxml=XML``, in one run or in several.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import click

from benchmarks.results import machine, write_section

PARTS = {"rollout": "On a bare server", "swarm": "In a swarm"}


@dataclass(frozen=True)
class Scenario:
    """A test of *part*, its *name* in words; *requests* arrived meanwhile, None where there were no visitors."""

    part: str
    name: str
    passed: bool
    requests: int | None
    lost: int


@click.command()
@click.argument("reports", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
def main(reports: Sequence[Path]) -> None:
    found = {(one.part, one.name): one for report in reports for one in _read(report)}
    text = _text(list(found.values()))
    write_section("proof", text)
    click.echo(text)


def _read(report: Path) -> Iterator[Scenario]:
    for case in ElementTree.parse(report).iter("testcase"):
        # An interrupted run has a case of pytest's own, of no class.
        part = case.get("classname", "").removeprefix("tests.integration.").partition(".")[0]
        if part not in PARTS or case.find("skipped") is not None:
            continue
        properties = {one.get("name"): int(one.get("value", "0")) for one in case.iter("property")}
        name = case.get("name", "").removeprefix("test_").replace("_", " ")
        passed = case.find("failure") is None and case.find("error") is None
        yield Scenario(part, name, passed, properties.get("requests"), properties.get("lost", 0))


def _text(found: Sequence[Scenario]) -> str:
    lines = [
        "## The proof of rollouts",
        "",
        f"{machine()}. The last run of each scenario of `tests/integration/rollout` and `tests/integration/swarm` with",
        "`--exhaustive`, read by `python -m benchmarks.proof`. Requests arrive at a fixed rate. Where some are lost",
        "the test says which may be: those that met the fault itself (an error of the release, a database that is",
        "away, a machine that dies), and none once it is over.",
    ]
    for part, title in PARTS.items():
        ours = [one for one in found if one.part == part]
        met = [one for one in ours if one.requests is not None]
        passed = sum(one.passed for one in ours)
        lines += ["", f"{title}: {passed} of {len(ours)} scenarios pass, {len(met)} of them before visitors:", ""]
        lines += ["| | requests | lost | |", "| --- | ---: | ---: | --- |"]
        lines += [
            f"| {one.name} | {one.requests} | {one.lost} | {'passed' if one.passed else '**failed**'} |" for one in met
        ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
