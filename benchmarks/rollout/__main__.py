"""Measure, print, and write into benchmarks/RESULTS.md: ``python -m benchmarks.rollout [--only WAY]… [--into FILE]``.

Needs a Docker engine that is a swarm, or may become one. The images are made before anything is measured. About 15
minutes for all; in parts, with ``--into``, that each take less than four.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from benchmarks.results import machine, write_section
from benchmarks.rollout.machines import OurMachines
from benchmarks.rollout.ways import WAYS, Compose, OurServer, OurSwarm, Rollout, Stack, Way
from testbed.containers import docker, port_of
from testbed.load.visitors import Answer, Load, p99
from testbed.shop import Shop
from testbed.swarm import LABEL, SwarmShop, base_images

MACHINES = {"one": 1, "three": 3}
# Seconds: about as many requests as arrive during a rollout, so that the p99 of both say the same.
STEADY = 20.0
SETTLED = 3.0


@dataclass(frozen=True)
class Measured:
    """The figures of one way. Times in seconds; *wall* and *back* until nothing but the release that was asked for
    answers, with the time that it was only watched left out.
    """

    way: str
    front: str
    arrived: int
    lost: int
    twice: int
    steady: float
    during: float
    wall: float
    back: float
    back_lost: int


@click.command()
@click.option("--only", multiple=True, type=click.Choice(WAYS), help="These ways alone.")
@click.option("--into", type=click.Path(path_type=Path), help="Keep the figures here, beside those of other parts.")
@click.option("--rate", default=40.0, show_default=True, help="Requests a second.")
def main(only: Sequence[str], into: Path | None, rate: float) -> None:
    """The section is written where it is whole, or has the parts that are kept."""
    kept = json.loads(into.read_text()) if into and into.exists() else {}
    found = {key: Measured(**value) for key, value in kept.items()}
    with _ways(only or WAYS) as ways:
        for key, way in ways.items():
            found[key] = _measure(way, rate)
            click.echo(found[key])
            if into:
                into.write_text(json.dumps({key: asdict(one) for key, one in found.items()}))
    text = _text({key: found[key] for key in WAYS if key in found}, rate)
    click.echo(text)
    if into or not only:
        write_section("rollout", text)


@contextlib.contextmanager
def _ways(names: Sequence[str]) -> Iterator[dict[str, Way]]:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ecluse-bench-"))).resolve()
        folder.chmod(0o755)  # as root, the server's PostgreSQL runs as nobody
        made: dict[str, Way] = {}
        if "server" in names:
            made["server"] = OurServer(Shop(folder / "server"))
        if set(names) - {"server"}:
            base_images()
        if set(names) & {"swarm", "compose", "rollout", "stack"}:
            _swarm(stack)
            container = docker("run", "--detach", "--label", LABEL, "--publish", "127.0.0.1::5000", "registry:2")
            name = container.stdout.strip()
            stack.callback(docker, "rm", "--force", "--volumes", name)
            registry = f"127.0.0.1:{port_of(name, 5000)}"
            shop = SwarmShop(folder / "swarm", registry)
            stack.callback(shop.remove)
            images = {version: f"{registry}/shop@{shop.release(version)}" for version in ("one", "two")}
            if "swarm" in names:
                made["swarm"] = OurSwarm(shop)
            kinds = {"compose": Compose, "rollout": Rollout, "stack": Stack}
            made |= {one: kind(folder, images) for one, kind in kinds.items() if one in names}
        made |= {one: OurMachines(folder, number) for one, number in MACHINES.items() if one in names}
        yield made


def _swarm(stack: contextlib.ExitStack) -> None:
    if docker("info", "--format", "{{.Swarm.LocalNodeState}}").stdout.strip() == "inactive":
        docker("swarm", "init", "--advertise-addr", "127.0.0.1")
        stack.callback(docker, "swarm", "leave", "--force", check=False)


def _measure(way: Way, rate: float) -> Measured:
    try:
        way.set_up()
        with Load(way.port, host=way.address, rate=rate, slow=False) as load:
            time.sleep(2 + STEADY)  # the first requests of all warm everything up
            began = time.monotonic()
            steady = load.between(began - STEADY, began)
            watched = way.bring("two")
            wall = _wall(load, began, "two") - watched
            middle = time.monotonic()
            watched = way.back()
            back = _wall(load, middle, "one") - watched
        effects = way.effects()
        during, backwards = load.between(began, middle), load.between(middle, time.monotonic())
        return Measured(
            way=way.name,
            front=way.front,
            arrived=len(during),
            lost=_lost(during),
            twice=sum(count > 1 for count in effects.values()),
            steady=p99(steady),
            during=p99(during),
            wall=wall,
            back=back,
            back_lost=_lost(backwards),
        )
    finally:
        way.remove()


def _wall(load: Load, began: float, release: str) -> float:
    """Seconds from *began* until nothing but *release* answers: until then something else did, or nothing."""
    command = time.monotonic()
    while True:
        time.sleep(0.2)
        seen = [one for one in list(load.seen) if one.ended >= began]
        other = [one.ended for one in seen if one.lost or (one.version and one.version != release)]
        last = max([command, *other])
        if time.monotonic() - last > SETTLED and any(one.version == release for one in seen if one.ended > last):
            return last - began
        if time.monotonic() - began > 180:
            raise SystemExit(f"release {release} does not get into service")


def _lost(answers: Sequence[Answer]) -> int:
    return sum(answer.lost is not None for answer in answers)


def _text(found: Mapping[str, Measured], rate: float) -> str:
    lines = [
        "## Rollouts",
        "",
        f"{machine()}; two processes of the same small Django site on PostgreSQL; {rate:g} requests a second arrive",
        "at a fixed rate, half are POST, half come on kept connections. Times until nothing but the new release",
        "answers, without the watch after that. The machines are containers with an engine each and three processes",
        "between them; they pull the image before anything is replaced, which the others have.",
        "",
        "| | before it | lost of | POST twice | p99 steady | p99 during | wall time | rollback | lost |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for way in found.values():
        times = f"{way.steady * 1000:.0f} ms | {way.during * 1000:.0f} ms | {way.wall:.1f} s | {way.back:.1f} s"
        lost = f"{way.lost} of {way.arrived} | {way.twice}"
        lines.append(f"| {way.way} | {way.front} | {lost} | {times} | {way.back_lost} |")
    lines += ["", "| | at most | measured |", "| --- | ---: | ---: |"]
    for name in ("server", "swarm"):
        if ours := found.get(name):
            lines += [
                f"| requests that a {name} lost | 0 | {ours.lost + ours.back_lost} |",
                f"| p99 during a rollout to that before it, {name} | 2 | {_ratio(ours.during, ours.steady)} |",
            ]
    if (swarm := found.get("swarm")) and (plain := found.get("stack")):
        lines += [
            f"| wall time to `docker stack deploy`, swarm | 2 | {_ratio(swarm.wall, plain.wall)} |",
            f"| rollback to `docker stack deploy`, swarm | 1.1 | {_ratio(swarm.back, plain.back)} |",
        ]
    if (one := found.get("one")) and (three := found.get("three")):
        lines.append(f"| wall time of three machines to one | 1.5 | {_ratio(three.wall, one.wall)} |")
    return "\n".join(lines)


def _ratio(ours: float, theirs: float) -> str:
    return f"{ours / theirs:.2f}"


if __name__ == "__main__":
    main()
