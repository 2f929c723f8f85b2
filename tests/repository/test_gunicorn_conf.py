"""The number of gunicorn's workers in a container of the site."""

import importlib.util
from pathlib import Path

import pytest

CONFIGURATION = Path(__file__).resolve().parents[2] / "ops" / "container" / "gunicorn.conf.py"


@pytest.fixture(scope="module")
def configuration():
    spec = importlib.util.spec_from_file_location("gunicorn_conf", CONFIGURATION)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write(folder, **files):
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_DOT_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return folder


MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("files", "workers"),
    [
        ({}, 3),
        ({"cpu_DOT_max": "max 100000", "memory_DOT_max": "max"}, 3),
        ({"cpu_DOT_max": "50000 100000"}, 2),
        ({"cpu_DOT_max": "400000 100000"}, 9),
        ({"cpu_DOT_max": "400000 100000", "memory_DOT_max": str(512 * MIB)}, 4),
        ({"memory_DOT_max": str(64 * MIB)}, 1),
        ({"cpu__cpu_DOT_cfs_quota_us": "100000", "cpu__cpu_DOT_cfs_period_us": "100000"}, 3),
        ({"cpu__cpu_DOT_cfs_quota_us": "-1", "memory__memory_DOT_limit_in_bytes": "9223372036854771712"}, 3),
        ({"memory__memory_DOT_limit_in_bytes": str(256 * MIB)}, 2),
    ],
)
def test_worker_count_follows_the_limits_of_cgroup_v1_and_v2(configuration, tmp_path, files, workers):
    assert configuration.worker_count({}, write(tmp_path, **files)) == workers


def test_configured_worker_count_beats_the_limits(configuration, tmp_path):
    write(tmp_path, cpu_DOT_max="400000 100000")
    assert configuration.worker_count({"WEB_CONCURRENCY": "5"}, tmp_path) == 5
