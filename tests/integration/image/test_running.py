"""The images, running as production runs them: no root, nothing to write to, told to stop by SIGTERM."""

from __future__ import annotations

import json
import secrets
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from testbed.containers import answers, await_, docker, inspect, port_of

pytestmark = pytest.mark.engine

# As docker-compose.live.yml has it.
LOCKED = ("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
GUNICORN = ("gunicorn", "--config", "/app/ops/container/gunicorn.conf.py")


@pytest.fixture
def site(built, network, database):
    """The arguments of `docker run` that every container of the site gets."""
    environment = {
        "DATABASE_URL": database,
        "DJANGO_SECRET_KEY": secrets.token_urlsafe(50),
        "DJANGO_ALLOWED_HOSTS": "shop.test",
        "CELERY_BROKER_URL": "redis://redis:6379/0",
        "EMAIL_URL": "consolemail://",
    }
    return (
        *LOCKED,
        "--network",
        network,
        *(part for pair in environment.items() for part in ("--env", "=".join(pair))),
    )


def migrate(site):
    wait = ("ecluse", "wait", "DATABASE_URL", "--")
    docker("run", "--rm", *site, "website:under-test", *wait, "python", "manage.py", "migrate")


def healthy(container):
    return inspect(container)["State"].get("Health", {}).get("Status") == "healthy"


def test_image_runs_without_root_on_a_read_only_disk(start, site):
    container = start(*site, "--publish", "127.0.0.1::8000", "website:under-test")
    await_(lambda: healthy(container), "healthy")
    for process in docker("top", container, "-eo", "pid,uid,args").stdout.splitlines()[1:]:
        assert process.split()[1] == "10001", process
    for folder in ("/app", "/opt/venv", "/etc", "/srv", "/"):
        assert docker("exec", container, "touch", f"{folder}/mark", check=False).returncode != 0, folder
    for limited in ("CapEff", "NoNewPrivs"):
        line = docker("exec", container, "grep", limited, "/proc/1/status").stdout.split()[1]
        assert int(line, 16) == (limited == "NoNewPrivs"), limited


def test_image_migrates_serves_and_reports_its_release(start, site):
    migrate(site)
    container = start(*site, "--publish", "127.0.0.1::8000", "--env", "ECLUSE_RELEASE=r42", "website:under-test")
    address = f"http://127.0.0.1:{port_of(container, 8000)}/readiness/"
    await_(lambda: answers(address, Host="shop.test")[0] == 200, "ready")
    assert json.loads(answers(address, Host="shop.test")[1])["release"] == "r42"


def test_image_before_migrations_is_alive_but_not_ready(start, site):
    docker("run", "--rm", *site, "website:under-test", "ecluse", "wait", "DATABASE_URL")
    container = start(*site, "--publish", "127.0.0.1::8000", "website:under-test")
    await_(lambda: healthy(container), "healthy")
    status, body = answers(f"http://127.0.0.1:{port_of(container, 8000)}/readiness/", Host="shop.test")
    assert (status, "missing" in body) == (503, True)


def test_image_without_secrets_exits_once(built):
    done = docker("run", "--rm", *LOCKED, "website:under-test", check=False)
    assert done.returncode == 3
    assert "DJANGO_SECRET_KEY is not set" in done.stderr + done.stdout


@pytest.mark.parametrize(
    ("image", "command", "sign"),
    [
        ("website:under-test", (), "Booting worker"),
        ("website:under-test", ("celery", "--app", "website", "worker", "--loglevel", "INFO"), "ready."),
        ("website:under-test", ("celery", "--app", "website", "beat", "--loglevel", "INFO"), "Sending due task"),
        (
            "website:under-test",
            ("ecluse", "wait", "--timeout", "600", "tcp://redis:1", "redis://redis:6379"),
            "is ready",
        ),
        ("website-front:under-test", (), ""),
    ],
    ids=["web", "worker", "beat", "wait", "front"],
)
def test_image_commands_end_on_sigterm(start, site, network, image, command, sign):
    start("--network", network, "--network-alias", "redis", "redis:8-trixie")
    if "beat" in command:  # whose schedule is in the database
        migrate(site)
    container = start(*site, image, *command)

    def up():
        done = docker("logs", container)
        text = done.stdout + done.stderr
        return sign in text if sign else healthy(container)

    await_(up, f"{image} {command} is up")
    began = time.monotonic()
    docker("stop", "--time", "20", container)
    assert time.monotonic() - began < 10
    # Nobody had to kill it: 128 + 9.
    ended = inspect(container)["State"]["ExitCode"]
    assert ended in {0, 130, 143}, docker("logs", container).stderr[-3000:]


SLOW = """
import time
def application(environ, start):
    open("/tmp/asked", "w").close()
    time.sleep(3)
    start("200 OK", [])
    return [b"done"]
"""


def test_image_finishes_open_requests_on_sigterm(start, site, tmp_path):
    (tmp_path / "slow.py").write_text(SLOW)
    tmp_path.chmod(0o755)
    mount = ("--volume", f"{tmp_path}:/slow:ro", "--env", "PYTHONPATH=/slow:/app/src:/app")
    container = start(
        *site, *mount, "--publish", "127.0.0.1::8000", "website:under-test", *GUNICORN, "slow:application"
    )
    await_(lambda: "Booting worker" in docker("logs", container).stderr, "up")
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(answers, f"http://127.0.0.1:{port_of(container, 8000)}/")
        await_(lambda: docker("exec", container, "test", "-e", "/tmp/asked", check=False).returncode == 0, "asked")
        docker("stop", "--time", "20", container)
        assert answer.result() == (200, "done")
    assert inspect(container)["State"]["ExitCode"] == 0
