"""gunicorn in a container: as many workers as its limits of processor and memory let it have, 3 where it has none.

Environment variables come first: WEB_CONCURRENCY for the workers, GUNICORN_CMD_ARGS for any option.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

DEFAULT_WORKERS = 3
# Bytes that a worker of the site may come to use.
WORKER_MEMORY = 128 * 1024 * 1024
# cgroup v1 says "no limit" with a number of this size, v2 with the word max.
NO_LIMIT = 1 << 60


def processor_limit(cgroup: Path) -> float | None:
    """How many processors the container may use, as 0.5 for half of one; None where that is not limited."""
    quota, period = (_read(cgroup / "cpu.max") or "max 100000").split()
    if quota == "max":  # not limited, or cgroup v1
        quota = _read(cgroup / "cpu" / "cpu.cfs_quota_us") or "-1"
        period = _read(cgroup / "cpu" / "cpu.cfs_period_us") or "100000"
    return int(quota) / int(period) if int(quota) > 0 else None


def memory_limit(cgroup: Path) -> int | None:
    """How many bytes the container may use; None where that is not limited."""
    text = _read(cgroup / "memory.max") or _read(cgroup / "memory" / "memory.limit_in_bytes") or "max"
    return None if text == "max" or int(text) >= NO_LIMIT else int(text)


def worker_count(environ: Mapping[str, str], cgroup: Path) -> int:
    """WEB_CONCURRENCY; else gunicorn's rule (2 for each processor, and 1) for the limits there are; at least 1."""
    if environ.get("WEB_CONCURRENCY", "").isdigit():
        return max(1, int(environ["WEB_CONCURRENCY"]))
    processors, memory = processor_limit(cgroup), memory_limit(cgroup)
    count = DEFAULT_WORKERS if processors is None else int(2 * processors) + 1
    if memory is not None:
        count = min(count, memory // WORKER_MEMORY)
    return max(1, count)


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return None


bind = "0.0.0.0:8000"
workers = worker_count(os.environ, Path("/sys/fs/cgroup"))
# Threads, so that a visitor whose request waits for another machine keeps no worker from all others.
worker_class = "gthread"
threads = 4
# The site is loaded once, before the workers: they start at once and share its memory. Loading opens no connection.
preload_app = True
# A worker tells by this file that it lives. On a disk that is busy it would be taken for dead.
worker_tmp_dir = "/dev/shm"
# How long a request may take, also one that is being answered when the container is to stop. The front waits as long.
timeout = 30
graceful_timeout = 30
control_socket_disable = True
