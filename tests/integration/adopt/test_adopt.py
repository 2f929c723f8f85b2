"""A project that knows nothing of Écluse, from its clone to green on PostgreSQL, and served."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from redis import Redis
from websockets.sync.client import connect

from ecluse.definition.model import Service
from ecluse.services import container
from testbed.waiting import until
from tests.integration.adopt.conftest import Repository

pytestmark = pytest.mark.counted

PROVED = ["found", "baseline", "checks", "tests", "release", "serves", "second rollout", "way back"]


@pytest.mark.parametrize(
    ("repository", "baseline"),
    # The second one is served by ASGI. Its own default has no static files collected, and nowhere to collect them.
    [("plain", "2 ran on sqlite3"), ("switched", "2 ran, 1 failed on sqlite3")],
    indirect=["repository"],
)
def test_adopted_project_is_proved(repository: Repository, baseline: str) -> None:
    found = repository.adopt("--write")
    assert {row["name"]: row["detail"] for row in found["table"] if not row["ok"] and row["whose"] != "theirs"} == {}
    rows = {row["name"]: row["detail"] for row in found["table"]}
    assert list(rows) == PROVED
    assert rows["tests"] == "2 ran on PostgreSQL"
    assert rows["baseline"] == baseline
    assert rows["second rollout"].endswith(" answers, 0 lost")
    written = repository.content()
    repository.adopt("--write", "--no-proof")
    assert repository.content() == written
    repository.ecluse("adopt", "--undo")
    assert repository.git("status", "--short", "--untracked-files=all") == ""


@pytest.mark.parametrize("repository", ["plain"], indirect=True)
def test_look_writes_nothing(repository: Repository) -> None:
    said = repository.ecluse("adopt").stdout
    assert "PostgreSQL set from outside" in said and "Nothing was written" in said
    assert repository.git("status", "--short", "--ignored") == ""


@pytest.mark.parametrize("repository", ["plain"], indirect=True)
def test_look_asks_the_runner_for_tests(repository: Repository) -> None:
    (repository.top / "shop" / "tests.py").write_text("def test_helper() -> None: ...\n", encoding="utf-8")
    assert repository.adopt()["tests"] is None


@pytest.mark.parametrize("repository", ["switched"], indirect=True)
def test_look_finds_variables_and_switch(repository: Repository) -> None:
    found = repository.adopt()
    assert found["folder"] == "backend"
    assert found["environment"] == ["MAP_URL", "PAGE_SIZE", "SECRET_KEY", "SITE_NAME"]
    assert found["secrets"] == ["SECRET_KEY"]
    assert found["database"]["fixed"] == {"DB_ENGINE": "postgresql"}
    assert found["database"]["parts"]["DB_HOST"] == "host"
    assert found["tests"] == ["pytest"]
    # Its placeholder is weak; that of a real SECRET_KEY is not known.
    assert "security.W004" in found["warnings"] and "security.W009" not in found["warnings"]
    assert found["application"] == {"path": "config.asgi:application", "asgi": True}


@pytest.mark.parametrize("repository", ["live"], indirect=True)
def test_look_finds_channels_and_tasks(repository: Repository) -> None:
    found = repository.adopt()
    assert found["application"] == {"path": "config.asgi:application", "asgi": True}
    assert found["workers"] == [] and found["services"] == ["redis"]
    eager = "CELERY_TASK_ALWAYS_EAGER: tasks run at once, and none at fixed times: no broker answers at"
    assert any(note.startswith(eager) for note in found["notes"])
    assert any(note.startswith("added gunicorn") and "uvicorn, websockets" in note for note in found["notes"])


@pytest.mark.engine
@pytest.mark.exhaustive
@pytest.mark.parametrize("repository", ["live"], indirect=True)
def test_redis_serves_the_tests_where_it_is_given(repository: Repository) -> None:
    repository.adopt("--write", "--no-proof")
    assert "image: redis:8" in repository.content()[".github/workflows/pipeline.yml"].decode()
    done = repository.ecluse("run", "tests")
    assert "no redis here: REDIS_URL is not set" in done.stdout + done.stderr
    with container.empty(Service(name="redis", kind="redis", version="8"), os.environ) as url:
        repository.ecluse("run", "tests", REDIS_URL=url)
        assert Redis.from_url(url).llen("celery") == 1, "the task is sent, and runs at once no longer"


@pytest.mark.exhaustive
@pytest.mark.parametrize("repository", ["live"], indirect=True)
def test_site_with_websockets_and_workers_is_proved(repository: Repository) -> None:
    with tempfile.TemporaryDirectory(prefix="ecluse-") as folder:
        for name in ("broker", "broker-control"):
            Path(folder, name).mkdir()
            Path(folder, name).chmod(0o777)
        Path(folder).chmod(0o755)
        environ = {"CELERY_BROKER_URL": f"filesystem://{folder}/broker"}
        found = json.loads(repository.ecluse("adopt", "--json", "--write", **environ).stdout)
        assert found["workers"] == ["tasks", "beat"]
        rows = {row["name"]: row["detail"] for row in found["table"] if row["ok"]}
        assert list(rows) == PROVED and rows["second rollout"].endswith(" answers, 0 lost")
        repository.ecluse("deploy", "local", **environ)
        status = json.loads(repository.ecluse("status", "local", "--json").stdout)
        site = urlsplit(status["address"])
        with connect(f"ws://{site.netloc}/echo/") as echo:
            echo.send("hello")
            assert echo.recv() == "hello"
        assert urlopen(f"{status['address']}/say/hello/", timeout=30).status == 202
        said = [f"{text} by {repository.top}" for text in ("hello", "tick")]
        until(lambda: all(text in _page(status["address"]) for text in said), "a task sent, and one at fixed times")
        assert "/slots/tasks/" in _page(status["address"])
        repository.ecluse("stop", "local")


def _page(address: str) -> str:
    with urlopen(address, timeout=30) as answer:
        return str(answer.read().decode())


@pytest.mark.exhaustive  # installs its packages for three Pythons
@pytest.mark.parametrize("repository", ["plain"], indirect=True)
def test_python_not_to_be_had_is_named(repository: Repository) -> None:
    (repository.top / ".python-version").write_text("3.99\n", encoding="utf-8")
    notes = repository.adopt()["notes"]
    assert any("asks for Python ==3.99.*, which is not on this machine" in note for note in notes)
    settings = repository.top / "shop" / "settings.py"
    settings.write_text("import sys\nassert sys.version_info >= (3, 99)\n", encoding="utf-8")
    done = repository.ecluse("adopt", check=False)
    assert done.returncode == 15 and "it asks for Python ==3.99.* (.python-version)" in done.stderr


@pytest.mark.exhaustive
@pytest.mark.parametrize("repository", ["plain"], indirect=True)
def test_empty_folder_of_migrations_is_named(repository: Repository) -> None:
    for path in (repository.top / "shop" / "migrations").glob("0*.py"):
        path.unlink()
    assert "shop has models and no migrations: a release does not have its tables" in repository.adopt()["notes"]


@pytest.mark.parametrize("repository", ["plain"], indirect=True)
@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("manage.py", "print('no Django')\n", "no manage.py of a Django project was found"),
        ("requirements.txt", "", "no file lists the dependencies"),
        ("requirements.txt", "Django==5.2\nshop @ git+https://git.example/shop\n", "version control system"),
        ("requirements.txt", "Django==99\n", "requirements cannot be met"),
        (
            "requirements.txt",
            "Django==5.2\npackage-of-our-own-company==1\n",
            "package-of-our-own-company was not found",
        ),
        ("shop/settings.py", "from shop.secret import *\n", "No module named 'shop.secret'"),
        ("shop/settings.py", "import os\nassert os.environ['LICENCE'][:4] == 'shop'\n", "LICENCE=… ecluse adopt"),
        pytest.param("requirements.txt", "Django==1.8\n", "Django 1.8 runs on Python", marks=pytest.mark.exhaustive),
    ],
)
def test_refusal_says_the_reason(repository: Repository, name: str, text: str, reason: str) -> None:
    (repository.top / name).write_text(text, encoding="utf-8")
    done = repository.ecluse("adopt", check=False)
    assert done.returncode == 15
    assert reason in done.stderr and "Traceback" not in done.stderr
