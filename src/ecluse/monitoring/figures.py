"""The figures of a machine and its site that policies may be about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["DISK_DEVICES", "FIGURES", "NETWORK", "PROGRAMS", "Figure", "series"]

# File systems that can fill up: images and snaps are always full.
_FILES = 'fstype!~"squashfs|iso9660|ramfs|rootfs"'
NETWORK = 'device!~"lo|veth.*|docker.*|br-.*"'
DISK_DEVICES = 'device!~"dm-.*|md.*"'


@dataclass(frozen=True)
class Figure:
    """A figure: *expression* gives it in PromQL, as one series for each value of *labels*.

    A policy raises an alert where it is *above* (or *below*) *limit* for *seconds*, and clears it beyond *clear*, if
    it does not say otherwise. *message* is a template of Prometheus: what a person reads. *busiest* says by what the
    three biggest processes in the message are chosen.
    """

    expression: str
    message: str
    side: Literal["above", "below"]
    limit: float
    clear: float
    seconds: float
    unit: str = "%"
    labels: tuple[str, ...] = ()
    busiest: Literal["memory", "processor"] = "memory"


def _number(form: str) -> str:
    return f'{{{{ $value | printf "%{form}f" }}}}'


FIGURES = {
    "processor": Figure(
        '100 * (1 - avg(rate(node_cpu_seconds_total{mode="idle"}[10m])))',
        f"the processor is {_number('.0')} % busy, a mean of 10 minutes",
        *("above", 85, 75, 5 * 60),
        busiest="processor",
    ),
    "memory": Figure(
        "100 * (1 - sum(node_memory_MemAvailable_bytes) / sum(node_memory_MemTotal_bytes))",
        f"{_number('.0')} % of the memory is used",
        *("above", 90, 80, 5 * 60),
    ),
    "disk": Figure(
        # As df says it: what is kept for root is no space that is used.
        f"100 * max by (mountpoint) (1 - node_filesystem_avail_bytes{{{_FILES}}} / ("
        f"node_filesystem_size_bytes{{{_FILES}}} - node_filesystem_free_bytes{{{_FILES}}}"
        f" + node_filesystem_avail_bytes{{{_FILES}}} > 0))",
        f"the disk at {{{{ $labels.mountpoint }}}} is {_number('.0')} % full",
        *("above", 90, 80, 5 * 60),
        labels=("mountpoint",),
    ),
    "disk-hours": Figure(
        f"min by (mountpoint) (node_filesystem_avail_bytes{{{_FILES}}}"
        f" / clamp_min(-deriv(node_filesystem_avail_bytes{{{_FILES}}}[6h]), 1)) / 3600"
        " and on (mountpoint) ecluse:disk > 60",
        f"the disk at {{{{ $labels.mountpoint }}}} is full in {_number('.0')} hours at the rate of the last 6",
        *("below", 24, 36, 30 * 60),
        unit="hours",
        labels=("mountpoint",),
    ),
    "inodes": Figure(
        f"100 * max by (mountpoint) (1 - node_filesystem_files_free{{{_FILES}}}"
        f" / (node_filesystem_files{{{_FILES}}} > 0))",
        f"{_number('.0')} % of the files that the disk at {{{{ $labels.mountpoint }}}} can have are there",
        *("above", 90, 80, 5 * 60),
        labels=("mountpoint",),
    ),
    "disk-traffic": Figure(
        "100 * max by (device) (rate(node_disk_io_time_seconds_total[10m]))",
        f"the disk {{{{ $labels.device }}}} is {_number('.0')} % busy, a mean of 10 minutes",
        *("above", 90, 70, 10 * 60),
        labels=("device",),
        busiest="processor",
    ),
    "traffic": Figure(
        f"sum(rate(node_network_transmit_bytes_total{{{NETWORK}}}[10m])) * 8 / 1000000",
        f"{_number('.0')} megabits a second are sent, a mean of 10 minutes",
        *("above", 200, 150, 15 * 60),
        unit="Mbit/s",
        busiest="processor",
    ),
    "forks": Figure(
        "sum(rate(node_forks_total[5m]))",
        f"{_number('.0')} processes are started in a second, a mean of 5 minutes",
        *("above", 100, 50, 5 * 60),
        unit="in a second",
        busiest="processor",
    ),
    "restart": Figure(
        "(time() - max(node_boot_time_seconds)) / 60 and on () changes(node_boot_time_seconds[1d]) > 0",
        f"the machine was started {_number('.0')} minutes ago",
        *("below", 10, 10, 30),
        unit="minutes",
    ),
    "site-down": Figure(
        "1 - max by (site) (ecluse_site_up)",
        "the site {{ $labels.site }} does not answer",
        *("above", 0.5, 0.5, 60),
        unit="",
        labels=("site",),
    ),
    "worker-down": Figure(
        "1 - max by (site, worker) (ecluse_worker_up)",
        "the worker {{ $labels.worker }} of {{ $labels.site }} does not run",
        *("above", 0.5, 0.5, 3 * 60),
        unit="",
        labels=("site", "worker"),
    ),
    "errors": Figure(
        "100 * sum by (site) (rate(ecluse_site_errors_total[5m]))"
        " / (sum by (site) (rate(ecluse_site_answers_total[5m])) > 0)",
        f"{_number('.1')} % of the answers of {{{{ $labels.site }}}} are errors, a mean of 5 minutes",
        *("above", 5, 1, 5 * 60),
        labels=("site",),
    ),
    "answer-time": Figure(
        # A quantile of no answers is not a number, and not 0 or more either.
        "histogram_quantile(0.95, sum by (site, le) (rate(ecluse_site_duration_seconds_bucket[5m]))) >= 0",
        f"5 % of the answers of {{{{ $labels.site }}}} take more than {_number('.1')} s, a mean of 5 minutes",
        *("above", 2, 1, 5 * 60),
        unit="s",
        labels=("site",),
        busiest="processor",
    ),
    "certificate": Figure(
        "min by (site) (ecluse_certificate_end_seconds - time()) / 86400",
        f"the certificate of {{{{ $labels.site }}}} ends in {_number('.0')} days",
        *("below", 14, 20, 10 * 60),
        unit="days",
        labels=("site",),
    ),
    "backup-late": Figure(
        "max by (site) (time() - ecluse_backup_proved_seconds - ecluse_backup_every_seconds) / 3600",
        f"a proved backup of {{{{ $labels.site }}}} is {_number('.0')} hours late",
        *("above", 6, 0, 10 * 60),
        unit="hours",
        labels=("site",),
    ),
    "unwatched": Figure(
        'max by (part) (label_replace(1 - up, "part", "$1", "job", "(.*)"))'
        ' or label_replace((time() - max(node_textfile_mtime_seconds)) > bool 300, "part", "site", "", "")',
        "the figures of {{ $labels.part }} are missing: nobody is told of it",
        *("above", 0.5, 0.5, 2 * 60),
        unit="",
        labels=("part",),
    ),
}
"""The figures, by name."""

PROGRAMS = {
    "memory": 'sum by (groupname) (namedprocess_namegroup_memory_bytes{memtype="resident"})',
    "processor": "100 * sum by (groupname) (rate(namedprocess_namegroup_cpu_seconds_total[5m]))",
}
"""The expressions for what each program takes: bytes of memory, and % of one core."""


def series(figure: str) -> str:
    """The name of the series that has *figure*."""
    return f"ecluse:{figure.replace('-', '_')}"
