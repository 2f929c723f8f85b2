"""The programs that watch a server, and their files: Debian's packages, all of them on its loopback alone."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ecluse.definition.backups import SECONDS
from ecluse.definition.model import Environment
from ecluse.monitoring import sampler
from ecluse.monitoring.alert_rules import INTERVAL, alert_rules
from ecluse.monitoring.alertmanager import MESSAGE, alertmanager
from ecluse.monitoring.loopback import ALERTMANAGER, PROMETHEUS
from ecluse.monitoring.policies import rules
from ecluse.monitoring.telling import secret_names
from ecluse.monitoring.texts import MARK, as_yaml, duration

__all__ = ["order"]

_FOLDER = "/etc/ecluse/monitoring"
_FIGURES = "/var/lib/ecluse-figures"
_STORE = "/var/lib/prometheus"

# Programs of Go look for memory that is free again when their heap has grown by so many %, in place of 100: a third of
# Prometheus's own memory less, at no processor time that could be measured.
_GARBAGE = 30

# Of node_exporter's collectors, those that a figure is made of.
_COLLECTORS = ("cpu", "meminfo", "filesystem", "diskstats", "netdev", "stat", "textfile")


@dataclass(frozen=True)
class Part:
    """A program that watches: its package of Debian (and unit of systemd), its port, and its options."""

    package: str
    port: int
    options: tuple[str, ...]

    @property
    def unit(self) -> str:
        """The drop-in of its unit, which changes its command."""
        listen = f"--web.listen-address=127.0.0.1:{self.port}"
        command = shlex.join((f"/usr/bin/{self.package}", listen, *self.options))
        return f"# {MARK}\n[Service]\nEnvironment=GOGC={_GARBAGE}\nExecStart=\nExecStart={command}\n"


PARTS = (
    Part(
        "prometheus-node-exporter",
        9100,
        (
            "--collector.disable-defaults",
            *(f"--collector.{name}" for name in _COLLECTORS),
            f"--collector.textfile.directory={_FIGURES}",
        ),
    ),
    Part(
        "prometheus-process-exporter",
        9256,
        (f"--config.path={_FOLDER}/processes.yml", "--threads=false", "--gather-smaps=false"),
    ),
    Part(
        "prometheus-alertmanager",
        ALERTMANAGER,
        (
            f"--config.file={_FOLDER}/alertmanager.yml",
            f"--storage.path={_STORE}/alertmanager",
            "--cluster.listen-address=",  # it is alone
        ),
    ),
    Part(
        "prometheus",
        PROMETHEUS,
        (
            f"--config.file={_FOLDER}/prometheus.yml",
            f"--storage.tsdb.path={_STORE}/metrics2",
            "--storage.tsdb.retention.time=30d",
            "--storage.tsdb.retention.size=1GB",
        ),
    ),
)
"""The programs, in the order in which they are started."""


def order(environment: Environment, folder: str, environ: Mapping[str, str]) -> Mapping[str, Any] | None:
    """The order to the program that provisions: what a server needs to be watched as *environment* says, whose site is
    in *folder* of its account. None where it is not watched. *environ* has the secrets; one that it has not is null:
    then the server has it already.
    """
    if environment.monitoring is None:
        return None
    files = {
        **{f"{_FOLDER}/{name}": text for name, text in _configurations(environment).items()},
        **{f"/etc/systemd/system/{part.package}.service.d/ecluse.conf": part.unit for part in PARTS},
        "/etc/systemd/system/ecluse-figures.service": _sampling(environment, folder),
        "/etc/systemd/system/ecluse-figures.timer": _TIMER,
    }
    return {
        "files": files,
        "services": {part.package: part.port for part in PARTS},
        "timer": "ecluse-figures.timer",
        "secrets": {name: environ.get(name) or None for name in secret_names(environment.monitoring)},
        "secrets_folder": f"{_FOLDER}/secrets",
    }


def _configurations(environment: Environment) -> Mapping[str, str]:
    assert environment.monitoring is not None
    wanted = rules(environment.monitoring)
    return {
        "prometheus.yml": as_yaml(_prometheus()),
        "rules.yml": as_yaml(alert_rules(wanted, environment.host, environment.name)),
        "alertmanager.yml": as_yaml(alertmanager(environment.monitoring, wanted, _FOLDER)),
        "message.tmpl": MESSAGE,
        "processes.yml": as_yaml({"process_names": [{"name": "{{.Comm}}", "cmdline": [".+"]}]}),
        "site_figures.py": f"# {MARK}\n{Path(sampler.__file__).read_text(encoding='utf-8')}",
    }


def _prometheus() -> Mapping[str, Any]:
    def listening(port: int) -> list[Mapping[str, Any]]:
        return [{"targets": [f"127.0.0.1:{port}"]}]

    return {
        "global": {"scrape_interval": duration(INTERVAL), "evaluation_interval": duration(INTERVAL)},
        "rule_files": ["rules.yml"],
        "alerting": {"alertmanagers": [{"static_configs": listening(ALERTMANAGER)}]},
        "scrape_configs": [
            {"job_name": part.package.removeprefix("prometheus-"), "static_configs": listening(part.port)}
            for part in PARTS
        ],
    }


def _sampling(environment: Environment, folder: str) -> str:
    """The unit that writes the figures of the site once."""
    where = f"{folder}/.ecluse/environments/{environment.name}"
    page = environment.page or environment.readiness
    every = str(SECONDS[environment.backup.every] if environment.backup else 0)
    site = folder.rpartition("/")[2]
    words = (f"{_FOLDER}/site_figures.py", site, where, environment.url, page, f"{_FIGURES}/site.prom", every)
    command = " ".join(f'"{word}"' for word in words).replace("%", "%%").replace("$", "$$")  # both are systemd's own
    return f"""\
# {MARK}
[Unit]
Description=The figures of {site}

[Service]
Type=oneshot
User={environment.user}
WorkingDirectory=~
StateDirectory={_FIGURES.rpartition("/")[2]}
ExecStart=/usr/bin/python3 -I {command}
TimeoutStartSec=25
LogLevelMax=notice
"""


_TIMER = f"""\
# {MARK}
[Unit]
Description=The figures of a site, twice a minute

[Timer]
OnActiveSec=1
OnUnitActiveSec=30
AccuracySec=1

[Install]
WantedBy=timers.target
"""
