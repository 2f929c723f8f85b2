from __future__ import annotations

from pathlib import Path

import pytest

from ecluse.definition.model import Environment, Worker
from ecluse.deploy.targets import server
from ecluse.deploy.targets.server.parts import target
from ecluse.errors import TargetError

LOCAL = Environment(name="local", target="server", settings="s", url="http://127.0.0.1:8000")


@pytest.mark.parametrize("names", [("web",), ("postgres",), ("tasks", "tasks"), ("../x",), ("Tasks",)])
def test_worker_needs_a_name_of_its_own(names: tuple[str, ...]) -> None:
    workers = tuple(Worker(name=name, command=("celery",)) for name in names)
    environment = Environment(**{**vars(LOCAL), "workers": workers})
    assert set(server.problems(environment)) == {("workers", f"{names[0]!r} is not a unique name for a worker")}


def test_server_has_no_front_to_set_up(tmp_path: Path) -> None:
    controls = target(LOCAL, tmp_path, tmp_path, {}).controls
    with pytest.raises(TargetError, match="local is a server: its front server is your own nginx"):
        controls.front()
