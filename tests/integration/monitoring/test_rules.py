"""The rules of every default policy, run by Prometheus's own tool on made figures: one call for all of them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ecluse.definition.monitoring import Monitoring
from ecluse.monitoring.alert_rules import alert_rules
from ecluse.monitoring.figures import series
from ecluse.monitoring.policies import Rule, rules
from ecluse.monitoring.texts import as_yaml
from testbed.containers import docker

pytestmark = pytest.mark.engine

IMAGE = "prom/prometheus:v2.53.3"
LEVEL = 60  # minutes for which a figure stays: longer than every mean and every duration of these policies
DISK = '{mountpoint="/", fstype="ext4", device="sda1"}'
RULES = {rule.name: rule for rule in rules(Monitoring())}


def steady(name: str, value: Callable[[float], float]) -> Callable[[list[float]], Mapping[str, list[float]]]:
    """A series whose values follow the figure's."""
    return lambda levels: {name: [value(one) for one in levels]}


def counted(name: str, rate: Callable[[float], float]) -> Callable[[list[float]], Mapping[str, list[float]]]:
    """A counter whose rate in a second follows the figure."""

    def made(levels: list[float]) -> Mapping[str, list[float]]:
        total, values = 0.0, []
        for one in levels:
            total += 60 * rate(one)
            values.append(total)
        return {name: values}

    return made


def constant(name: str, value: float) -> Callable[[list[float]], Mapping[str, list[float]]]:
    return steady(name, lambda _: value)


def fast(seconds: float) -> float:
    """The share of answers within 0.1 s with which 95 % of all take up to *seconds*, where no other takes over 8."""
    part = (seconds - 0.1) / 7.9
    return (0.95 - part) / (1 - part)


SERIES: Mapping[str, tuple[Callable[[list[float]], Mapping[str, list[float]]], ...]] = {
    "processor": (counted('node_cpu_seconds_total{cpu="0", mode="idle"}', lambda one: 1 - one / 100),),
    "memory": (
        constant("node_memory_MemTotal_bytes", 100),
        steady("node_memory_MemAvailable_bytes", lambda one: 100 - one),
    ),
    "disk": (
        constant(f"node_filesystem_size_bytes{DISK}", 250),
        steady(f"node_filesystem_avail_bytes{DISK}", lambda one: 100 - one),
        steady(f"node_filesystem_free_bytes{DISK}", lambda one: 250 - one),
    ),
    "inodes": (
        constant(f"node_filesystem_files{DISK}", 100),
        steady(f"node_filesystem_files_free{DISK}", lambda one: 100 - one),
    ),
    "disk-traffic": (counted('node_disk_io_time_seconds_total{device="sda"}', lambda one: one / 100),),
    "traffic": (counted('node_network_transmit_bytes_total{device="eth0"}', lambda one: one * 1e6 / 8),),
    "forks": (counted("node_forks_total", lambda one: one),),
    "site-down": (steady('ecluse_site_up{site="shop"}', lambda one: 1 - one),),
    "worker-down": (steady('ecluse_worker_up{site="shop", worker="beat"}', lambda one: 1 - one),),
    "errors": (
        counted('ecluse_site_answers_total{site="shop", slot="1"}', lambda _: 10),
        counted('ecluse_site_errors_total{site="shop", slot="1"}', lambda one: one / 10),
    ),
    "answer-time": (
        counted('ecluse_site_duration_seconds_bucket{site="shop", slot="1", le="0.1"}', fast),
        counted('ecluse_site_duration_seconds_bucket{site="shop", slot="1", le="8"}', lambda _: 1),
        counted('ecluse_site_duration_seconds_bucket{site="shop", slot="1", le="+Inf"}', lambda _: 1),
    ),
    "certificate": (
        lambda levels: {
            'ecluse_certificate_end_seconds{site="shop"}': [
                60 * minute + one * 86400 for minute, one in enumerate(levels)
            ]
        },
    ),
    "backup-late": (
        constant('ecluse_backup_every_seconds{site="shop"}', 86400),
        lambda levels: {
            'ecluse_backup_proved_seconds{site="shop"}': [
                60 * minute - 86400 - one * 3600 for minute, one in enumerate(levels)
            ]
        },
    ),
    "unwatched": (steady('up{job="node"}', lambda one: 1 - one),),
}
"""The series of which a figure is made, for the figure's values."""


def firing(rule: str, minute: float, count: int, lasting: int = 0) -> Mapping[str, Any]:
    """The claim that *rule* has *count* alerts at *minute*, without a gap in the *lasting* minutes before."""
    raised = f'ALERTS{{alertname="{rule}", alertstate="firing"}}'
    expression = f"count({raised}) or vector(0)"
    if lasting:
        expression = f"min(count_over_time({raised}[{lasting}m])) >= bool {lasting} or vector(0)"
    return {
        "expr": expression,
        "eval_time": f"{round(minute * 60)}s",
        "exp_samples": [{"labels": "{}", "value": count}],
    }


def by_levels(rule: Rule) -> Mapping[str, Any]:
    """The figure is fine, beyond its threshold, between both thresholds, fine, between both, beyond for a moment."""
    figure = rule.figure
    between = (rule.limit + rule.clear) / 2
    fine, beyond = (rule.clear / 2, rule.limit * 1.025) if figure.side == "above" else (rule.clear * 2, rule.limit / 2)
    if rule.about == "backup-late":  # before it is due
        fine = -1
    if rule.about in ("site-down", "worker-down", "unwatched"):  # it is so or it is not
        fine, beyond, between = 0, 1, 1
    hysteresis = rule.limit != rule.clear
    second = between if hysteresis else fine
    levels = [one for one in (fine, beyond, between, fine, second) for _ in range(LEVEL)]
    levels += [beyond, *[fine] * LEVEL]
    inputs = {name: values for make in SERIES[rule.about] for name, values in make(levels).items()}
    return figures_of(
        rule,
        inputs,
        firing(rule.name, LEVEL - 1, 0),
        firing(rule.name, LEVEL + rule.seconds / 60 - 1, 0),  # not before its duration
        firing(rule.name, 2 * LEVEL - 1, 1),
        firing(rule.name, 3 * LEVEL - 1, 1, lasting=LEVEL - 1),  # it does not flap
        firing(rule.name, 4 * LEVEL - 1, 0),
        firing(rule.name, 5 * LEVEL - 1, 0),  # it was not raised here, so it is not kept here
        firing(rule.name, 5 * LEVEL + 2, 0),
        firing(rule.name, 6 * LEVEL, 0),
    )


def disk_that_fills() -> Iterator[Mapping[str, Any]]:
    """A disk that rests for 7 hours, would be full in 20, and rests again after 17."""
    hour = 60
    size, free = 1e12, 3e11
    left = [free] * 7 * hour
    left += [free * (1 - minute / (20 * hour)) for minute in range(17 * hour)]
    left += [left[-1]] * 8 * hour
    inputs = {
        f"node_filesystem_size_bytes{DISK}": [size] * len(left),
        f"node_filesystem_avail_bytes{DISK}": left,
        f"node_filesystem_free_bytes{DISK}": left,
    }
    for name, when in (("disk-hours", 15 * hour), ("disk-hours-critical", 24 * hour - 1)):
        yield figures_of(
            RULES[name],
            inputs,
            firing(name, 7 * hour, 0),
            firing(name, 7.5 * hour, 0),
            firing(name, when, 1),
            firing(name, 32 * hour - 1, 0),
        )


def machine_that_starts() -> Mapping[str, Any]:
    """A machine that starts again after an hour."""
    inputs = {"node_boot_time_seconds": [0.0] * 60 + [3600.0] * 30}
    claims = (firing("restart", 59, 0), firing("restart", 62, 1), firing("restart", 75, 0))
    return figures_of(RULES["restart"], inputs, *claims)


def figures_that_stop() -> Mapping[str, Any]:
    """The file of the site's figures is not written any more."""
    inputs = {'node_textfile_mtime_seconds{file="site.prom"}': [60.0 * minute for minute in range(30)] + [1800.0] * 30}
    claims = (firing("unwatched", 30, 0), firing("unwatched", 36, 0), firing("unwatched", 39, 1))
    return figures_of(RULES["unwatched"], inputs, *claims)


def figures_of(rule: Rule, inputs: Mapping[str, list[float]], *claims: Mapping[str, Any]) -> Mapping[str, Any]:
    made = [{"series": name, "values": " ".join(f"{one:.10g}" for one in values)} for name, values in inputs.items()]
    return {"name": rule.name, "interval": "1m", "input_series": made, "promql_expr_test": list(claims)}


def write(folder: Path, number: int, test: Mapping[str, Any]) -> str:
    """Write *test* with the rules that it needs alone. Returns the name of its file."""
    rule = RULES[test["name"]]
    [group] = alert_rules((rule,), "shop.example", "production")["groups"]
    needed = {series(name) for name in (rule.about, "disk")}
    chosen = [one for one in group["rules"] if one.get("record", series(rule.about)) in needed]
    (folder / f"{number}.rules.yml").write_text(as_yaml({"groups": [{"name": group["name"], "rules": chosen}]}))
    content = {"rule_files": [f"{number}.rules.yml"], "evaluation_interval": "1m", "tests": [test]}
    (folder / f"{number}.test.yml").write_text(as_yaml(content))
    return f"{number}.test.yml"


def promtool(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Prometheus's tool, run in *folder*: of this machine, else of its image."""
    argv = ["promtool"]
    if shutil.which("promtool") is None:
        if docker("image", "inspect", IMAGE, check=False).returncode != 0:
            pytest.skip(f"no promtool (of Debian's package prometheus), and no image {IMAGE}")
        mounted = ("--volume", f"{folder}:{folder}", "--workdir", str(folder))
        argv = [
            "docker",
            "run",
            "--rm",
            *mounted,
            "--user",
            "0",
            "--network",
            "none",
            "--entrypoint",
            "promtool",
            IMAGE,
        ]
    return subprocess.run([*argv, *arguments], cwd=folder, capture_output=True, text=True, check=False)


def test_default_policies_fire_clear_and_do_not_flap(tmp_path: Path) -> None:
    tests = [by_levels(rule) for rule in RULES.values() if rule.about not in ("disk-hours", "restart")]
    tests += [*disk_that_fills(), machine_that_starts(), figures_that_stop()]
    assert {test["name"] for test in tests} == set(RULES)
    files = [write(tmp_path, number, test) for number, test in enumerate(tests)]
    done = promtool(tmp_path, "test", "rules", *files)
    assert done.returncode == 0, done.stdout + done.stderr
