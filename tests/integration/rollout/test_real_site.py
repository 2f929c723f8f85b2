"""The site of this repository, rolled out as `./ecluse ship` does it."""

from __future__ import annotations

import http.client
import json
import os
import sys
import tempfile
from pathlib import Path

import pytest

from ecluse.machine import process
from tests.support.providers.repositories import TOP, copy

pytestmark = pytest.mark.slow


def test_the_site_is_packaged_rolled_out_changed_and_stopped() -> None:
    with tempfile.TemporaryDirectory(prefix="ecluse-") as folder:
        Path(folder).chmod(0o755)
        repository = copy(Path(folder).resolve() / "site")
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        environ = {**os.environ, "PATH": path, "PYTHONPATH": str(TOP / "src")}

        def ecluse(*arguments: str) -> str:
            argv = (sys.executable, "-m", "ecluse", *arguments)
            return process.read(argv, cwd=repository, env=environ, timeout=900).text

        def page(path: str) -> tuple[int, str]:
            connection = http.client.HTTPConnection(address.strip().removeprefix("http://"), timeout=60)
            try:
                connection.request("GET", path, headers={"Accept": "text/html", "Accept-Language": "en"})
                response = connection.getresponse()
                return response.status, response.read().decode()
            finally:
                connection.close()

        try:
            release = ecluse("package").strip()
            address = ecluse("deploy", "local")
            assert page("/")[0] == 200 and page("/readiness/")[0] == 200
            assert json.loads(ecluse("status", "local", "--json"))["serving"] == release
            views = repository / "src" / "website" / "views.py"
            views.write_text(views.read_text() + "\n# changed\n")
            changed = ecluse("package").strip()
            assert changed != release
            ecluse("deploy", "local")
            record = json.loads(ecluse("history", "local", "--json"))[-1]
            assert (record["release"], record["previous"], record["outcome"]) == (changed, release, "succeeded")
            assert set(record["steps"]) == {"stage", "preflight", "migrate", "replace", "watch"}
        finally:
            ecluse("stop", "local")
